"""Membership of this process among the replicas that share a database, and the chats that each is home to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import uuid4

from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.turn_queue.claims import LEASE_DURATION, TurnRepository

logger = logging.getLogger(__name__)


class Membership:
    """Registers this process, sees who else lives, and inherits the turns of the dead.

    On SQLite there are no others, and nothing of this costs a query after the start. Every method raises
    StorageUnavailable.
    """

    def __init__(
        self,
        database: Database,
        queue: TurnRepository,
        *,
        bot: int,
        replica: str,
        lease_duration: float = LEASE_DURATION,
    ) -> None:
        self._database = database
        self._queue = queue
        self._replica = replica
        self._lease_duration = lease_duration
        self._on_change: list[Callable[[int], None]] = []
        self.bot = bot
        self.partitioning = ChatPartitioning.among(f"{replica}/{uuid4().hex[:12]}", [])

    @property
    def me(self) -> str:
        """The owner's name in what this process claims: its replica and this start of it."""
        return self.partitioning.me

    def on_change(self, changed: Callable[[int], None]) -> None:
        """Call `changed` with the number of living processes whenever that is another one; on SQLite it never is."""
        self._on_change.append(changed)

    async def join(self) -> None:
        """Take back what this replica left when it died."""
        if not self._database.shared:
            await self._queue.take_back(self.bot)
        elif await self._hold_name():
            await self._queue.sign_off(self.bot, f"{self._replica}/")
            await self._queue.take_back(self.bot, owner=f"{self._replica}/")
        else:
            logger.warning("Another process is called %s as well: give each replica a REPLICA name", self._replica)

    async def register(self) -> list[str]:
        """Say that this process lives, and queue what the dead left. Gives everybody who lives."""
        living = await self._queue.register(self.bot, self.me, lease_duration=self._lease_duration)
        await self._queue.take_over(self.bot)
        return living

    async def update(self, living: list[str]) -> None:
        """Divide the chats among those who live, once it is committed that this process is one of them."""
        before, self.partitioning = self.partitioning, ChatPartitioning.among(self.me, living)
        if len(self.partitioning.owners) != len(before.owners):
            for changed in self._on_change:
                changed(len(self.partitioning.owners))
        await self._hold_name()

    async def leave(self) -> int:
        """Queue what this process still holds, and say that it has ended. Gives how many turns that were."""
        left = await self._queue.take_back(self.bot, owner=self.me)
        await self._queue.sign_off(self.bot, self.me)
        return left

    async def _hold_name(self) -> bool:
        """As long as we live nobody of our name takes our turns back."""
        return await self._database.try_advisory_lock(f"replica {self.bot} {self._replica}")
