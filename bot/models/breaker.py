"""A circuit breaker: leaves a model that keeps failing alone, then asks it once again. Pure; time is passed in."""

from __future__ import annotations

from enum import Enum, auto

MAX_FAILURES = 2
"""Questions in a row that a model fails before it is left alone."""
MIN_PAUSE, MAX_PAUSE = 30.0, 600.0
"""Seconds for which it is left alone, twice as long after each trial that fails."""
TRIAL_TIMEOUT = 120.0
"""Seconds after which a trial that nobody has reported on counts as forgotten."""


class Change(Enum):
    """The changes of a model's state that admins hear about."""

    FAILS = auto()
    WORKS_AGAIN = auto()


class CircuitBreaker:
    """The state of one model: asked as usual, left alone, or on trial. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause = MIN_PAUSE
        self._closed_until = 0.0
        self._trial_until = 0.0
        self.is_open = False
        """The model is left alone, or on trial."""

    def may_ask(self, now: float) -> bool:
        """Tell whether to ask it now. Where it was left alone long enough, the first to be told so tries it."""
        if not self.is_open:
            return True
        if now < self._closed_until or now < self._trial_until:
            return False
        self._trial_until = now + TRIAL_TIMEOUT
        return True

    def failed(self, now: float, *, pause: float | None = None, at_once: bool = False) -> Change | None:
        """Note a failure. `pause` is how long it will fail for certain, `at_once` that it will until somebody acts."""
        self._failures += 1
        self._trial_until = 0.0
        if self.is_open:
            if now >= self._closed_until:  # else it is the echo of a question asked before
                self._pause = min(self._pause * 2, MAX_PAUSE)
                self._closed_until = now + max(self._pause, pause or 0.0)
            return None
        if self._failures < MAX_FAILURES and not at_once and pause is None:
            return None
        self.is_open = True
        self._pause = MIN_PAUSE
        self._closed_until = now + max(self._pause, pause or 0.0)
        return Change.FAILS

    def answered(self) -> Change | None:
        """Note an answer: it is asked as usual again."""
        self._failures = 0
        self._trial_until = 0.0
        was_open, self.is_open = self.is_open, False
        return Change.WORKS_AGAIN if was_open else None

    def left(self) -> None:
        """Note that a person stopped the answer before anything came: the next one may try."""
        self._trial_until = 0.0
