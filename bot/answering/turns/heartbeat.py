"""The renewal of this process's leases and of its membership, at a steady interval. PostgreSQL only."""

from __future__ import annotations

import asyncio
import logging

from bot.answering.turns.membership import Membership
from bot.answering.turns.running_turns import ClaimAlarm, RunningTurns
from bot.answering.turns.timing import STORE_RETRY_DELAY
from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.turn_queue.claimable import STEAL_DELAY
from bot.storage.turn_queue.claims import TurnRepository

logger = logging.getLogger(__name__)


class Heartbeat:
    """Renews what runs here, and rings the alarm afterwards: the dead may have left something."""

    def __init__(
        self,
        database: Database,
        queue: TurnRepository,
        tasks: TaskSupervisor,
        membership: Membership,
        running: RunningTurns,
        alarm: ClaimAlarm,
    ) -> None:
        self._database = database
        self._queue = queue
        self._tasks = tasks
        self._membership = membership
        self._running = running
        self._alarm = alarm
        self._interval = running.timing.interval
        self._now = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Renew once, and begin to renew at every interval."""
        if self._database.shared:
            await self.renew_leases()
            self._beating = self._tasks.start(self._heartbeat_loop(), name="renew turns")

    async def close(self) -> None:
        """Renew nothing any more."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait([self._beating])

    def wake(self) -> None:
        """Beat now: something may have been missed, or somebody came or went."""
        self._now.set()

    async def renew_leases(self) -> None:
        """Renew what runs here, see who else lives, and queue what the dead left.

        What runs is renewed in a transaction of its own: until its end every write of these turns waits.
        """
        self._membership.beat()
        timing = self._running.timing
        sent_at, ran = timing.clock(), self._running.contexts()
        if ran:
            async with self._database.transaction(durable=False, urgent=True):
                renewed = await self._queue.renew(self._membership.me, ran, lease_duration=timing.lease_duration)
            self._running.renew(sent_at, ran, renewed)
        async with self._database.transaction(durable=False, urgent=True):
            living = await self._membership.register()
        await self._membership.update(living)

    async def _heartbeat_loop(self) -> None:
        pause = self._interval
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._now.wait()
            except TimeoutError:
                pass
            self._now.clear()
            try:
                await self.renew_leases()
                pause = self._interval
            except StorageUnavailable:
                pause = min(STORE_RETRY_DELAY, self._interval)
            except Exception:
                logger.exception("The claims could not be renewed")
                pause = min(STORE_RETRY_DELAY, self._interval)
            self._alarm.ring()
            self._alarm.ring_in(STEAL_DELAY)
