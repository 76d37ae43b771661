"""The engine in each process: claims turns in order, renews its claims, stops, restarts and hands turns over."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from bot.answering.running import Running, steady_clock
from bot.answering.tasks import Tasks
from bot.errors import LeaseLost, StorageUnavailable
from bot.storage.asking import PATIENCE
from bot.storage.conversations import Conversations
from bot.storage.store import Store
from bot.storage.turns import LEASE, Claimed, Hold, Signal, TurnTable

logger = logging.getLogger(__name__)

BEAT = 5.0
"""Seconds between two renewals; PostgreSQL only."""
LONGEST_SEND = 5.0
"""Seconds that a request to Telegram may last: a claim ends that much earlier for us than for its successor."""
RETRY = 1.0
"""Seconds until the database is tried again after it failed."""
AT_ONCE = 16
"""Turns claimed in one transaction."""
END_SECONDS = 2.0
"""Seconds that cancelled work has to end, and as many again for handing it over."""
CHANNEL = "turns"

Work = Callable[[Running], Awaitable[None]]
Settle = Callable[[Running, BaseException | None], Awaitable[float | None]]
"""Sees to it that a turn whose work has ended is finished, or waits again: then for so many seconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The engine's times in seconds; tests make them short."""

    lease: float = LEASE
    beat: float = BEAT
    clock: Callable[[], float] = steady_clock

    def deadline(self, since: float) -> float:
        """When a claim of `since` must not be used any more: a request begun before then ends within the lease."""
        return since + self.lease - min(LONGEST_SEND, self.lease / 3)


@dataclass(slots=True)
class _Job:
    running: Running
    worker: asyncio.Task[None]

    def lose(self) -> None:
        """End the work without a trace: the turn is not ours any more, or starts over."""
        self.running.lose()
        self.worker.cancel()


