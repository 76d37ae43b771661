"""Begin anew, export, forget: what is done with a conversation as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.answering.turns.service import TurnService
from bot.conversation.messages import Message
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.turn_queue.cancel import EndedTurns


@dataclass(frozen=True, slots=True)
class Exported:
    """The conversation in force, oldest message first, as it was at a Unix time; no messages: nothing was said."""

    messages: list[Message]
    at: float


class WholeConversation:
    """Acts on whole conversations; `clock` gives Unix time. Raises OnlyGroupAdmins, StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        conversations: ConversationRepository,
        turns: TurnService,
        permissions: Permissions,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._unit = unit
        self._conversations = conversations
        self._turns = turns
        self._permissions = permissions
        self._clock = clock

    async def start_over(self, speaker: Speaker) -> EndedTurns:
        """Let the next plain message begin a new conversation; what was asked in the old one ends."""
        await self._permissions.require_change(speaker)
        async with self._unit.transaction():
            ended = await self._turns.end_all(speaker.key)
            await self._conversations.start_over(speaker.key)
        return ended

    async def export(self, speaker: Speaker) -> Exported:
        """Give the conversation to anybody in the chat: they have seen it."""
        return Exported(await self._conversations.history(speaker.key), self._clock())

    async def forget(self, speaker: Speaker) -> None:
        """Erase everything about the chat; what runs there ends silently."""
        await self._permissions.require_change(speaker)
        async with self._unit.transaction():
            await self._turns.forget(speaker.key.bot, speaker.key.chat)
