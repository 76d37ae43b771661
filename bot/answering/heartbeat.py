"""A process among others on the same database: says that it lives, sees who else does, inherits from the dead.

On SQLite there are no others, and nothing of this costs a query after the start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.answering.turn_context import TurnContext, steady_clock
from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.turn_queue.claims import LEASE_DURATION, Signal, TurnRepository

logger = logging.getLogger(__name__)

HEARTBEAT_INTERVAL = 5.0
"""Seconds between two renewals; PostgreSQL only."""
MAX_SEND_DURATION = 5.0
"""Seconds that a request to Telegram may last: a claim ends that much earlier for us than for its successor."""
RETRY = 1.0
"""Seconds until the database is tried again after it failed."""


@dataclass(frozen=True, slots=True)
class WorkerTiming:
    """The engine's times in seconds; tests make them short."""

    lease_duration: float = LEASE_DURATION
    interval: float = HEARTBEAT_INTERVAL
    clock: Callable[[], float] = steady_clock

    def deadline(self, since: float) -> float:
        """When a claim of `since` must not be used any more: a request begun before then ends within the lease."""
        return since + self.lease_duration - min(MAX_SEND_DURATION, self.lease_duration / 3)


RunningTurns = Mapping[int, TurnContext]
"""The turns that this process runs, by their ids."""
Renewed = Callable[[float, RunningTurns, Mapping[int, Signal | None]], None]
"""Hears when the claims of the turns that ran then were renewed, and of which: those with what people want of them."""


class Heartbeat:
    """Renews the claims of this process at every beat; `on_takeover` is called when the dead have left something."""

    def __init__(
        self,
        database: Database,
        table: TurnRepository,
        tasks: TaskSupervisor,
        *,
        bot: int,
        replica: str,
        owner: str,
        timing: WorkerTiming,
        running: Callable[[], RunningTurns],
        renewed: Renewed,
        on_takeover: Callable[[], None],
    ) -> None:
        self._database = database
        self._table = table
        self._tasks = tasks
        self._bot = bot
        self._replica = replica
        self._timing = timing
        self._running = running
        self._renewed = renewed
        self._on_takeover = on_takeover
        self._now = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self.partitioning = ChatPartitioning.among(owner, [])
        self.on_change: Callable[[int], None] = lambda _replicas: None
        """Hears how many processes live whenever that changes."""

    async def start(self) -> None:
        """Take back what this replica left when it died, and say that it lives again."""
        if not self._database.shared:
            await self._table.take_back(self._bot)
            return
        if await self._hold_name():
            await self._table.sign_off(self._bot, f"{self._replica}/")
            await self._table.take_back(self._bot, owner=f"{self._replica}/")
        else:
            logger.warning("Another process is called %s as well: give each replica a REPLICA name", self._replica)
        await self._renew_leases()
        self._beating = self._tasks.start(self._heartbeat_loop(), name="renew turns")

    async def close(self) -> None:
        """Renew nothing any more."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait([self._beating])

    def wake(self) -> None:
        """Beat now: something may have been missed, or somebody came or went."""
        self._now.set()

    async def _hold_name(self) -> bool:
        """As long as we live nobody of our name takes our turns back."""
        return await self._database.try_advisory_lock(f"replica {self._bot} {self._replica}")

    async def _heartbeat_loop(self) -> None:
        pause = self._timing.interval
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._now.wait()
            except TimeoutError:
                pass
            self._now.clear()
            try:
                await self._renew_leases()
                pause = self._timing.interval
            except StorageUnavailable:
                pause = min(RETRY, self._timing.interval)
            except Exception:
                logger.exception("The claims could not be renewed")
                pause = min(RETRY, self._timing.interval)
            self._on_takeover()

    async def _renew_leases(self) -> None:
        """Renew what runs here, see who else lives, and queue what the dead left."""
        sent_at, ran = self._timing.clock(), self._running()
        me = self.partitioning.me
        async with self._database.transaction(durable=False):
            renewed = await self._table.renew(me, ran, lease_duration=self._timing.lease_duration)
            living = await self._table.register(self._bot, me, lease_duration=self._timing.lease_duration)
            await self._table.take_over(self._bot)
        before, self.partitioning = self.partitioning, ChatPartitioning.among(me, living)
        if len(self.partitioning.owners) != len(before.owners):
            self.on_change(len(self.partitioning.owners))
        self._renewed(sent_at, ran, renewed)
        await self._hold_name()
