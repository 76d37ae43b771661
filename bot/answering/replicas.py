"""A process among others on the same database: says that it lives, sees who else does, inherits from the dead.

On SQLite there are no others, and nothing of this costs a query after the start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.answering.running import Running, steady_clock
from bot.answering.tasks import Tasks
from bot.errors import StorageUnavailable
from bot.storage.homes import Homes
from bot.storage.store import Store
from bot.storage.turns import LEASE, Signal, TurnTable

logger = logging.getLogger(__name__)

BEAT = 5.0
"""Seconds between two renewals; PostgreSQL only."""
LONGEST_SEND = 5.0
"""Seconds that a request to Telegram may last: a claim ends that much earlier for us than for its successor."""
RETRY = 1.0
"""Seconds until the database is tried again after it failed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The engine's times in seconds; tests make them short."""

    lease: float = LEASE
    beat: float = BEAT
    clock: Callable[[], float] = steady_clock

    def deadline(self, since: float) -> float:
        """When a claim of `since` must not be used any more: a request begun before then ends within the lease."""
        return since + self.lease - min(LONGEST_SEND, self.lease / 3)


Ours = Mapping[int, Running]
"""The turns that this process runs, by their ids."""
Renewed = Callable[[float, Ours, Mapping[int, Signal | None]], None]
"""Hears when the claims of the turns that ran then were renewed, and of which: those with what people want of them."""


class Replicas:
    """Renews the claims of this process at every beat; `inherited` is called when the dead have left something."""

    def __init__(
        self,
        store: Store,
        table: TurnTable,
        tasks: Tasks,
        *,
        bot: int,
        replica: str,
        owner: str,
        pace: Pace,
        running: Callable[[], Ours],
        renewed: Renewed,
        inherited: Callable[[], None],
    ) -> None:
        self._store = store
        self._table = table
        self._tasks = tasks
        self._bot = bot
        self._replica = replica
        self._pace = pace
        self._running = running
        self._renewed = renewed
        self._inherited = inherited
        self._now = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self.homes = Homes.among(owner, [])
        self.on_change: Callable[[int], None] = lambda _replicas: None
        """Hears how many processes live whenever that changes."""

    async def start(self) -> None:
        """Take back what this replica left when it died, and say that it lives again."""
        if not self._store.shared:
            await self._table.take_back(self._bot)
            return
        if await self._hold_name():
            await self._table.sign_off(self._bot, f"{self._replica}/")
            await self._table.take_back(self._bot, owner=f"{self._replica}/")
        else:
            logger.warning("Another process is called %s as well: give each replica a REPLICA name", self._replica)
        await self._beat()
        self._beating = self._tasks.start(self._beat_for_ever(), name="renew turns")

    async def close(self) -> None:
        """Renew nothing any more."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait([self._beating])

    def look(self) -> None:
        """Beat now: something may have been missed, or somebody came or went."""
        self._now.set()

    async def _hold_name(self) -> bool:
        """As long as we live nobody of our name takes our turns back."""
        return await self._store.hold(f"replica {self._bot} {self._replica}")

    async def _beat_for_ever(self) -> None:
        pause = self._pace.beat
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._now.wait()
            except TimeoutError:
                pass
            self._now.clear()
            try:
                await self._beat()
                pause = self._pace.beat
            except StorageUnavailable:
                pause = min(RETRY, self._pace.beat)
            except Exception:
                logger.exception("The claims could not be renewed")
                pause = min(RETRY, self._pace.beat)
            self._inherited()

    async def _beat(self) -> None:
        """Renew what runs here, see who else lives, and queue what the dead left."""
        sent_at, ran = self._pace.clock(), self._running()
        me = self.homes.me
        async with self._store.transaction(durable=False):
            renewed = await self._table.renew(me, ran, lease=self._pace.lease)
            living = await self._table.register(self._bot, me, lease=self._pace.lease)
            await self._table.take_over(self._bot)
        before, self.homes = self.homes, Homes.among(me, living)
        if len(self.homes.owners) != len(before.owners):
            self.on_change(len(self.homes.owners))
        self._renewed(sent_at, ran, renewed)
        await self._hold_name()
