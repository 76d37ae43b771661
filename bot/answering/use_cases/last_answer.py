"""Stop, repeat and take back the last answer of a conversation."""

from __future__ import annotations

from bot.answering.turns.service import TurnService
from bot.answering.use_cases.conversation_choice import ConversationChoice
from bot.conversation.messages import Role
from bot.people.limits.question_limits import QuestionLimits
from bot.people.permissions import OnlyAsker, Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.conversations import ConversationRepository


class LastAnswer:
    """Acts on the newest answer. Raises OnlyAsker, TelegramProblem, StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        conversations: ConversationRepository,
        turns: TurnService,
        permissions: Permissions,
        limits: QuestionLimits,
        choice: ConversationChoice,
    ) -> None:
        self._unit = unit
        self._conversations = conversations
        self._turns = turns
        self._permissions = permissions
        self._limits = limits
        self._choice = choice

    async def stop(self, speaker: Speaker) -> bool:
        """Stop the answer that is being written; what is there stays. False: there is none."""
        key = await self._choice.of_speaker(speaker)
        if speaker.private:
            async with self._unit.transaction():
                return await self._turns.stop(key)
        current = await self._turns.current(key)
        if current is None:
            return False
        await self._require_asker(speaker, current.asker)
        async with self._unit.transaction():
            return await self._turns.stop_turn(current.id)

    async def retry(self, speaker: Speaker, *, language: str) -> list[int] | None:
        """Answer the last question again. None: there is no answer. Raises TooManyQuestions.

        Gives the Telegram messages in which the answer is rewritten; none where it comes below.
        """
        key = await self._choice.of_speaker(speaker)
        newest = await self._conversations.newest(key)
        await self._require_author(speaker, newest)
        async with self._unit.transaction():
            message = await self._conversations.message(newest) if newest is not None else None
            if message is None or message.role is not Role.ASSISTANT:
                return None
            await self._limits.admit(speaker)
            rests = await self._turns.current(key) is None
            await self._turns.again(message.id, by=speaker.id, language=language)
            return await self._conversations.shown(message.id) if rests else []

    async def undo(self, speaker: Speaker) -> list[int] | None:
        """Take the last question and its answer out. Gives the Telegram messages to delete. None: there is none."""
        key = await self._choice.of_speaker(speaker)
        last = await self._turns.last_message(key)
        if last is None:
            return None
        await self._require_author(speaker, last)
        async with self._unit.transaction():
            return await self._turns.undo(key, last)

    async def _require_author(self, speaker: Speaker, message: int | None) -> None:
        """Raise OnlyAsker for others than whoever asked this, or what this answers."""
        if message is not None and not speaker.private:
            await self._require_asker(speaker, await self._conversations.author(message))

    async def _require_asker(self, speaker: Speaker, asker: int | None) -> None:
        """Raise OnlyAsker for others; nobody is asked about what was forgotten meanwhile."""
        if asker is not None and not await self._permissions.may_act_on(speaker, asker):
            raise OnlyAsker(f"{speaker.id} did not ask this")
