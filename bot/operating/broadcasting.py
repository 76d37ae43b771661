"""Decisions of a bot admin about broadcasts: each is shown to them first, begins, and can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from bot.conversation.broadcasts import Broadcast, BroadcastAudience, MessageCopy
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.rendering.entities import Formatted
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.broadcasts import BroadcastRepository


@dataclass(frozen=True, slots=True)
class Prepared:
    """A broadcast that waits for its admin's word, and the number of chats that it would go to."""

    id: int
    chats: int


class Broadcasting:
    """The use cases of `/broadcast`. Raises OnlyBotAdmins, StorageUnavailable."""

    def __init__(
        self, unit: UnitOfWork, broadcasts: BroadcastRepository, permissions: Permissions, begun: Callable[[], None]
    ) -> None:
        self._unit = unit
        self._broadcasts = broadcasts
        self._permissions = permissions
        self._begun = begun

    async def prepare(
        self,
        speaker: Speaker,
        what: Formatted | MessageCopy,
        audience: BroadcastAudience,
        *,
        days: int,
        language: str,
    ) -> Prepared:
        """Store a broadcast, and count the chats."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            return Prepared(*await self._broadcasts.add(speaker.id, language, asdict(what), audience, days))

    async def start(self, speaker: Speaker, broadcast: int) -> int | None:
        """Let it begin. Gives the number of chats; None: it was decided about already."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            chats = await self._broadcasts.start(broadcast)
            self._unit.after_commit(self._begun)
        return chats

    async def stop(self, speaker: Speaker, broadcast: int) -> Broadcast | None:
        """End it. Gives how far it came, and the state that it was in; None: it has ended already."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            return await self._broadcasts.stop(broadcast)
