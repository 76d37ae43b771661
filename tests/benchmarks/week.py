"""A simulated week of a group of 500 people: `python -m tests.benchmarks week`.

The questions of the week are a seeded program; the clock moves by itself. The queue is a model that calls the
program's own rules (rounds, limits); `tests/storage/test_simulated_group.py` holds it against the real store.
"""

from __future__ import annotations

import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.people.limits.question_limits import MINUTE, Allowance
from bot.storage.turn_queue.fairness import round_of_question
from bot.streaming.edited_notice import EDIT_INTERVAL
from handlers.support.refusals import REFUSAL_INTERVAL
from tests.benchmarks.report import say

PEOPLE = 500
DAYS = 7
SEED = 16
DAY = 86_400.0
ACTIVITY = tuple([0.1] * 7 + [0.5, 1.0] + [1.5] * 4 + [1.2] * 4 + [1.8] * 5 + [1.0, 0.4])
"""How lively each hour of a day is."""
MEDIAN_ANSWER, SPREAD_OF_ANSWERS = 8.0, 0.7
"""Seconds of an answer: log-normal."""
MIN_ANSWER, MAX_ANSWER = 2.0, 90.0
PERSON, CHAT = Allowance(20, 0), Allowance(30, 0)
"""The limits of `.env.example`."""
FLOOD = 300.0
"""Seconds for which a flood is felt."""
WAITING, CHAT_WAITING = 5, 50
"""QUESTIONS_WAITING, CHAT_QUESTIONS_WAITING."""


@dataclass(frozen=True, slots=True, order=True)
class Asking:
    """One question of the week."""

    at: float
    person: int
    length: float
    """Seconds that its answer takes."""
    kind: str = "everyday"
    """Everyday life, also `beside` a flood; one of a `crowd`, or of a `flood`."""


@dataclass(slots=True)
class Waiting:
    """A question in the queue, as a row of the table."""

    id: int
    asker: int
    asking: Asking
    round: int = 0
    first: bool = True
    """The asker had nothing else in the queue."""


class Rules(Protocol):
    """The rules of a queue: who is refused, and who is next."""

    def place(self, question: Waiting, queue: Sequence[Waiting]) -> str:
        """Give the question its place. A text: whose limit refuses it."""
        ...

    def order(self, question: Waiting) -> tuple[int, ...]:
        """The least is next."""
        ...


class TurnsBetweenPeople:
    """The rules of the program. The first of a queue is the one that is being answered."""

    def place(self, question: Waiting, queue: Sequence[Waiting]) -> str:
        """Count what waits of a person and of the chat; a new question gets its round."""
        waiting = queue[1:]
        if sum(one.asker == question.asker for one in waiting) >= WAITING:
            return "person"
        question.round = round_of_question(queue, question.asker)  # type: ignore[arg-type]  # rows have these fields
        return "chat" if len(waiting) >= CHAT_WAITING else ""

    def order(self, question: Waiting) -> tuple[int, ...]:
        """Rounds, then the order of asking."""
        return question.round, question.id


class FirstComeFirstServed:
    """One queue for everybody, of which so many may wait."""

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting

    def place(self, question: Waiting, queue: Sequence[Waiting]) -> str:  # noqa: ARG002  # the protocol
        """Count what waits."""
        return "chat" if len(queue[1:]) >= self._waiting else ""

    def order(self, question: Waiting) -> tuple[int, ...]:
        """The order of asking."""
        return (question.id,)


