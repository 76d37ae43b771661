"""The life of claimed turns in this process: each is worked on, and settled when its work has ended."""

from __future__ import annotations

import asyncio
import logging

from bot.answering.turns.membership import Membership
from bot.answering.turns.running_turns import ClaimAlarm, RunningJob, RunningTurns
from bot.answering.turns.timing import STORE_RETRY_DELAY
from bot.answering.turns.turn_context import TurnContext, Work
from bot.answering.turns.turn_outcome import TurnOutcome
from bot.errors import LeaseLost, StorageUnavailable
from bot.runtime.log_context import log_fields
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.leases import PROBATION, ClaimedTurn, Lease
from bot.streaming.message_writer import SEND_GRACE

logger = logging.getLogger(__name__)

CANCEL_TIMEOUT = SEND_GRACE + 0.5
"""Seconds that cancelled work has to end: a send under way gets its time, and its id is still stored."""


class TurnRunner:
    """Runs `work` for each claimed turn, and sees to it that the turn is finished, or waits again."""

    def __init__(
        self,
        queue: TurnRepository,
        conversations: ConversationRepository,
        tasks: TaskSupervisor,
        work: Work,
        outcome: TurnOutcome,
        running: RunningTurns,
        alarm: ClaimAlarm,
        membership: Membership,
    ) -> None:
        self._queue = queue
        self._conversations = conversations
        self._tasks = tasks
        self._work = work
        self._outcome = outcome
        self._running = running
        self._alarm = alarm
        self._membership = membership
        self._supervisors: set[asyncio.Task[None]] = set()
        self._unsettled: list[tuple[Lease, bool]] = []

    def begin(self, claimed: ClaimedTurn, claimed_at: float) -> None:
        """Begin to work on a turn; `claimed_at` is when its claim was sent, by the clock of the timing."""
        context = TurnContext(
            claimed,
            table=self._queue,
            conversations=self._conversations,
            start=self._tasks.start,
            deadline=self._running.deadline(claimed_at),
            clock=self._running.timing.clock,
            resting=self._running.rest,
            written_by_others=self._membership.written_by_others,
        )
        task = self._tasks.start(_do(self._work, context), name=f"turn {claimed.turn.id}", awaited=True)
        job = RunningJob(context, task, claimed.is_poison_candidate, claimed.suspect)
        self._running.add(job)
        supervisor = self._tasks.start(self._supervise(job), name=f"supervise turn {claimed.turn.id}")
        self._supervisors.add(supervisor)
        supervisor.add_done_callback(self._supervisors.discard)

    def give_back(self, lease: Lease) -> None:
        """Queue a claimed turn again with the next look: it does not begin here."""
        self._unsettled.append((lease, False))
        self._alarm.ring()

    async def close(self, grace: float) -> None:
        """Give what runs `grace` seconds, then cancel it and wait until that is stored."""
        if self._supervisors and grace > 0:
            await asyncio.wait(self._supervisors, timeout=grace)
        for job in self._running.jobs:
            job.task.cancel()
        if self._supervisors:
            await asyncio.wait(self._supervisors, timeout=CANCEL_TIMEOUT)

    async def settle_old(self) -> None:
        """Queue the turns whose end could not be stored when it came. Raises StorageUnavailable."""
        while self._unsettled:
            lease, counts = self._unsettled[0]
            await self._queue.release(lease, counts=counts)
            del self._unsettled[0]

    async def _supervise(self, job: RunningJob) -> None:
        lease = job.context.lease
        await asyncio.wait([job.task], timeout=PROBATION)
        try:
            if not job.task.done():
                await self._acquit(job)
                await asyncio.wait([job.task])
            await self._settle(job)
        except LeaseLost:
            logger.debug("turn %d is not ours any more, or is to start over", lease.turn)
            self._unsettled.append((lease, False))  # does nothing where it is not ours
        except StorageUnavailable:
            self._unsettled.append((lease, False))
            self._alarm.ring_in(STORE_RETRY_DELAY)
        except Exception:
            logger.exception("turn %d could not be settled", lease.turn)
            self._unsettled.append((lease, True))
            self._alarm.ring_in(STORE_RETRY_DELAY)
        finally:
            self._running.remove(job)

    async def _acquit(self, job: RunningJob) -> None:
        """Note that this turn does not kill the process."""
        if job.suspect:
            job.suspect = False
            try:
                await self._queue.acquit(job.context.lease)
            except StorageUnavailable as error:
                logger.warning("turn %d stays under suspicion: %s", job.context.lease.turn, error)

    async def _settle(self, job: RunningJob) -> None:
        error = None if job.task.cancelled() else job.task.exception()
        lease = job.context.lease
        if job.context.finished:
            if error is not None:
                logger.error("turn %d is finished, but what came after it failed", lease.turn, exc_info=error)
            return
        if job.task.cancelled() or isinstance(error, LeaseLost):
            await self._queue.release(lease)  # does nothing where it is not ours
            return
        again_after = await self._outcome.settle(job.context, error)
        if again_after is not None:
            self._alarm.ring_in(again_after)


async def _do(work: Work, context: TurnContext) -> None:
    turn = context.turn
    with log_fields(turn=turn.id, chat=turn.key.chat, attempt=turn.attempt):
        await work(context)
