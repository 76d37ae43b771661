"""Stop, repeat and take back the last answer of a conversation."""

from __future__ import annotations

from bot.answering.turns.service import TurnService
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
    ) -> None:
        self._unit = unit
        self._conversations = conversations
        self._turns = turns
        self._permissions = permissions
        self._limits = limits

    async def stop(self, speaker: Speaker) -> bool:
        """Stop the answer that is being written; what is there stays. False: there is none."""
        await self._check(speaker)
        async with self._unit.transaction():
            return await self._turns.stop(speaker.key)

    async def retry(self, speaker: Speaker, *, language: str) -> bool:
        """Answer the last question again. False: there is no answer. Raises TooManyQuestions."""
        await self._check(speaker)
        async with self._unit.transaction():
            newest = await self._conversations.newest(speaker.key)
            message = await self._conversations.message(newest) if newest is not None else None
            if message is None or message.role is not Role.ASSISTANT:
                return False
            await self._limits.admit(speaker)
            await self._turns.again(message.id, by=speaker.id, language=language)
            return True

    async def undo(self, speaker: Speaker) -> list[int] | None:
        """Take the last question and its answer out. Gives the Telegram messages to delete. None: there is none."""
        await self._check(speaker)
        async with self._unit.transaction():
            return await self._turns.undo(speaker.key)

    async def _check(self, speaker: Speaker) -> None:
        """Raise OnlyAsker for others; where nothing was asked, anybody may hear so."""
        if speaker.private:
            return
        asker = await self._asker(speaker)
        if asker is not None and not await self._permissions.may_act_on(speaker, asker):
            raise OnlyAsker(f"{speaker.id} did not ask this")

    async def _asker(self, speaker: Speaker) -> int | None:
        current = await self._turns.current(speaker.key)
        if current is not None:
            return current.asker
        newest = await self._conversations.newest(speaker.key)
        return await self._conversations.author(newest) if newest is not None else None
