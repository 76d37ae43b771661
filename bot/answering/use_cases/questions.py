"""Asking: a message becomes a question within the limits of whoever asks; its files are read when its turn begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.answering.turns.service import Asked, TurnService
from bot.answering.use_cases.conversation_choice import ConversationChoice
from bot.answering.use_cases.corrections import correction
from bot.answering.use_cases.documents import FileCheck, QuotedDocument, file_from
from bot.attachments.attachment import Attachment
from bot.attachments.problems import AttachmentProblem
from bot.conversation.messages import ChatKey, Question, QuestionPart, Quote, SentFile
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
    document: Attachment | None = None
    """A document, a recording or a picture that came along."""
    quoted: QuotedDocument | None = None
    """The one of the message that it replies to."""
    answer: Quote | None = None
    """The bot's own message that it replies to: quoted where that belongs to another conversation."""
    heard: str = ""
    """The transcript that it replies to: then it says what was meant."""
    earlier: tuple[SentQuestion, ...] = ()
    """Messages of the same album that came before the one which addressed the bot."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that is going to be answered, and what its answer certainly does not know."""

    problems: tuple[Problem, ...] = ()
    """Reasons why files will not be read."""
    waits: bool = False
    """Others are answered before it, or so many beside it that it may take a while."""
    unseen: bool = False
    """It has a picture, and the model sees none."""
    corrects: bool = False
    """It puts right what was heard in an earlier one, which is asked again."""


class Questions:
    """Accepts new and edited questions. Raises StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        conversations: ConversationRepository,
        turns: TurnService,
        limits: QuestionLimits,
        files: FileCheck,
        permissions: Permissions,
        choice: ConversationChoice,
    ) -> None:
        self._unit = unit
        self._conversations = conversations
        self._turns = turns
        self._limits = limits
        self._files = files
        self._permissions = permissions
        self._choice = choice

    async def knows(self, key: ChatKey, message_id: int) -> bool:
        """Tell a message that is part of a conversation from others."""
        return await self._conversations.at(key, message_id) is not None

    async def belongs(self, question: Question) -> bool:
        """Tell whether a message that addresses nobody belongs to a question: to its album, or its comment."""
        return await self._turns.belongs(question)

    async def ask(self, sent: SentQuestion, speaker: Speaker, *, dedup: str) -> Accepted | None:
        """Accept a question; the same `dedup` acts once. None: nothing was asked.

        Raises TooManyQuestions, TooManyWaiting, and where nothing but a file was sent that is not read
        AttachmentProblem.
        """
        sent, unseen = await self._without_unseen(await self._in_its_conversation(sent))
        if await self._corrects(sent, speaker):
            return Accepted(corrects=True)
        question, problems = await self._prepare(sent)
        if question is None:
            return None
        try:
            asked = await self._accept(question, speaker, dedup, limited=not (speaker.admin or speaker.anonymous))
        except TooManyWaiting:
            if speaker.private or not await self._administers(speaker):
                raise
            asked = await self._accept(question, speaker, dedup, limited=False)
        return Accepted(problems, asked.waits, unseen)

    async def _accept(self, question: Question, speaker: Speaker, dedup: str, *, limited: bool) -> Asked:
        async with self._unit.transaction():
            return await self._turns.ask(
                question, dedup=dedup, limited=limited, admit=lambda: self._limits.admit(speaker)
            )

    async def _administers(self, speaker: Speaker) -> bool:
        """Recognize an administrator of the group; where Telegram cannot say, nobody is."""
        try:
            return await self._permissions.administers(speaker)
        except TelegramProblem:
            return False

    async def edit(self, sent: SentQuestion, speaker: Speaker, *, outdated: str) -> Accepted | None:
        """Answer an edited question anew. None: nothing is asked any more. Raises as `ask` does.

        `outdated` is the line below the old answer where the new one comes elsewhere.
        """
        sent = replace(sent, question=replace(sent.question, key=await self._choice.of_edit(sent.question)))
        sent, _ = await self._without_unseen(sent)
        question, problems = await self._prepare(sent)
        if question is None:
            return None
        async with self._unit.transaction():
            await self._limits.admit(speaker)
            await self._turns.edit(question, outdated=outdated)
        return Accepted(problems)

    async def _corrects(self, sent: SentQuestion, speaker: Speaker) -> bool:
        """Ask an earlier question again where this one says what was meant in it."""
        corrected = await correction(self._conversations, sent.question, sent.heard) if sent.heard else None
        if corrected is None:
            return False
        async with self._unit.transaction():
            await self._limits.admit(speaker)
            return await self._turns.edit(corrected)

    async def _in_its_conversation(self, sent: SentQuestion) -> SentQuestion:
        """The same in the conversation that it belongs to; an answer of another conversation is quoted."""
        chosen = await self._choice.of_question(sent.question)
        quote = sent.question.quote or (sent.answer if chosen.elsewhere else None)
        return replace(sent, question=replace(sent.question, key=chosen.key, quote=quote))

    async def _prepare(self, sent: SentQuestion) -> tuple[Question | None, tuple[Problem, ...]]:
        """The question as it is stored, and why some of its files will not be read. None: nothing was asked.

        Raises AttachmentProblem where there is nothing else.
        """
        part, problems = await self._part_of(sent)
        question, parts = sent.question, [part]
        for one in sent.earlier:
            before, more = await self._part_of((await self._without_unseen(one))[0])
            parts.insert(-1, before)
            problems += more
        parts = [one for one in parts if not one.is_empty]
        if not parts:
            if problems:
                raise problems[0]
            return None, ()
        if len(parts) > 1 or parts[0].files or question.album is not None or question.is_forwarded:
            return replace(question, text="", quote=None, parts=tuple(parts)), tuple(problems)
        text = question.text or sent.about_quote
        return replace(question, text=text, quote=part.quote), tuple(problems)

    async def _part_of(self, sent: SentQuestion) -> tuple[QuestionPart, list[AttachmentProblem]]:
        """A message as it is stored, and why some of its files will not be read."""
        question, quoted = sent.question, sent.quoted
        if await self._knows_target(sent):
            question, quoted = replace(question, quote=None), None
        attachments = [(sent.document, None), (quoted.attachment, quoted.author)] if quoted else [(sent.document, None)]
        files: list[SentFile] = []
        problems: list[AttachmentProblem] = []
        for attachment, author in attachments:
            problem = None if attachment is None else self._files.refuse(attachment)
            if problem is not None:
                problems.append(problem)
            elif attachment is not None:
                files.append(file_from(attachment, author))
        return QuestionPart(question.message_id, question.text, question.quote, tuple(files)), problems

    async def _without_unseen(self, sent: SentQuestion) -> tuple[SentQuestion, bool]:
        """The same without pictures that the model does not see. Tells whether there were any."""
        key, unseen = sent.question.key, False
        if await self._files.is_blind_to(key, sent.document):
            sent, unseen = replace(sent, document=None), True
        if sent.quoted is not None and await self._files.is_blind_to(key, sent.quoted.attachment):
            unseen = unseen or not await self._knows_target(sent)
            sent = replace(sent, quoted=None)
        return sent, unseen

    async def _knows_target(self, sent: SentQuestion) -> bool:
        """Recognize a reply to what the conversation has anyway."""
        question = sent.question
        if question.reply_to is None or sent.chose_quote or (question.quote is None and sent.quoted is None):
            return False
        return await self._conversations.key_at(question.key, question.reply_to) == question.key
