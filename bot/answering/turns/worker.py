"""The worker of each process: claims turns in order, begins them, and hands over what is left at the end."""

from __future__ import annotations

import asyncio
import logging

from bot.answering.turns.heartbeat import Heartbeat
from bot.answering.turns.membership import Membership
from bot.answering.turns.running_turns import ClaimAlarm, RunningTurns
from bot.answering.turns.timing import STORE_RETRY_DELAY
from bot.answering.turns.turn_context import TurnContext
from bot.answering.turns.turn_runner import TurnRunner
from bot.answering.turns.turn_signals import TurnSignals
from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.turn_queue.claimable import STEAL_DELAY
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.enqueue import Claimant
from bot.storage.turn_queue.join_question import JOIN_WAIT
from bot.storage.turn_queue.leases import ClaimedTurn, Signal

logger = logging.getLogger(__name__)

CLAIM_BATCH = 16
"""Turns claimed in one transaction."""
HAND_OVER_TIMEOUT = 1.5
"""Seconds that handing over may take where the database is slow."""


class Worker:
    """Claims what may begin here whenever the alarm rings, and has the runner work on it."""

    def __init__(
        self,
        database: Database,
        queue: TurnRepository,
        tasks: TaskSupervisor,
        membership: Membership,
        running: RunningTurns,
        alarm: ClaimAlarm,
        runner: TurnRunner,
        signals: TurnSignals,
    ) -> None:
        self._database = database
        self._queue = queue
        self._tasks = tasks
        self._membership = membership
        self._running = running
        self._alarm = alarm
        self._runner = runner
        self._signals = signals
        self._heartbeat = Heartbeat(database, queue, tasks, membership, running, alarm)
        self._claiming: asyncio.Task[None] | None = None

    @property
    def running(self) -> list[TurnContext]:
        """The turns that this process runs."""
        return list(self._running.contexts().values())

    @property
    def partitioning(self) -> ChatPartitioning:
        """The replicas that live with this bot and database, and whose chats are whose."""
        return self._membership.partitioning

    async def start(self) -> None:
        """Take back what this replica left when it died, and begin to claim."""
        self._signals.listen(self)
        await self._membership.join()
        await self._heartbeat.start()
        if self._database.shared:
            await self._signals.look()  # the others share the bot's budget with us from now on
        self._claiming = self._tasks.start(self._claim_for_ever(), name="claim turns")
        self._alarm.ring_in(JOIN_WAIT)  # a question may still wait for its rest
        self._alarm.ring()

    async def close(self, grace: float) -> None:
        """Claim no more; give what runs `grace` seconds, and hand the rest to whoever starts next."""
        if self._claiming is not None:
            self._claiming.cancel()
            await asyncio.wait([self._claiming])
        await self._runner.close(grace)
        await self._heartbeat.close()
        try:
            async with asyncio.timeout(HAND_OVER_TIMEOUT):
                await self._hand_over()
        except (StorageUnavailable, TimeoutError) as error:
            logger.warning("Turns are left for the next start: %s", error)

    def stop_here(self, turn: int) -> None:
        """Stop a turn if it runs in this process, at once."""
        self._running.stop(turn)

    @property
    def claimant(self) -> Claimant | None:
        """The claim of this process, where it may begin a question at once; None: others may be before it."""
        if self._closing or not self._running.may_begin_at_once(beside=CLAIM_BATCH):
            return None
        return Claimant(self.partitioning, self._running.timing.lease_duration, self._running.company)

    def begin_claimed(self, claimed: ClaimedTurn) -> None:
        """Once the transaction is committed, begin what it has claimed."""
        since = self._running.timing.clock()
        self._database.after_commit(lambda: self._begin_or_give_back(claimed, since))

    async def begin_soon(self, chat: int | None = None, *, again_in: float = 0.0) -> None:
        """Once the transaction is committed, claim what is new in a chat: where it is at home, in time elsewhere.

        `again_in`: seconds until which one of them may still wait, so that it is looked for once more; 0: none does.
        """
        home = None if chat is None else self.partitioning.of(chat)
        elsewhere = home not in {None, self.partitioning.me}
        if not elsewhere:
            self._database.after_commit(self._alarm.ring)
        if again_in:
            self._database.after_commit(lambda: self._alarm.ring_in(again_in))
        if self._database.shared and (elsewhere or self._running.free <= 0):
            await self._signals.claim(home)

    def signal(self, turn: int, signal: Signal | None) -> None:
        """Do what a person wants of a turn; None: it is gone."""
        self._running.signal(turn, signal)

    def look_for_turns(self, home: str | None) -> None:
        """Look for what may begin here now, and for what may begin here because nobody else has taken it."""
        if home in {None, self.partitioning.me}:
            self._alarm.ring()
        if self._database.shared:
            self._alarm.ring_in(STEAL_DELAY)

    def look_for_replicas(self) -> None:
        """See who lives: somebody came or went."""
        self._heartbeat.wake()

    def something_missed(self) -> None:
        """Look for everything."""
        self._heartbeat.wake()
        self._alarm.ring()

    @property
    def _closing(self) -> bool:
        return self._claiming is None or self._claiming.done()

    def _begin_or_give_back(self, claimed: ClaimedTurn, since: float) -> None:
        if not self._closing and self._running.free > 0:
            self._runner.begin(claimed, since)
        else:
            self._runner.give_back(claimed.lease)

    async def _hand_over(self) -> None:
        async with self._database.transaction():
            left = await self._membership.leave()
            if self._database.shared:
                await self._signals.look()
        if left:
            logger.info("%d turns are left for the next start", left)

    async def _claim_for_ever(self) -> None:
        while True:
            await self._alarm.wait()
            try:
                await self._runner.settle_old()
                await self._claim()
            except StorageUnavailable:
                self._alarm.ring_in(STORE_RETRY_DELAY)
            except Exception:
                logger.exception("No turn could be claimed")
                self._alarm.ring_in(STORE_RETRY_DELAY)

    async def _claim(self) -> None:
        timing = self._running.timing
        while (free := min(self._running.free, CLAIM_BATCH)) > 0:
            claimed_at = timing.clock()
            with self._running.claiming():
                claimed = await self._queue.claim(
                    self._membership.bot,
                    self.partitioning,
                    limit=free,
                    lease_duration=timing.lease_duration,
                    allow_poison_candidates=not self._running.has_poison_candidate,
                    company=self._running.company,
                )
                for one in claimed:
                    self._runner.begin(one, claimed_at)
            if len(claimed) < free and not any(one.is_poison_candidate for one in claimed):
                return