@dataclass(slots=True)
class Week:
    """What came of the questions."""

    asked: int = 0
    waits: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds from asking to the beginning of the answer, of each person."""
    first_waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """The same by the kind of question, of those who had nothing else in the queue when they asked."""
    begun: list[int] = field(default_factory=list)
    """The questions, by their place among all, in the order in which their answers began."""
    refused: Counter[str] = field(default_factory=Counter)
    refused_of: Counter[int] = field(default_factory=Counter)
    """Refusals of each person."""
    messages: int = 0
    """Notices that were sent."""
    edits: int = 0
    """Changes of notices."""


def questions(seed: int = SEED, *, days: int = DAYS) -> list[Asking]:
    """The questions: of everyday life, of thirty people at once, and of somebody who floods the group once a day."""
    chance = random.Random(seed)
    asked: list[Asking] = []
    keenness = [chance.paretovariate(1.2) for _ in range(PEOPLE)]
    for day in range(days):
        for person in range(PEOPLE):
            for _ in range(_poisson(chance, min(6.0, 0.45 * keenness[person]))):
                start = _moment(chance, day)
                asked += _row(chance, person, start, 1 + int(chance.expovariate(0.9)), lambda: chance.uniform(5, 60))
        flood = _moment(chance, day)
        flooding = _row(chance, chance.randrange(PEOPLE), flood, 40, lambda: chance.uniform(0.1, 2.0))
        asked += [replace(one, kind="flood") for one in flooding]
        if day % 2 == 0:
            news = _moment(chance, day)
            asked += [
                Asking(news + chance.uniform(0, 60), person, _length(chance), "crowd")
                for person in chance.sample(range(PEOPLE), 30)
            ]
    floods = sorted({one.at - one.at % FLOOD for one in asked if one.kind == "flood"})
    beside = {start for flood in floods for start in (flood, flood + FLOOD)}
    return sorted(
        replace(one, kind="beside") if one.kind == "everyday" and one.at - one.at % FLOOD in beside else one
        for one in asked
    )


def play(asked: Sequence[Asking], rules: Rules) -> Week:
    """Let the week pass: one answer after another, and whoever asks meanwhile waits or is refused."""
    week = Week(asked=len(asked))
    queue: list[Waiting] = []
    times: dict[int, list[float]] = defaultdict(list)
    everybody: list[float] = []
    told: dict[tuple[str, int], tuple[float, float]] = {}
    free_at = 0.0
    for id_, asking in enumerate(asked):
        free_at = _answer_until(asking.at, queue, free_at, rules, week)
        question = Waiting(id_, asking.person, asking)
        whose = _over_the_limits(asking, times[asking.person], everybody) or rules.place(question, queue)
        if whose:
            week.refused[whose] += 1
            week.refused_of[asking.person] += 1
            _tell(week, told, asking, whose)
            continue
        times[asking.person].append(asking.at)
        everybody.append(asking.at)
        question.first = all(one.asker != question.asker for one in queue)
        queue.append(question)
        if len(queue) == 1:
            free_at = _begin(queue, asking.at, week)
    _answer_until(float("inf"), queue, free_at, rules, week)
    return week


def main() -> int:
    """Print the figures of both kinds of queue."""
    asked = questions()
    people = len({one.person for one in asked})
    say(f"{PEOPLE} people, {DAYS} days, seed {SEED}: {len(asked)} questions of {people} people\n")
    waits = "median, 95 %, unluckiest, beside a flood, in a crowd"
    columns = f"queue, refused, of people, notices, had to wait, {waits}"
    say(f"| {columns.replace(', ', ' | ')} |")
    say("|---|" + "---:|" * columns.count(","))
    for name, rules in RULES.items():
        say(f"| {name} | " + " | ".join(figures(play(asked, rules))) + " |")
    return 0


RULES: dict[str, Rules] = {
    "first come, first served, 5 wait": FirstComeFirstServed(5),
    "first come, first served, 50 wait": FirstComeFirstServed(50),
    "turns between people": TurnsBetweenPeople(),
}
"""The rules that are compared."""


def figures(week: Week) -> Iterator[str]:
    """The columns of the table: refusals, then the waits of those who had nothing else in the queue."""
    everyday = sorted(week.first_waits["everyday"] + week.first_waits["beside"])
    waits = [wait for wait in everyday if wait > 0]
    yield str(week.refused.total())
    yield str(len(week.refused_of))
    yield f"{week.messages}, {week.edits} edits"
    yield f"{len(waits) / len(everyday):.0%}"
    yield f"{statistics.median(waits):.0f} s"
    yield f"{waits[int(len(waits) * 0.95)]:.0f} s"
    yield f"{waits[-1]:.0f} s"
    yield f"{max(week.first_waits['beside']):.0f} s"
    yield f"{max(week.first_waits['crowd']):.0f} s"


def _answer_until(now: float, queue: list[Waiting], free_at: float, rules: Rules, week: Week) -> float:
    while queue and free_at <= now:
        queue.pop(0)
        if not queue:
            break
        queue.sort(key=rules.order)
        free_at = _begin(queue, free_at, week)
    return free_at


def _begin(queue: list[Waiting], now: float, week: Week) -> float:
    """The first of the queue is answered. Gives when that ends."""
    begins = queue[0]
    week.waits[begins.asker].append(now - begins.asking.at)
    if begins.first:
        week.first_waits[begins.asking.kind].append(now - begins.asking.at)
    week.begun.append(begins.id)
    return now + begins.asking.length


def _over_the_limits(asking: Asking, own: list[float], everybody: list[float]) -> str:
    if PERSON.wait(own[-PERSON.per_minute :], asking.at):
        return "person"
    return "chat" if CHAT.wait(everybody[-CHAT.per_minute :], asking.at) else ""


def _tell(week: Week, told: dict[tuple[str, int], tuple[float, float]], asking: Asking, whose: str) -> None:
    """One notice until there is rest for a minute, changed every few seconds at the most."""
    subject = (whose, asking.person if whose == "person" else 0)
    last, edited = told.get(subject, (-MINUTE, 0.0))
    if asking.at - last >= REFUSAL_INTERVAL:
        week.messages += 1
        edited = asking.at
    elif asking.at - edited >= EDIT_INTERVAL:
        week.edits += 1
        edited = asking.at
    told[subject] = (asking.at, edited)


def _row(chance: random.Random, person: int, start: float, count: int, pause: Callable[[], float]) -> list[Asking]:
    row = []
    for _ in range(count):
        row.append(Asking(start, person, _length(chance)))
        start += pause()
    return row


def _moment(chance: random.Random, day: int) -> float:
    hour = chance.choices(range(24), ACTIVITY)[0]
    return day * DAY + (hour + chance.random()) * 3600.0


def _length(chance: random.Random) -> float:
    return min(MAX_ANSWER, max(MIN_ANSWER, MEDIAN_ANSWER * chance.lognormvariate(0.0, SPREAD_OF_ANSWERS)))


def _poisson(chance: random.Random, mean: float) -> int:
    passed, count = chance.expovariate(1.0), 0
    while passed < mean:
        count += 1
        passed += chance.expovariate(1.0)
    return count
