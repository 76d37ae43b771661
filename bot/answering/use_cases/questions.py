"""Asking: a message becomes a question, with its document and its quote, within the limits of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.answering.turns.service import Asked, TurnService
from bot.answering.use_cases.conversation_choice import ConversationChoice
from bot.answering.use_cases.documents import DocumentsOfQuestions, QuotedDocument, ReadQuestion
from bot.attachments.attachment import Attachment
from bot.attachments.parts import Omission
from bot.conversation.messages import ChatKey, Question, Quote
from bot.errors import Problem, TelegramProblem, TooManyWaiting
from bot.people.limits.question_limits import QuestionLimits
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.conversations import ConversationRepository


@dataclass(frozen=True, slots=True)
class SentQuestion:
    """A question as somebody sent it."""

    question: Question
    """Its text is empty where nothing was said."""
    chose_quote: bool
    """The person marked the quoted words: they are read even where the conversation has the message anyway."""
    about_quote: str
    """The words that ask about a quote alone."""
    about_picture: str
    """The words that ask about a picture alone."""
    document: Attachment | None = None
    """A document, a recording or a picture that came along."""
    quoted: QuotedDocument | None = None
    """The one of the message that it replies to."""
    answer: Quote | None = None
    """The bot's own message that it replies to: quoted where that belongs to another conversation."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that is going to be answered, and what its answer does not know."""

    omissions: tuple[Omission, ...] = ()
    """Omissions from its documents."""
    problems: tuple[Problem, ...] = ()
    """Reasons why documents are not read."""
    waits: bool = False
    """Others are answered before it, or so many beside it that it may take a while."""
    transcript: str = ""
    """The words of its recording, as they were understood."""
    unseen: bool = False
    """It has a picture, and the model sees none."""


class Questions:
    """Accepts new and edited questions. Raises StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        conversations: ConversationRepository,
        turns: TurnService,
        limits: QuestionLimits,
        documents: DocumentsOfQuestions,
        permissions: Permissions,
        choice: ConversationChoice,
    ) -> None:
        self._unit = unit
        self._conversations = conversations
        self._turns = turns
        self._limits = limits
        self._documents = documents
        self._permissions = permissions
        self._choice = choice

    async def knows(self, key: ChatKey, message_id: int) -> bool:
        """Tell a message that is part of a conversation from others."""
        return await self._conversations.at(key, message_id) is not None

    async def ask(self, sent: SentQuestion, speaker: Speaker, *, dedup: str) -> Accepted | None:
        """Accept a question; the same `dedup` acts once. None: nothing was asked.

        Raises TooManyQuestions, TooManyWaiting, and where nothing but a document was sent AttachmentProblem,
        DocumentLate, TelegramProblem.
        """
        sent, unseen = await self._without_unseen(await self._in_its_conversation(sent))
        read = await self._read(sent, speaker)
        if read is None:
            return None
        try:
            asked = await self._accept(read.question, speaker, dedup, limited=not (speaker.admin or speaker.anonymous))
        except TooManyWaiting:
            if speaker.private or not await self._administers(speaker):
                raise
            asked = await self._accept(read.question, speaker, dedup, limited=False)
        return Accepted(read.omissions, read.problems, asked.waits, read.transcript, unseen)

    async def _accept(self, question: Question, speaker: Speaker, dedup: str, *, limited: bool) -> Asked:
        async with self._unit.transaction():
            await self._limits.admit(speaker)
            return await self._turns.ask(question, dedup=dedup, limited=limited)

    async def _administers(self, speaker: Speaker) -> bool:
        """Recognize an administrator of the group; where Telegram cannot say, nobody is."""
        try:
            return await self._permissions.administers(speaker)
        except TelegramProblem:
            return False

    async def edit(self, sent: SentQuestion, speaker: Speaker) -> Accepted | None:
        """Answer an edited question anew. None: nothing is asked any more. Raises as `ask` does."""
        sent = replace(sent, question=replace(sent.question, key=await self._choice.of_edit(sent.question)))
        sent, _ = await self._without_unseen(sent)
        read = await self._read(sent, speaker)
        if read is None:
            return None
        async with self._unit.transaction():
            await self._limits.admit(speaker)
            await self._turns.edit(read.question)
        return Accepted(read.omissions, read.problems)

    async def _in_its_conversation(self, sent: SentQuestion) -> SentQuestion:
        """The same in the conversation that it belongs to; an answer of another conversation is quoted."""
        chosen = await self._choice.of_question(sent.question)
        quote = sent.question.quote or (sent.answer if chosen.elsewhere else None)
        return replace(sent, question=replace(sent.question, key=chosen.key, quote=quote))

    async def _read(self, sent: SentQuestion, speaker: Speaker) -> ReadQuestion | None:
        """The question as the generator reads it. Documents come before the transaction: others wait for that.

        No document is fetched for a question that is refused anyway: raises TooManyQuestions.
        """
        question, quoted = sent.question, sent.quoted
        if await self._knows_target(sent):
            question, quoted = replace(question, quote=None), None
        if sent.document is not None or quoted is not None:
            await self._limits.admit(speaker)
        read = await self._documents.add(question, sent.document, quoted)
        if read.question.text:
            return read
        if read.question.pictures and read.question.quote is None:
            return replace(read, question=replace(read.question, text=sent.about_picture))
        if read.question.quote is not None:
            return replace(read, question=replace(read.question, text=sent.about_quote))
        if read.problems:
            raise read.problems[0]
        return None

    async def _without_unseen(self, sent: SentQuestion) -> tuple[SentQuestion, bool]:
        """The same without pictures that the model does not see. Tells whether there were any."""
        key, unseen = sent.question.key, False
        if await self._documents.is_blind_to(key, sent.document):
            sent, unseen = replace(sent, document=None), True
        if sent.quoted is not None and await self._documents.is_blind_to(key, sent.quoted.attachment):
            unseen = unseen or not await self._knows_target(sent)
            sent = replace(sent, quoted=None)
        return sent, unseen

    async def _knows_target(self, sent: SentQuestion) -> bool:
        """Recognize a reply to what the conversation has anyway."""
        question = sent.question
        if question.reply_to is None or sent.chose_quote or (question.quote is None and sent.quoted is None):
            return False
        return await self._conversations.key_at(question.key, question.reply_to) == question.key
