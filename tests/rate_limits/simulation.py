"""Answers shown through a real `Scheduler`, on a clock that moves by itself: how late does each character appear?

A strict server, which knows nothing of the scheduler, counts every arrival. The floor is what somebody could reach who
knows the whole stream beforehand: as many changes as the budgets allow by its end, spread as well as can be.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from bot.rate_limits.limits import DRAFTS, GROUP, PRIVATE_CHAT, WHOLE_BOT, BucketLimit, TieredLimit, WindowLimit
from bot.rate_limits.requests import Priority, ReplyStream, Reservation, Resource
from bot.rate_limits.scheduler import Scheduler
from playground.bot_api.budgets import Budgets
from playground.bot_api.budgets import CallCost as ServerCost

FIRST_AFTER, FIRST_AFTER_IN_GROUPS = 0.1, 0.25
"""Seconds for which the first words are gathered."""


@dataclass
class Answer:
    """One answer: when it begins, for how long it is written, evenly, and where."""

    chat: int
    begins: float
    lasts: float
    pieces: int = 400
    draft: bool = False
    message: int = 1_000_000
    """Pieces that fill a message."""
    written: list[float] = field(default_factory=list)
    shown: list[tuple[float, int]] = field(default_factory=list)
    """When how many pieces were visible."""
    complete: float = 0.0

    def __post_init__(self) -> None:
        self.written = [self.begins + self.lasts * (piece + 1) / self.pieces for piece in range(self.pieces)]

    @property
    def ends(self) -> float:
        return self.written[-1]

    def mean_delay(self) -> float:
        total, so_far = 0.0, 0
        for at, pieces in self.shown:
            for written in self.written[so_far:pieces]:
                total += at - written
            so_far = max(so_far, pieces)
        assert so_far == self.pieces
        return total / self.pieces

    def late(self) -> float:
        """Seconds from the last piece to the complete answer."""
        return self.complete - self.ends


class Simulation:
    """A world of answers, one scheduler, one strict server; every call takes `trip` seconds there and back."""

    def __init__(self, *, trip: Callable[[], float] = lambda: 0.05, patient_edits: bool = True) -> None:
        self.now = 1000.0
        self.scheduler = Scheduler(self.now, patient_edits=patient_edits)
        self._patient = patient_edits
        self.server = Budgets(strict=True)
        self.refused = 0
        self.calls = 0
        self.made: list[float] = []
        """When each call was made."""
        self._trip = trip
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._waiting: dict[Reservation, Callable[[Reservation], None]] = {}
        self._wake = 0.0

    def restart(self) -> None:
        """Go on with another process, which knows nothing; the server counts on."""
        self._events.clear()
        self._waiting.clear()
        self._wake = 0.0
        self.scheduler = Scheduler(self.now, patient_edits=self._patient)

    def at(self, time: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), do))

    def show(self, answer: Answer) -> None:
        shown = _Shown(self, answer)
        self.at(answer.begins, shown.begin)

    def command(self, chat: int, at: float) -> list[float]:
        """An answer to a command; the list gets the time of its arrival."""
        arrived: list[float] = []

        def ask() -> None:
            self.ask(
                chat,
                Priority.ANSWER,
                Resource.MESSAGE,
                None,
                lambda reservation: self.call(reservation, arrived.append),
            )

        self.at(at, ask)
        return arrived

    def ask(
        self,
        chat: int,
        priority: Priority,
        resource: Resource,
        stream: ReplyStream | None,
        then: Callable[[Reservation], None],
    ) -> Reservation:
        reservation = self.scheduler.request(chat, priority, resource, self.now, stream)
        self._waiting[reservation] = then
        return reservation

    def call(
        self, reservation: Reservation, arrived: Callable[[float], None], then: Callable[[], None] = lambda: None
    ) -> None:
        """Make the call of a granted ticket."""
        there, back = self._trip() / 2, self._trip() / 2
        self.calls += 1
        self.made.append(self.now)

        def arrive() -> None:
            cost = ServerCost.DRAFT if reservation.resource is Resource.DRAFT else ServerCost.MESSAGE
            if self.server.admit(cost, reservation.chat, self.now):
                self.refused += 1
            arrived(self.now)

        def answered() -> None:
            self.scheduler.answered(reservation, self.now)
            then()

        self.at(self.now + there, arrive)
        self.at(self.now + there + back, answered)

    def run(self, until: float = 1e9) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, do = heapq.heappop(self._events)
            do()
            for reservation in self.scheduler.grants(self.now):
                self._waiting.pop(reservation)(reservation)
            wake = self.scheduler.wake_at(self.now)
            if wake is not None and (wake < self._wake or self._wake <= self.now):
                self._wake = wake
                self.at(max(wake, self.now), lambda: None)


class _Shown:
    """What a surface does, in miniature."""

    def __init__(self, simulation: Simulation, answer: Answer) -> None:
        self.simulation, self.answer = simulation, answer
        self.reservation: Reservation | None = None
        self.busy = False
        self.sent = 0
        self.message = 0
        """Where the current message begins."""
        self.must_send = True

    @property
    def full_at(self) -> int:
        return self.message + self.answer.message

    def begin(self) -> None:
        answer, simulation = self.answer, self.simulation
        self.stream = simulation.scheduler.open(answer.chat, simulation.now)
        gathering = FIRST_AFTER_IN_GROUPS if answer.chat < 0 else FIRST_AFTER
        first = 0.0 if answer.draft else min(gathering, answer.lasts)
        simulation.at(max(answer.written[0], answer.begins + first), self.look)
        simulation.at(answer.ends, self.end)

    def come(self) -> int:
        return bisect_right(self.answer.written, self.simulation.now)

    def look(self) -> None:
        """Ask for a slot if there is something new."""
        answer, simulation = self.answer, self.simulation
        if self.busy or self.reservation is not None or answer.complete:
            return
        ended = simulation.now >= answer.ends
        if self.come() > self.sent or ended:
            full = self.come() > self.full_at
            drafting = answer.draft and not ended and not full
            first = self.sent == 0 if drafting else self.must_send
            kind = Priority.FINAL if ended else Priority.FIRST if first else Priority.CHANGE
            self.tell()
            cost = Resource.DRAFT if drafting else Resource.MESSAGE
            self.reservation = simulation.ask(answer.chat, kind, cost, self.stream, self.go)
        else:
            simulation.at(answer.written[self.sent], self.look)

    def tell(self) -> None:
        """Say what the end will need, and when another message will."""
        answer, simulation = self.answer, self.simulation
        pending = max(0, self.come() - self.message - 1) // answer.message
        fills = answer.message * answer.lasts / answer.pieces
        full = answer.begins + self.full_at * answer.lasts / answer.pieces
        simulation.scheduler.need(self.stream, max(1, pending), simulation.now, full_at=full, fills=fills)

    def end(self) -> None:
        if self.reservation is None:
            self.look()
        elif self.reservation.resource is Resource.DRAFT:
            self.simulation.scheduler.withdraw(self.reservation, self.simulation.now)
            self.simulation._waiting.pop(self.reservation)
            self.reservation = None
            self.look()
        else:
            self.simulation.scheduler.hurry(self.reservation, Priority.FINAL, self.simulation.now)

    def go(self, reservation: Reservation) -> None:
        answer, simulation = self.answer, self.simulation
        self.reservation, self.busy = None, True
        come, full = self.come(), self.come() > self.full_at
        last = simulation.now >= answer.ends and not full
        if reservation.resource is Resource.DRAFT and full:
            simulation.scheduler.withdraw(reservation, simulation.now)
            self.busy = False
            self.look()
            return
        self.sent = sent = min(come, self.full_at)
        if reservation.resource is Resource.MESSAGE:
            self.must_send = full
        if full:
            self.message = self.full_at

        def arrived(at: float) -> None:
            answer.shown.append((at, sent))
            if last:
                answer.complete = at

        def then() -> None:
            self.busy = False
            if last:
                simulation.scheduler.close(self.stream, simulation.now)
            else:
                self.look()

        simulation.call(reservation, arrived, then)


def most_changes(
    budget: BucketLimit | WindowLimit | TieredLimit, seconds: float, *, sharing: int = 1, bot: BucketLimit = WHOLE_BOT
) -> int:
    """How many evenly spaced changes one of several equal answers can have, the last of them at its end."""

    def fits(changes: int) -> bool:
        after_first = seconds - seconds / changes  # a full bucket fills no further before the first change
        fair = (bot.burst + bot.per_second * after_first) / sharing
        if isinstance(budget, BucketLimit):
            return changes <= min(budget.burst + budget.per_second * after_first, fair) + 1e-9
        if isinstance(budget, TieredLimit):
            windows = (budget.short, budget.long)
            return changes <= min(window.count * max(1.0, after_first / window.seconds) for window in windows) + 1e-9
        return changes <= min(budget.count * max(1.0, after_first / budget.seconds), fair) + 1e-9

    changes = 1
    while fits(changes + 1):
        changes += 1
    return changes


def floor(answer: Answer, *, sharing: int = 1) -> float:
    """The least mean delay of an even stream: as many changes as the budgets allow, evenly spaced."""
    budget: BucketLimit | WindowLimit | TieredLimit = (
        DRAFTS if answer.draft else GROUP if answer.chat < 0 else PRIVATE_CHAT
    )
    changes = most_changes(budget, answer.lasts, sharing=sharing)
    return answer.lasts / (2 * (changes + answer.draft))  # a draft ends with a message, of another budget


def exact_floor(written: Sequence[float], capacity: Callable[[float], float], *, grid: float) -> float:
    """The same for any stream, by dynamic programming over the times of changes on a grid."""
    begin, end = 0.0, max(written)
    steps = round((end - begin) / grid)
    times = [begin + grid * step for step in range(steps + 1)]
    index = [bisect_right(written, time + 1e-9) for time in times]
    sums = [0.0]
    for time in written:
        sums.append(sums[-1] + time)

    def cost(first: int, last: int) -> float:
        number = index[last] - index[first]
        return number * times[last] - (sums[index[last]] - sums[index[first]])

    best = [cost(0, step) if capacity(times[step]) >= 1 else float("inf") for step in range(steps + 1)]
    answer = best[steps]
    for change in range(2, int(capacity(end)) + 1):
        best = [
            min((best[before] + cost(before, step) for before in range(step)), default=float("inf"))
            if capacity(times[step]) >= change
            else float("inf")
            for step in range(steps + 1)
        ]
        answer = min(answer, best[steps])
    return answer / len(written)
