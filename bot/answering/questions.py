"""Asking: a message becomes a question, with its document and its quote, within the limits of whoever asks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol

from bot.answering.service import TurnService
from bot.conversation.documents import LARGEST, Excerpt, as_question, decode, excerpt
from bot.conversation.messages import ChatKey, Question
from bot.errors import MessageTooLong, Problem
from bot.people.question_limits import QuestionLimits
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.conversations import ConversationRepository

DOWNLOAD_TIMEOUT = 10.0
"""Seconds that a document may take to come."""


class DocumentTooLarge(Problem):
    """A document has more bytes than are read."""

    key = "document-too-large"


class DocumentUnreadable(Problem):
    """A document that should be text is none."""

    key = "document-unreadable"


class DocumentLate(Problem):
    """Telegram did not hand the document over in time."""

    key = "document-late"


class Download(Protocol):
    """Fetches a file of Telegram's."""

    async def __call__(self, file_id: str, *, limit: int) -> bytes:
        """Give its content. Raises MessageTooLong beyond `limit` bytes, TelegramProblem."""
        ...


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A text document that came along."""

    file_id: str
    name: str
    size: int
    """Bytes, as Telegram says; 0: unknown."""


@dataclass(frozen=True, slots=True)
class SentQuestion:
    """A question as somebody sent it."""

    question: Question
    """Its text is empty where nothing was said."""
    chose_quote: bool
    """The person marked the quoted words: they are read even where the conversation has the message anyway."""
    about_quote: str
    """The words that ask about a quote alone."""
    document: SentDocument | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that is going to be answered; `excerpt` is what is read of its document."""

    excerpt: Excerpt | None = None


class Questions:
    """Accepts new and edited questions. Raises StorageUnavailable.

    `context_tokens` is how much the generator reads; a document may take half of it.
    """

    def __init__(
        self,
        unit: UnitOfWork,
        conversations: ConversationRepository,
        turns: TurnService,
        limits: QuestionLimits,
        download: Download,
        *,
        context_tokens: int,
    ) -> None:
        self._unit = unit
        self._conversations = conversations
        self._turns = turns
        self._limits = limits
        self._download = download
        self._context_tokens = context_tokens

    async def knows(self, key: ChatKey, message_id: int) -> bool:
        """Tell a message that is part of a conversation from others."""
        return await self._conversations.at(key, message_id) is not None

    async def ask(self, sent: SentQuestion, speaker: Speaker, *, dedup: str) -> Accepted | None:
        """Accept a question; the same `dedup` acts once. None: nothing was asked.

        Raises TooManyQuestions, TooManyWaiting, and with a document DocumentTooLarge, DocumentUnreadable,
        DocumentLate, TelegramProblem.
        """
        question, part = await self._read(sent)
        if question is None:
            return None
        async with self._unit.transaction():
            await self._limits.admit(speaker)
            await self._turns.ask(question, dedup=dedup)
        return Accepted(part)

    async def edit(self, sent: SentQuestion, speaker: Speaker) -> Accepted | None:
        """Answer an edited question anew. None: nothing is asked any more. Raises as `ask` does."""
        question, part = await self._read(sent)
        if question is None:
            return None
        async with self._unit.transaction():
            await self._limits.admit(speaker)
            await self._turns.edit(question)
        return Accepted(part)

    async def _read(self, sent: SentQuestion) -> tuple[Question | None, Excerpt | None]:
        """The question as the generator reads it. A document comes before the transaction: others wait for that."""
        if sent.document is not None:
            part = excerpt(await self._text_of(sent.document), room=self._context_tokens // 2)
            question = await self._without_known_quote(sent)
            return replace(question, text=as_question(sent.document.name, part, question.text)), part
        question = await self._without_known_quote(sent)
        if question.text:
            return question, None
        return (None if question.quote is None else replace(question, text=sent.about_quote)), None

    async def _without_known_quote(self, sent: SentQuestion) -> Question:
        question = sent.question
        if question.quote is None or question.reply_to is None or sent.chose_quote:
            return question
        return replace(question, quote=None) if await self.knows(question.key, question.reply_to) else question

    async def _text_of(self, document: SentDocument) -> str:
        if document.size > LARGEST:  # of what is larger than 20 MB Telegram gives nothing at all
            raise DocumentTooLarge(f"the document has {document.size} bytes")
        try:
            async with asyncio.timeout(DOWNLOAD_TIMEOUT):
                content = await self._download(document.file_id, limit=LARGEST)
        except MessageTooLong as error:
            raise DocumentTooLarge(str(error)) from error
        except TimeoutError as error:
            raise DocumentLate("the document did not come in time") from error
        text = decode(content)
        if text is None or not text.strip():
            raise DocumentUnreadable("no text in the document")
        return text
