"""The turns that this process runs: how many more fit, what people want of them, and how long their leases last."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bot.answering.turns.timing import WorkerTiming
from bot.answering.turns.turn_context import TurnContext
from bot.storage.turn_queue.leases import Company, Signal

ALARM_STEP = 0.05
"""Seconds: looks that are due within one step are one look, however many turns they are for."""


@dataclass(slots=True)
class RunningJob:
    """A claimed turn and the task that works on it."""

    context: TurnContext
    task: asyncio.Task[None]
    is_poison_candidate: bool
    suspect: bool = False
    """It began alone, and nothing has begun beside it yet."""

    def lose(self, *, restarts: bool = False) -> None:
        """End the work: the turn is not ours any more, or `restarts`, in the messages that it has sent."""
        self.context.lose(restarts=restarts)
        self.task.cancel()


class ClaimAlarm:
    """Tells the claiming loop when to look for turns."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._steps: set[int] = set()

    @property
    def is_set(self) -> bool:
        """True where a look is due."""
        return self._event.is_set()

    def ring(self) -> None:
        """Have the loop look now."""
        self._event.set()

    def ring_in(self, seconds: float) -> None:
        """Have the loop look after some seconds, at most `ALARM_STEP` later: a turn waits until then."""
        loop = asyncio.get_running_loop()
        step = math.floor((loop.time() + seconds) / ALARM_STEP) + 1
        if step not in self._steps:
            self._steps.add(step)
            loop.call_at(step * ALARM_STEP, self._ring_at, step)

    def _ring_at(self, step: int) -> None:
        self._steps.discard(step)
        self._event.set()

    async def wait(self) -> None:
        """Wait until a look is due, and take the alarm back."""
        await self._event.wait()
        self._event.clear()


class RunningTurns:
    """Jobs by the ids of their turns. At most `room` count at once; those that rest do not.

    `leased`: leases end unless they are renewed, because other processes share the database.
    """

    def __init__(self, *, room: int, leased: bool, timing: WorkerTiming, alarm: ClaimAlarm) -> None:
        self._room = room
        self._leased = leased
        self._alarm = alarm
        self._jobs: dict[int, RunningJob] = {}
        self._resting = 0
        self._early: dict[int, Signal | None] | None = None
        self.timing = timing

    def __contains__(self, turn: int) -> bool:
        return turn in self._jobs

    @property
    def jobs(self) -> list[RunningJob]:
        """Every job, in the order in which they began."""
        return list(self._jobs.values())

    @property
    def free(self) -> int:
        """Places that are left."""
        return self._room - len(self._jobs) + self._resting

    def may_begin_at_once(self, *, beside: int) -> bool:
        """Tell whether there is a place that nothing needs which waits: `beside` may be about to be claimed.

        Not where a turn that begins now might count as alone: what is being claimed will run beside it.
        """
        if self._early is None and not self._alarm.is_set:
            return self.free > 0
        return self.free > beside and not (self.company.nobody or self.company.suspect)

    @property
    def has_poison_candidate(self) -> bool:
        """True where one of them has its last chance."""
        return any(job.is_poison_candidate for job in self._jobs.values())

    @property
    def company(self) -> Company:
        """The company that a turn claimed now would find here."""
        return Company(nobody=not self._jobs, suspect=any(job.suspect for job in self._jobs.values()))

    def contexts(self) -> dict[int, TurnContext]:
        """The turns by their ids, as they are now."""
        return {turn: job.context for turn, job in self._jobs.items()}

    def add(self, job: RunningJob) -> None:
        """Count a job that has begun. One of the same turn was lost to another process, which has given it back."""
        turn = job.context.turn.id
        before = self._jobs.get(turn)
        if before is not None:
            before.lose()
        for other in self._jobs.values():
            other.suspect = False
        self._jobs[turn] = job

    def remove(self, job: RunningJob) -> None:
        """Count a job no more."""
        if self._jobs.get(job.context.turn.id) is job:
            del self._jobs[job.context.turn.id]
        self._alarm.ring()

    def rest(self, change: int) -> None:
        """Count one more (1) or one less (-1) that takes no place for now."""
        self._resting += change
        self._alarm.ring()

    def stop(self, turn: int) -> None:
        """Stop a turn if it runs here, at once."""
        if turn in self._jobs:
            self._jobs[turn].context.stop()

    def signal(self, turn: int, signal: Signal | None) -> None:
        """Do what a person wants of a turn; None: it is gone."""
        job = self._jobs.get(turn)
        if job is None:
            if self._early is not None:  # it may be just being claimed
                self._early[turn] = signal
        elif signal is Signal.STOP:
            job.context.stop()
        else:
            job.lose(restarts=signal is Signal.RESTART)

    @contextmanager
    def claiming(self) -> Iterator[None]:
        """Keep the signals for turns that are being claimed in this block; they are obeyed at its end."""
        self._early = {}
        try:
            yield
            early, self._early = self._early, None
            for turn, signal in early.items():
                if turn in self._jobs:
                    self.signal(turn, signal)
        finally:
            self._early = None

    def deadline(self, since: float) -> float:
        """End of a lease of `since` for us, by the clock of `timing`."""
        return self.timing.deadline(since) if self._leased else math.inf

    def renew(self, sent_at: float, ran: Mapping[int, TurnContext], renewed: Mapping[int, Signal | None]) -> None:
        """Extend what is still ours since `sent_at`, with what people want of it; end the rest without a trace."""
        for turn, context in ran.items():
            job = self._jobs.get(turn)
            if job is None or job.context is not context or context.finished:
                continue
            wanted = renewed.get(turn)
            if turn in renewed:
                context.deadline = self.deadline(sent_at)
            if turn not in renewed or wanted is not None:
                self.signal(turn, wanted)
