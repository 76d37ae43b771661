"""Reading of a question when its turn begins: its files are fetched and read, its messages become one text."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.answering.turns.turn_context import TurnContext
from bot.answering.use_cases.documents import READ_TIMEOUT, DocumentLate, Files, attachment_from
from bot.attachments.attachment import AttachmentKind
from bot.attachments.parts import RECORDING, Omission, PicturePart, TextPart, TranscriptPart
from bot.attachments.problems import AttachmentEmpty, AttachmentProblem, AttachmentUnsupported
from bot.conversation.messages import ChatKey, Message, Picture, QuestionPart, Quote, SentFile, Turn
from bot.conversation.window import PICTURE, estimate
from bot.errors import Problem, TelegramProblem, Unauthorized
from bot.rendering.entities import Formatted
from bot.rendering.transcript import folded_transcript
from bot.telegram.destination import Destination
from bot.texts import Texts

logger = logging.getLogger(__name__)

_RECORDINGS = frozenset({AttachmentKind.VOICE, AttachmentKind.AUDIO, AttachmentKind.VIDEO_NOTE})
NOTICE_WAIT = 3.0
"""Seconds that an answer waits for the notice of what was heard, which is to stand above it."""
MAX_NAMED_AUTHORS = 5
"""Authors that the heading of a quotation names; each stands above their own words anyway."""

_ReadFile = TextPart | PicturePart | Problem
"""A file's content, or why it is not read."""


class Notices(Protocol):
    """Sends messages although the process dies: `DurableOutbox`."""

    async def enqueue(self, place: Destination, text: str | Formatted) -> None:
        """Store a message with the open transaction, and send it afterwards. Raises StorageUnavailable."""
        ...

    async def drain(self, chat: int, *, seconds: float) -> None:
        """Wait until what is stored for a chat is sent, `seconds` at the most."""
        ...


class NothingRead(Exception):
    """Nothing of a question can be read, and it has no words; `lines` say why, one for each file."""

    def __init__(self, lines: str) -> None:
        super().__init__(lines)
        self.lines = lines


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The room for documents and the time for recordings."""

    context_tokens: int
    """Tokens that the generator reads; documents take half of them together."""
    transcription_timeout: float
    """Seconds that a recording may take to be transcribed."""


class QuestionReading:
    """Makes one text of a question's messages and files. What cannot be read is told in a line, and left out."""

    def __init__(
        self,
        files: Files,
        texts: Texts,
        notices: Notices,
        sees_pictures: Callable[[ChatKey], Awaitable[bool]],
        limits: ReadingLimits,
    ) -> None:
        self._files = files
        self._texts = texts
        self._notices = notices
        self._sees_pictures = sees_pictures
        self._room = limits.context_tokens // 2
        self._hear_timeout = READ_TIMEOUT + limits.transcription_timeout

    async def read(self, running: TurnContext, path: Sequence[Message]) -> list[Message]:
        """The same path with its question read, which is stored, too.

        Raises NothingRead, Unauthorized, LeaseLost, StorageUnavailable.
        """
        *earlier, question = path
        if not question.unread:
            return list(path)
        turn = running.turn
        contents = {file: await self._read(file, turn.key) for part in question.parts for file in part.files}
        compiled = _Compiled(self._within_room(contents))
        for part in question.parts:
            compiled.add(part)
        lines = self._lines(turn, compiled)
        whole = replace(question, text=compiled.text or self._default_text(turn, compiled), unread=False)
        whole = replace(whole, quote=compiled.quote, pictures=tuple(compiled.pictures))
        if not whole.text:
            raise NothingRead(lines or self._texts.get(turn.language, AttachmentEmpty.key, name=""))
        await running.store_reading(whole, lambda: self._tell(turn, compiled, lines))
        if compiled.heard:
            await self._notices.drain(turn.key.chat, seconds=NOTICE_WAIT)
        return [*earlier, whole]

    async def _read(self, file: SentFile, key: ChatKey) -> _ReadFile:
        """A file's content, or why it is not read. Raises Unauthorized."""
        attachment = attachment_from(file)
        if file.corrected:
            return TranscriptPart(attachment.shown_name, file.corrected, file.duration).as_text()
        timeout = self._hear_timeout if attachment.kind in _RECORDINGS else READ_TIMEOUT
        try:
            content = await self._files.read(attachment, timeout)
        except Unauthorized:
            raise
        except (AttachmentProblem, DocumentLate, TelegramProblem) as problem:
            logger.info("A file was not read: %s: %s", type(problem).__name__, problem)
            return problem
        if isinstance(content, PicturePart) and not await self._sees_pictures(key):
            return AttachmentUnsupported("no document", name=attachment.shown_name)
        return content.as_text() if isinstance(content, TranscriptPart) else content

    def _within_room(self, contents: dict[SentFile, _ReadFile]) -> dict[SentFile, _ReadFile]:
        """Cut what is too long: small documents leave what they do not need to the others."""
        texts = [(file, content) for file, content in contents.items() if isinstance(content, TextPart)]
        left, result = self._room, dict(contents)
        for number, (file, text) in enumerate(sorted(texts, key=lambda one: one[1].weight)):
            share = left // (len(texts) - number)
            result[file] = cut = text.within(share)
            left -= min(share, estimate(cut.text)) if cut.whole else share
        return result

    def _default_text(self, turn: Turn, compiled: _Compiled) -> str:
        """The question about what came without words; empty where nothing came."""
        if compiled.quote is not None:
            return self._texts.get(turn.language, "question-about-quote")
        return self._texts.get(turn.language, "question-about-picture") if compiled.pictures else ""

    def _lines(self, turn: Turn, compiled: _Compiled) -> str:
        """A line about each file that is not read, or not whole."""
        lines = [
            self._texts.get(turn.language, one.key, name=one.name, unit=one.unit.value, kept=one.kept, total=one.total)
            for one in compiled.omissions
        ]
        lines += [self._texts.get(turn.language, one.key, **one.details) for one in compiled.problems]
        return "\n".join(dict.fromkeys(lines))

    async def _tell(self, turn: Turn, compiled: _Compiled, lines: str) -> None:
        """Say what was heard, and what was not read, once the reading is stored."""
        attached = None if turn.private else turn.reply_to
        place = Destination(turn.key.chat, turn.key.topic or None, attached, turn.private)
        if compiled.heard:
            heard = folded_transcript(self._texts.get(turn.language, "heard"), "\n\n".join(compiled.heard))
            await self._notices.enqueue(place, heard)
        if lines:
            await self._notices.enqueue(place, lines)


