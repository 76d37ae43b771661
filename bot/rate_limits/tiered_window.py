"""Two sliding windows that every call has to fit into."""

from __future__ import annotations

from bot.rate_limits.inheritance import densest_calls
from bot.rate_limits.limits import TieredLimit
from bot.rate_limits.sliding_window import SlidingWindow


class TieredWindow:
    """A short and a long window over the same calls."""

    def __init__(self, limit: TieredLimit) -> None:
        self.limit = limit
        self._short, self._long = SlidingWindow(limit.short), SlidingWindow(limit.long)

    @property
    def size(self) -> int:
        """Slots when nothing is taken."""
        return self.limit.short.count

    def free(self, now: float) -> float:
        """Slots that are free now in both windows."""
        return min(self._short.free(now), self._long.free(now))

    def free_long(self, now: float) -> float:
        """Slots that are free now in the long window."""
        return self._long.free(now)

    def when(self, slots: float, now: float) -> float:
        """Time at which so many slots will be free in both; where answers have to come first: when they are overdue."""
        return max(self._short.when(slots, now), self._long.when(slots, now))

    def take(self, now: float) -> int:
        """Take a slot."""
        self._short.take(now)
        return self._long.take(now)  # both count from 0, always together: the numbers are the same

    def answered(self, number: int, now: float) -> None:
        """Count the slot as taken now: no later can the request have arrived."""
        self._short.answered(number, now)
        self._long.answered(number, now)

    def give_back(self, number: int) -> None:
        """Free the slot again."""
        self._short.give_back(number)
        self._long.give_back(number)

    def drain(self, at: float) -> None:
        """Leave a quarter; the rest comes back one by one, evenly."""
        self._short.drain(at)
        self._long.drain(at)

    def count_others(self, began: float, ended: float, now: float) -> None:
        """Count an answer's drafts at their densest in both windows."""
        calls = densest_calls(began, ended, self.limit.long)
        self._short.count_calls(calls, now)
        self._long.count_calls(calls, now)
