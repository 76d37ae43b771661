"""The health of the models: which to ask for an answer, in which order, and which to leave alone."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.errors import (
    GeneratorBroken,
    GeneratorBusy,
    GeneratorProblem,
    GeneratorRefused,
    GeneratorSilent,
    GeneratorUnreachable,
)
from bot.models.breaker import CircuitBreaker
from bot.models.catalog import ChosenModel, ModelCatalog
from bot.models.entry import ModelEntry

logger = logging.getLogger(__name__)

MAX_BUSY_WAIT = 20.0
"""Seconds: a model that says it is busy for longer has failed."""
Report = Callable[[ModelEntry, GeneratorProblem], None]
"""Takes a model that is left alone from now on, and why."""

_FAULTS = (GeneratorUnreachable, GeneratorSilent, GeneratorBusy, GeneratorBroken, GeneratorRefused)


def is_models_fault(problem: GeneratorProblem) -> bool:
    """Tell whether another model might well have answered: the question itself is not what is wrong."""
    return isinstance(problem, _FAULTS)


class ModelHealth:
    """A circuit breaker for each entry of `models.toml`; the environment's one entry is always asked.

    `clock` is monotonic, in seconds. Each process has its own view.
    """

    def __init__(self, models: ModelCatalog, *, clock: Callable[[], float], report: Report) -> None:
        self._models = models
        self._clock = clock
        self._report = report
        self._breakers: dict[str, CircuitBreaker] = {}

    def candidates(self, chosen: ChosenModel) -> list[ChosenModel]:
        """Give the chosen model and its fallbacks, in order, without those that may loop."""
        found, entry = [chosen], chosen.entry
        while entry.fallback:
            follower = self._models.find(entry.fallback)
            if follower is None or any(one.entry.id == follower.id for one in found):
                break
            found.append(ChosenModel(follower, follower.config.model))
            entry = follower
        return found

    def may_ask(self, entry: ModelEntry) -> bool:
        """Tell whether to ask a model now, or leave it alone. Who is told so reports how it went."""
        return not entry.id or self._breaker(entry).may_ask(self._clock())

    def failed(self, entry: ModelEntry, problem: GeneratorProblem) -> None:
        """Note a model's failure; a question's own problem is none."""
        if not entry.id:
            return
        if not is_models_fault(problem):
            self._breaker(entry).left()
            return
        wait = problem.retry_after if isinstance(problem, GeneratorBusy) else None
        long = wait if wait is not None and wait > MAX_BUSY_WAIT else None
        change = self._breaker(entry).failed(self._clock(), pause=long, at_once=isinstance(problem, GeneratorRefused))
        if change is not None:
            logger.error("model [%s] fails and is left alone for a while: %s", entry.id, problem)
            self._report(entry, problem)

    def answered(self, entry: ModelEntry) -> None:
        """Note a model's answer."""
        if entry.id and self._breaker(entry).answered() is not None:
            logger.warning("model [%s] answers again", entry.id)

    def left(self, entry: ModelEntry) -> None:
        """Note that nobody waits for a model's answer any more."""
        if entry.id:
            self._breaker(entry).left()

    def _breaker(self, entry: ModelEntry) -> CircuitBreaker:
        return self._breakers.setdefault(entry.id, CircuitBreaker())
