"""Documents, recordings and pictures of a question: fetched, read, and cut to their share of the context."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bot.attachments.attachment import Attachment, AttachmentKind
from bot.attachments.limits import MEGABYTE
from bot.attachments.parts import RECORDING, Omission, Part, PicturePart, TextPart, TranscriptPart
from bot.attachments.problems import AttachmentProblem, AttachmentTooLarge, AttachmentUnsupported
from bot.attachments.service import AttachmentService
from bot.conversation.messages import ChatKey, Picture, Question, Quote
from bot.conversation.window import PICTURE
from bot.errors import MessageTooLong, Problem, TelegramProblem, Unauthorized

logger = logging.getLogger(__name__)

READ_TIMEOUT = 30.0
"""Seconds that a document may take to come and to be read: the chat's next messages wait for it."""
_RECORDINGS = frozenset({AttachmentKind.VOICE, AttachmentKind.AUDIO, AttachmentKind.VIDEO_NOTE})


class DocumentLate(Problem):
    """A document was not here, or not read, in time."""

    key = "document-late"


class Download(Protocol):
    """Fetches a file of Telegram's."""

    async def __call__(self, file_id: str, *, limit: int) -> bytes:
        """Give its content. Raises MessageTooLong beyond `limit` bytes, TelegramProblem."""
        ...


@dataclass(frozen=True, slots=True)
class QuotedDocument:
    """The document of the message that is replied to."""

    author: str
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class Files:
    """Source of files, and their reader."""

    download: Download
    attachments: AttachmentService

    async def read(self, attachment: Attachment, timeout: float) -> Part:  # noqa: ASYNC109  # it differs by kind
        """The content of a file within `timeout` seconds. Raises AttachmentProblem, DocumentLate, TelegramProblem."""

        async def fetch(limit: int) -> bytes | Path:
            try:
                return await self.download(attachment.file_id, limit=limit)
            except MessageTooLong as error:
                raise AttachmentTooLarge(str(error), name=attachment.shown_name, megabytes=limit // MEGABYTE) from error

        try:
            async with asyncio.timeout(timeout):
                return await self.attachments.read(attachment, fetch)
        except TimeoutError as error:
            raise DocumentLate("the document was not read in time") from error


@dataclass(frozen=True, slots=True)
class ReadQuestion:
    """A question with the text of its documents in it, and what to tell the person about them."""

    question: Question
    omissions: tuple[Omission, ...] = ()
    problems: tuple[Problem, ...] = ()
    transcript: str = ""
    """The words of the person's own recording, as they were understood."""


class DocumentsOfQuestions:
    """Puts the text of documents into questions. Together they take half of `context_tokens`."""

    def __init__(
        self,
        files: Files,
        *,
        context_tokens: int,
        transcription_timeout: float,
        sees_pictures: Callable[[ChatKey], Awaitable[bool]],
    ) -> None:
        """Take the share of a context; `sees_pictures` tells whether a conversation's model does."""
        self._files = files
        self._sees_pictures = sees_pictures
        self._hear_timeout = READ_TIMEOUT + transcription_timeout
        self._room = context_tokens // 2

    async def is_blind_to(self, key: ChatKey, attachment: Attachment | None) -> bool:
        """Tell whether this is a picture, and the conversation's model sees none."""
        return attachment is not None and attachment.is_picture and not await self._sees_pictures(key)

    async def add(self, question: Question, own: Attachment | None, quoted: QuotedDocument | None) -> ReadQuestion:
        """Read a question's own document and the one that it replies to; what cannot be read is left out.

        Raises Unauthorized.
        """
        read = ReadQuestion(question)
        room = self._room // 2 if own is not None and quoted is not None else self._room
        if own is not None:
            read = await self._add(read, own, None, room)
        if quoted is not None:
            read = await self._add(read, quoted.attachment, quoted.author, room)
        return read

    async def _add(self, read: ReadQuestion, attachment: Attachment, author: str | None, room: int) -> ReadQuestion:
        """Put one document into a question; with an author, into its quote."""
        try:
            part = await self._read(attachment, read.question.key)
        except Unauthorized:
            raise
        except (AttachmentProblem, DocumentLate, TelegramProblem) as problem:
            logger.info("A document was not read: %s: %s", type(problem).__name__, problem)
            return replace(read, problems=(*read.problems, problem))
        if isinstance(part, PicturePart):
            return replace(read, question=_with_picture(read.question, attachment, author))
        part = part.within(room)
        omitted = () if part.omission is None else (part.omission,)
        if author is not None:
            return replace(read, question=_with_quoted(read.question, part, author), omissions=read.omissions + omitted)
        transcript = part.text if part.title == RECORDING else ""
        question = _with_document(read.question, part)
        return replace(read, question=question, omissions=read.omissions + omitted, transcript=transcript)

    async def _read(self, attachment: Attachment, key: ChatKey) -> TextPart | PicturePart:
        """A document's text, or a picture for a model that sees.

        Raises AttachmentProblem, DocumentLate, TelegramProblem.
        """
        timeout = self._hear_timeout if attachment.kind in _RECORDINGS else READ_TIMEOUT
        part = await self._files.read(attachment, timeout)
        if isinstance(part, TranscriptPart):
            return part.as_text()
        if isinstance(part, PicturePart) and not await self._sees_pictures(key):
            raise AttachmentUnsupported("no document", name=attachment.shown_name)
        return part


def _with_document(question: Question, part: TextPart) -> Question:
    """A recording without other words is the question itself."""
    if part.title == RECORDING and not question.text:
        return replace(question, text=part.text)
    return replace(question, text="\n\n".join(filter(None, (part.as_prompt(), question.text))))


def _with_picture(question: Question, attachment: Attachment, author: str | None) -> Question:
    """A picture of somebody else's is quoted with their name."""
    picture = Picture(attachment.file_id, attachment.unique_id, attachment.shown_name)
    question = replace(question, pictures=(*question.pictures, picture))
    if author is None:
        return question
    words = question.quote.text if question.quote is not None else ""
    return replace(question, quote=Quote(author, "\n\n".join(filter(None, (PICTURE, words)))))


def _with_quoted(question: Question, part: TextPart, author: str) -> Question:
    words = question.quote.text if question.quote is not None else ""
    return replace(question, quote=Quote(author, "\n\n".join(filter(None, (part.as_prompt(), words)))))
