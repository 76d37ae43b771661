"""The gain of the circuit breaker in an outage: requests that the dead server gets, seconds that people wait.

Time is simulated, the rules are the program's own (`ModelHealth`, the tries of an answer and the pauses between them).
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import fmean, median

from bot.answering.generated_answer import MAX_GENERATION_TRIES
from bot.errors import GeneratorBusy, GeneratorProblem, GeneratorRefused, GeneratorSilent, GeneratorUnreachable
from bot.generators.client import GeneratorConfig
from bot.generators.factory import kind_of
from bot.models.catalog import ModelCatalog
from bot.models.entry import ModelEntry
from bot.models.health import ModelHealth
from tests.benchmarks.report import say

OUTAGE = 600.0
"""Seconds for which the server is dead."""
QUESTIONS_PER_MINUTE = 12.0
PAUSES = (1.0, 2.0)
"""Seconds: the longest random pauses before the second and the third request, as `generated_answer` draws them."""


@dataclass(frozen=True)
class Death:
    """A way in which a server fails."""

    name: str
    problem: GeneratorProblem
    seconds: float
    """Until it is known that one request failed."""

    @property
    def tries(self) -> int:
        """Requests for one question."""
        return MAX_GENERATION_TRIES if self.problem.retryable else 1


DEATHS = (
    Death("nobody listens", GeneratorUnreachable(), 0.05),
    Death("it accepts and stays silent", GeneratorSilent(), 60.0),
    Death("every request is answered with 503 after 5 s", GeneratorBusy(), 5.0),
    Death("the key is wrong", GeneratorRefused(), 0.3),
)


@dataclass
class Outage:
    """One outage: questions come at random, the same ones with the breaker and without it."""

    death: Death
    breaker: bool
    now: float = 0.0
    requests: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds from each question until its fallback is asked."""
    _events: list[tuple[float, int, Iterator[float]]] = field(default_factory=list)

    def run(self) -> Outage:
        """Play it to the end of the last question."""
        chance, at = random.Random(1), 0.0  # the same questions each time
        config = GeneratorConfig(kind=kind_of("aura"), url="http://127.0.0.1:1")
        models = ModelCatalog([ModelEntry("a", "", config, fallback="b"), ModelEntry("b", "", config)])
        health = ModelHealth(models, clock=lambda: self.now, report=lambda *_: None)
        while (at := at + chance.expovariate(QUESTIONS_PER_MINUTE / 60)) < OUTAGE:
            pauses = [chance.uniform(0, longest) for longest in PAUSES]
            heapq.heappush(self._events, (at, len(self._events), self._question(health, models.default, pauses)))
        while self._events:
            self.now, number, question = heapq.heappop(self._events)
            if (seconds := next(question, None)) is not None:
                heapq.heappush(self._events, (self.now + seconds, number, question))
        return self

    def _question(self, health: ModelHealth, entry: ModelEntry, pauses: list[float]) -> Iterator[float]:
        """Give the seconds that each step of a question takes, until its fallback is asked."""
        asked = self.now
        if not self.breaker or health.may_ask(entry):
            for number in range(self.death.tries):
                if number:
                    yield pauses[number - 1]
                self.requests += 1
                yield self.death.seconds
            health.failed(entry, self.death.problem)
        self.waits.append(self.now - asked)


def main() -> int:
    """Print the table."""
    say(f"An outage of {OUTAGE:.0f} s, {QUESTIONS_PER_MINUTE:.0f} questions a minute, each with a fallback.\n")
    say("| the server | questions | requests without | with the breaker | mean, median wait without | with |")
    say("|---|---|---|---|---|---|")
    for death in DEATHS:
        without, with_breaker = (Outage(death, breaker=one).run() for one in (False, True))
        counts = f"{len(without.waits)} | {without.requests} | {with_breaker.requests}"
        say(f"| {death.name} | {counts} | {_waits(without)} | {_waits(with_breaker)} |")
    return 0


def _waits(played: Outage) -> str:
    return f"{fmean(played.waits):.1f} s, {median(played.waits):.1f} s"
