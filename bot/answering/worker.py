"""The engine in each process: claims turns in order, renews its claims, stops, restarts and hands turns over."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from bot.answering.heartbeat import RETRY, Heartbeat, RunningTurns, WorkerTiming
from bot.answering.turn_context import TurnContext
from bot.errors import LeaseLost, StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.turn_queue.claims import STEAL_DELAY, ClaimedTurn, Lease, Signal, TurnRepository
from bot.storage.turn_queue.enqueue import PASTE_WAIT, Claimant
from bot.streaming.message_writer import SEND_GRACE

logger = logging.getLogger(__name__)

CLAIM_BATCH = 16
"""Turns claimed in one transaction."""
CANCEL_TIMEOUT = SEND_GRACE + 0.5
"""Seconds that cancelled work has to end: a send under way gets its time, and its id is still stored."""
HAND_OVER_TIMEOUT = 1.5
"""Seconds that handing over may take where the database is slow."""
CHANNEL = "turns"

Work = Callable[[TurnContext], Awaitable[None]]
Settle = Callable[[TurnContext, BaseException | None], Awaitable[float | None]]
"""Sees to it that a turn whose work has ended is finished, or waits again: then for so many seconds."""


@dataclass(slots=True)
class _ClaimedJob:
    running: TurnContext
    worker: asyncio.Task[None]
    is_poison_candidate: bool

    def lose(self) -> None:
        """End the work without a trace: the turn is not ours any more, or starts over."""
        self.running.lose()
        self.worker.cancel()


class Worker:
    """Runs `work` for each turn that it claims, and `settle` after it. At most `room` run at once."""

    def __init__(
        self,
        database: Database,
        table: TurnRepository,
        conversations: ConversationRepository,
        tasks: TaskSupervisor,
        work: Work,
        settle: Settle,
        *,
        bot: int,
        replica: str,
        room: int,
        timing: WorkerTiming,
    ) -> None:
        self._database = database
        self._table = table
        self._conversations = conversations
        self._tasks = tasks
        self._work = work
        self._settle = settle
        self._bot = bot
        self._room = room
        self._timing = timing
        self._replicas = Heartbeat(
            database,
            table,
            tasks,
            bot=bot,
            replica=replica,
            owner=f"{replica}/{uuid4().hex[:12]}",
            timing=timing,
            running=lambda: {turn: job.running for turn, job in self._jobs.items()},
            renewed=self._renewed,
            on_takeover=self._look_again,
        )
        self._jobs: dict[int, _ClaimedJob] = {}
        self._supervisors: set[asyncio.Task[None]] = set()
        self._unsettled: list[tuple[Lease, bool]] = []
        self._early: dict[int, Signal | None] | None = None
        self._resting = 0
        self._wake = asyncio.Event()
        self._claiming: asyncio.Task[None] | None = None

    @property
    def running(self) -> list[TurnContext]:
        """The turns that this process runs."""
        return [job.running for job in self._jobs.values()]

    @property
    def partitioning(self) -> ChatPartitioning:
        """Who lives with this bot and database, and whose chats are whose."""
        return self._replicas.partitioning

    def on_replicas(self, changed: Callable[[int], None]) -> None:
        """Call `changed` whenever another number of processes lives."""
        self._replicas.on_change = changed

    async def start(self) -> None:
        """Take back what this replica left when it died, and begin to claim."""
        self._database.listen(CHANNEL, self._heard)
        await self._replicas.start()
        if self._database.shared:
            await self._say("look")  # the others share the bot's budget with us from now on
        self._claiming = self._tasks.start(self._claim_for_ever(), name="claim turns")
        self.wake_in(PASTE_WAIT)  # a question may still wait for its rest
        self._wake.set()

    async def close(self, grace: float) -> None:
        """Claim no more; give what runs `grace` seconds, and hand the rest to whoever starts next."""
        await _end(self._claiming)
        if self._supervisors and grace > 0:
            await asyncio.wait(self._supervisors, timeout=grace)
        for job in self._jobs.values():
            job.worker.cancel()
        if self._supervisors:
            await asyncio.wait(self._supervisors, timeout=CANCEL_TIMEOUT)
        await self._replicas.close()
        try:
            async with asyncio.timeout(HAND_OVER_TIMEOUT):
                await self._hand_over()
        except (StorageUnavailable, TimeoutError) as error:
            logger.warning("Turns are left for the next start: %s", error)

    def stop_here(self, turn: int) -> None:
        """Stop a turn if it runs in this process, at once."""
        job = self._jobs.get(turn)
        if job is not None:
            job.running.stop()

    @property
    def claimant(self) -> Claimant | None:
        """Who may begin a question at once. None: no room, or others may be before it."""
        looking = self._wake.is_set() or self._early is not None
        if self._claiming is None or self._claiming.done() or looking or self._free() <= 0:
            return None
        return Claimant(self.partitioning, self._timing.lease_duration)

    def begin_claimed(self, claimed: ClaimedTurn) -> None:
        """Once the transaction is committed, begin what it has claimed."""
        since = self._timing.clock()
        self._database.after_commit(lambda: self._begin_or_release(claimed, since))

    def _begin_or_release(self, claimed: ClaimedTurn, since: float) -> None:
        closing = self._claiming is None or self._claiming.done()
        if not closing and self._free() > 0:
            self._begin(claimed, since)
            return
        self._unsettled.append((Lease(claimed.turn.id, self.partitioning.me, claimed.turn.attempt), False))
        self._wake.set()

    async def begin_soon(self, chat: int | None = None) -> None:
        """Once the transaction is committed, claim what is new in a chat: where it is at home, in time elsewhere."""
        self._database.after_commit(self._wake.set)
        elsewhere = chat is not None and self.partitioning.of(chat) != self.partitioning.me
        if self._database.shared and (elsewhere or self._free() <= 0):
            await self._say("claim")
            self._database.after_commit(lambda: self.wake_in(STEAL_DELAY))

    async def tell(self, turn: int, signal: Signal | None) -> None:
        """Tell whoever runs a turn; None: it is gone."""
        self._database.after_commit(lambda: self._signal(turn, signal))
        if self._database.shared and turn not in self._jobs:
            await self._say(signal.value if signal else "drop", turn)

    async def _say(self, what: str, turn: int = 0) -> None:
        await self._database.notify(CHANNEL, json.dumps({"bot": self._bot, "do": what, "turn": turn}))

    def _heard(self, payload: str) -> None:
        """Another process, or this one, has said something; "" after something may have been missed."""
        if not payload:
            self._replicas.wake()
            self._wake.set()
            return
        said = json.loads(payload)
        if said["bot"] != self._bot:
            return
        if said["do"] == "claim":
            self._look_again()
        elif said["do"] == "look":
            self._replicas.wake()
        else:
            self._signal(said["turn"], None if said["do"] == "drop" else Signal(said["do"]))

    def _signal(self, turn: int, signal: Signal | None) -> None:
        job = self._jobs.get(turn)
        if job is None:
            if self._early is not None:  # it may be just being claimed
                self._early[turn] = signal
        elif signal is Signal.STOP:
            job.running.stop()
        else:
            job.lose()

    def _free(self) -> int:
        return self._room - len(self._jobs) + self._resting

    def _look_again(self) -> None:
        """Look for what may begin here now, and for what may begin here because nobody else has taken it."""
        self._wake.set()
        if self._database.shared:
            self.wake_in(STEAL_DELAY)

    def wake_in(self, seconds: float) -> None:
        """Look for turns to claim in a while: one waits until then."""
        asyncio.get_running_loop().call_later(seconds + 0.01, self._wake.set)

    async def _hand_over(self) -> None:
        async with self._database.transaction():
            left = await self._table.take_back(self._bot, owner=self.partitioning.me)
            await self._table.sign_off(self._bot, self.partitioning.me)
            if self._database.shared:
                await self._say("look")
        if left:
            logger.info("%d turns are left for the next start", left)

    def _deadline(self, since: float) -> float:
        return self._timing.deadline(since) if self._database.shared else math.inf

    def _rest(self, change: int) -> None:
        self._resting += change
        self._wake.set()

    async def _claim_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._settle_old()
                await self._claim()
            except StorageUnavailable:
                self.wake_in(RETRY)
            except Exception:
                logger.exception("No turn could be claimed")
                self.wake_in(RETRY)

    async def _claim(self) -> None:
        while (free := min(self._free(), CLAIM_BATCH)) > 0:
            self._early = {}
            claimed_at = self._timing.clock()
            try:
                allow_poison_candidates = not any(job.is_poison_candidate for job in self._jobs.values())
                claimed = await self._table.claim(
                    self._bot,
                    self.partitioning,
                    limit=free,
                    lease_duration=self._timing.lease_duration,
                    allow_poison_candidates=allow_poison_candidates,
                )
                for one in claimed:
                    self._begin(one, claimed_at)
                for turn, signal in self._early.items():
                    if turn in self._jobs:
                        self._signal(turn, signal)
            finally:
                self._early = None
            if len(claimed) < free and not any(one.is_poison_candidate for one in claimed):
                return

    def _begin(self, claimed: ClaimedTurn, claimed_at: float) -> None:
        turn = claimed.turn
        running = TurnContext(
            claimed,
            table=self._table,
            conversations=self._conversations,
            start=self._tasks.start,
            owner=self.partitioning.me,
            deadline=self._deadline(claimed_at),
            clock=self._timing.clock,
            resting=self._rest,
        )
        before = self._jobs.get(turn.id)
        if before is not None:  # lost to another process, which has given it back already
            before.lose()
        worker = self._tasks.start(self._do(running), name=f"turn {turn.id}", awaited=True)
        job = self._jobs[turn.id] = _ClaimedJob(running, worker, claimed.is_poison_candidate)
        supervisor = self._tasks.start(self._supervise(job), name=f"mind turn {turn.id}")
        self._supervisors.add(supervisor)
        supervisor.add_done_callback(self._supervisors.discard)

    async def _do(self, running: TurnContext) -> None:
        await self._work(running)

    async def _supervise(self, job: _ClaimedJob) -> None:
        """Wait for a turn's worker and see to it that the turn is finished, or waits again."""
        lease = job.running.lease
        await asyncio.wait([job.worker])
        try:
            await self._settle_job(job)
        except LeaseLost:
            logger.debug("turn %d is not ours any more, or is to start over", lease.turn)
            self._unsettled.append((lease, False))  # does nothing where it is not ours
        except StorageUnavailable:
            self._unsettled.append((lease, False))
            self.wake_in(RETRY)
        except Exception:
            logger.exception("turn %d could not be settled", lease.turn)
            self._unsettled.append((lease, True))
            self.wake_in(RETRY)
        finally:
            if self._jobs.get(lease.turn) is job:
                del self._jobs[lease.turn]
            self._wake.set()

    async def _settle_job(self, job: _ClaimedJob) -> None:
        error = None if job.worker.cancelled() else job.worker.exception()
        if job.running.finished:
            if error is not None:
                logger.error(
                    "turn %d is finished, but what came after it failed", job.running.lease.turn, exc_info=error
                )
            return
        if job.worker.cancelled() or isinstance(error, LeaseLost):
            await self._table.release(job.running.lease)  # does nothing where it is not ours
            return
        again_after = await self._settle(job.running, error)
        if again_after is not None:
            self.wake_in(again_after)

    async def _settle_old(self) -> None:
        """Queue the turns whose end could not be stored when it came."""
        while self._unsettled:
            lease, counts = self._unsettled[0]
            await self._table.release(lease, counts=counts)
            del self._unsettled[0]

    def _renewed(self, sent_at: float, ran: RunningTurns, renewed: Mapping[int, Signal | None]) -> None:
        """What still is ours lasts longer; what is not ends without a trace."""
        for turn, running in ran.items():
            job = self._jobs.get(turn)
            if job is None or job.running is not running or running.finished:
                continue
            wanted = renewed.get(turn)
            if turn in renewed:
                running.deadline = self._deadline(sent_at)
            if turn not in renewed or wanted is not None:
                self._signal(turn, wanted)


async def _end(loop: asyncio.Task[None] | None) -> None:
    if loop is not None:
        loop.cancel()
        await asyncio.wait([loop])