class Engine:
    """Runs `work` for each turn that it claims, and `settle` after it. At most `room` run at once."""

    def __init__(
        self,
        store: Store,
        table: TurnTable,
        conversations: Conversations,
        tasks: Tasks,
        work: Work,
        settle: Settle,
        *,
        bot: int,
        replica: str,
        room: int,
        pace: Pace,
    ) -> None:
        self._store = store
        self._table = table
        self._conversations = conversations
        self._tasks = tasks
        self._work = work
        self._settle = settle
        self._bot = bot
        self._replica = replica
        self._owner = f"{replica}/{uuid4().hex[:12]}"
        self._room = room
        self._pace = pace
        self._jobs: dict[int, _Job] = {}
        self._minders: set[asyncio.Task[None]] = set()
        self._unsettled: list[tuple[Hold, bool]] = []
        self._early: dict[int, Signal | None] | None = None
        self._resting = 0
        self._wake = asyncio.Event()
        self._beat_now = asyncio.Event()
        self._claiming: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self.replicas = 1
        """How many processes live with this bot and database, this one included."""
        self.on_replicas: Callable[[int], None] = lambda _replicas: None
        """Hears of it whenever that changes."""

    @property
    def running(self) -> list[Running]:
        """The turns that this process runs."""
        return [job.running for job in self._jobs.values()]

    async def start(self) -> None:
        """Take back what this replica left when it died, and begin to claim."""
        self._store.listen(CHANNEL, self._heard)
        await self._take_back()
        self._claiming = self._tasks.start(self._claim_for_ever(), name="claim turns")
        if self._store.shared:
            self._beat_now.set()  # the others share the bot's budget with us from now on
            self._beating = self._tasks.start(self._beat_for_ever(), name="renew turns")
        self.wake_in(PATIENCE)  # a question may still wait for its rest
        self._wake.set()

    async def close(self, grace: float) -> None:
        """Claim no more; give what runs `grace` seconds, and hand the rest to whoever starts next."""
        await _end(self._claiming)
        if self._minders and grace > 0:
            await asyncio.wait(self._minders, timeout=grace)
        for job in self._jobs.values():
            job.worker.cancel()
        if self._minders:
            await asyncio.wait(self._minders, timeout=END_SECONDS)
        await _end(self._beating)
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._hand_over()
        except (StorageUnavailable, TimeoutError) as error:
            logger.warning("Turns are left for the next start: %s", error)

    def stop_here(self, turn: int) -> None:
        """Stop a turn if it runs in this process, at once."""
        job = self._jobs.get(turn)
        if job is not None:
            job.running.stop()

    async def begin_soon(self) -> None:
        """Once the transaction is committed, claim what is new: here, or elsewhere where this process is full."""
        self._store.after_commit(self._wake.set)
        if self._store.shared and self._free() <= 0:
            await self._say("claim")

    async def tell(self, turn: int, signal: Signal | None) -> None:
        """Tell whoever runs a turn; None: it is gone."""
        self._store.after_commit(lambda: self._signal(turn, signal))
        if self._store.shared and turn not in self._jobs:
            await self._say(signal.value if signal else "drop", turn)

    async def _say(self, what: str, turn: int = 0) -> None:
        await self._store.notify(CHANNEL, json.dumps({"bot": self._bot, "do": what, "turn": turn}))

    def _heard(self, payload: str) -> None:
        """Another process, or this one, has said something; "" after something may have been missed."""
        if not payload:
            self._beat_now.set()
            self._wake.set()
            return
        said = json.loads(payload)
        if said["bot"] != self._bot:
            return
        if said["do"] == "claim":
            self._wake.set()
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

    def wake_in(self, seconds: float) -> None:
        """Look for turns to claim in a while: one waits until then."""
        asyncio.get_running_loop().call_later(seconds + 0.01, self._wake.set)

    async def _take_back(self) -> None:
        if not self._store.shared:
            await self._table.take_back(self._bot)
        elif await self._hold_name():
            await self._table.take_back(self._bot, owner=f"{self._replica}/")
        else:
            logger.warning("Another process is called %s as well: give each replica a REPLICA name", self._replica)

    async def _hold_name(self) -> bool:
        """As long as we live nobody of our name takes our turns back."""
        return await self._store.hold(f"replica {self._bot} {self._replica}")

    async def _hand_over(self) -> None:
        async with self._store.transaction():
            left = await self._table.take_back(self._bot, owner=self._owner)
            await self._table.sign_off(self._bot, self._owner)
            if self._store.shared:
                await self._say("claim")
        if left:
            logger.info("%d turns are left for the next start", left)

    def _deadline(self, since: float) -> float:
        return self._pace.deadline(since) if self._store.shared else math.inf

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
        while (free := min(self._free(), AT_ONCE)) > 0:
            self._early = {}
            claimed_at = self._pace.clock()
            try:
                claimed = await self._table.claim(self._bot, self._owner, limit=free, lease=self._pace.lease)
                for one in claimed:
                    self._begin(one, claimed_at)
                for turn, signal in self._early.items():
                    if turn in self._jobs:
                        self._signal(turn, signal)
            finally:
                self._early = None
            if len(claimed) < free:
                return

    def _begin(self, claimed: Claimed, claimed_at: float) -> None:
        turn = claimed.turn
        running = Running(
            claimed,
            table=self._table,
            conversations=self._conversations,
            start=self._tasks.start,
            owner=self._owner,
            deadline=self._deadline(claimed_at),
            clock=self._pace.clock,
            resting=self._rest,
        )
        before = self._jobs.get(turn.id)
        if before is not None:  # lost to another process, which has given it back already
            before.lose()
        worker = self._tasks.start(self._do(running), name=f"turn {turn.id}", awaited=True)
        job = self._jobs[turn.id] = _Job(running, worker)
        minder = self._tasks.start(self._mind(job), name=f"mind turn {turn.id}")
        self._minders.add(minder)
        minder.add_done_callback(self._minders.discard)

    async def _do(self, running: Running) -> None:
        await self._work(running)

    async def _mind(self, job: _Job) -> None:
        """Wait for a turn's worker and see to it that the turn is finished, or waits again."""
        hold = job.running.hold
        await asyncio.wait([job.worker])
        try:
            await self._settle_job(job)
        except LeaseLost:
            logger.debug("turn %d belongs to somebody else now", hold.turn)
        except StorageUnavailable:
            self._unsettled.append((hold, False))
            self.wake_in(RETRY)
        except Exception:
            logger.exception("turn %d could not be settled", hold.turn)
            self._unsettled.append((hold, True))
            self.wake_in(RETRY)
        finally:
            if self._jobs.get(hold.turn) is job:
                del self._jobs[hold.turn]
            self._wake.set()

    async def _settle_job(self, job: _Job) -> None:
        error = None if job.worker.cancelled() else job.worker.exception()
        if job.running.finished:
            return
        if job.worker.cancelled() or isinstance(error, LeaseLost):
            await self._table.release(job.running.hold)  # does nothing where it is not ours
            return
        again_after = await self._settle(job.running, error)
        if again_after is not None:
            self.wake_in(again_after)

    async def _settle_old(self) -> None:
        """Queue the turns whose end could not be stored when it came."""
        while self._unsettled:
            hold, counts = self._unsettled[0]
            await self._table.release(hold, counts=counts)
            del self._unsettled[0]

    async def _beat_for_ever(self) -> None:
        pause = self._pace.beat
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._beat_now.wait()
            except TimeoutError:
                pass
            self._beat_now.clear()
            try:
                await self._beat()
                pause = self._pace.beat
            except StorageUnavailable:
                pause = min(RETRY, self._pace.beat)
            except Exception:
                logger.exception("The claims could not be renewed")
                pause = min(RETRY, self._pace.beat)
            self._wake.set()

    async def _beat(self) -> None:
        """Renew what runs here, see who else lives, and queue what the dead left."""
        sent_at, jobs = self._pace.clock(), list(self._jobs.items())
        async with self._store.transaction(durable=False):
            renewed = await self._table.renew(self._owner, [turn for turn, _ in jobs], lease=self._pace.lease)
            replicas = await self._table.register(self._bot, self._owner, lease=self._pace.lease)
            await self._table.take_over(self._bot)
        if replicas != self.replicas:
            self.replicas = replicas
            self.on_replicas(replicas)
        for turn, job in jobs:
            if turn in renewed:
                job.running.deadline = self._deadline(sent_at)
                if renewed[turn] is not None:
                    self._signal(turn, renewed[turn])
            elif self._jobs.get(turn) is job and not job.running.finished:
                self._signal(turn, None)
        await self._hold_name()


async def _end(loop: asyncio.Task[None] | None) -> None:
    if loop is not None:
        loop.cancel()
        await asyncio.wait([loop])