class _Compiled:
    """The parts of a question put together: documents, then words; what is somebody else's as a quotation."""

    def __init__(self, contents: dict[SentFile, _ReadFile]) -> None:
        self._contents = contents
        self._documents: list[str] = []
        self._words: list[str] = []
        self._quotes: list[tuple[str, list[str]]] = []
        self.pictures: list[Picture] = []
        self.omissions: list[Omission] = []
        self.problems: list[Problem] = []
        self._recordings: list[TextPart] = []
        self.heard: list[str] = []
        """The words of the person's own recordings, which are told: those that they have corrected are not."""

    def add(self, part: QuestionPart) -> None:
        """Take in one message."""
        for file in part.files:
            self._add_file(file, self._contents[file])
        if part.quote is not None:
            self._quote(part.quote.author, part.quote.text)
        if part.text:
            self._words.append(part.text)

    @property
    def text(self) -> str:
        """The question in words; a recording without other words is the question itself."""
        words = "\n\n".join(self._words)
        spoken = [recording.as_prompt() if words else recording.text for recording in self._recordings]
        return "\n\n".join(filter(None, (*self._documents, *spoken, words)))

    @property
    def quote(self) -> Quote | None:
        """Everything that others said, with their names above their words where they are several."""
        if not self._quotes:
            return None
        if len({author for author, _ in self._quotes}) == 1:
            return Quote(self._quotes[0][0], "\n\n".join(text for _, texts in self._quotes for text in texts))
        names = list(dict.fromkeys(author or "somebody" for author, _ in self._quotes))
        more = ["…"] if len(names) > MAX_NAMED_AUTHORS else []
        said = ("\n\n".join([f"{author or 'somebody'}:", *texts]) for author, texts in self._quotes)
        return Quote(", ".join(names[:MAX_NAMED_AUTHORS] + more), "\n\n".join(said))

    def _add_file(self, file: SentFile, content: _ReadFile) -> None:
        if isinstance(content, Problem):
            self.problems += [] if file.kind == AttachmentKind.STICKER else [content]  # its emoji says enough
        elif isinstance(content, PicturePart):
            name = attachment_from(file).shown_name
            self.pictures.append(Picture(file.file_id, file.unique_id, name))
            if file.author is not None:
                self._quote(file.author, PICTURE)
        else:
            self._add_text(file, content)

    def _add_text(self, file: SentFile, text: TextPart) -> None:
        if text.omission is not None:
            self.omissions.append(text.omission)
        if file.author is not None:
            self._quote(file.author, text.as_prompt())
        elif text.title == RECORDING:
            self._recordings.append(text)
            self.heard += [] if file.corrected else [text.text]
        else:
            self._documents.append(text.as_prompt())

    def _quote(self, author: str, text: str) -> None:
        if self._quotes and self._quotes[-1][0] == author:
            self._quotes[-1][1].append(text)
        else:
            self._quotes.append((author, [text]))
