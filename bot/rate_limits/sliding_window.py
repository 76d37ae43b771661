"""A sliding-window log that counts requests in flight."""

from __future__ import annotations

from bisect import insort
from collections import deque

from bot.rate_limits.limits import WindowLimit
from bot.rate_limits.meter import MARGIN, MAX_FLIGHT, ROUNDING, InFlightRequests


class SlidingWindow:
    """At most `count` slots in any `seconds`."""

    def __init__(self, window: WindowLimit) -> None:
        self.window = window
        self._taken: deque[float] = deque()
        self._flights = InFlightRequests()

    @property
    def size(self) -> int:
        """Slots when nothing is taken."""
        return self.window.count

    def free(self, now: float) -> float:
        """Slots that are free now."""
        self._settle(now)
        return self.window.count - len(self._taken) - len(self._flights.since)

    def when(self, slots: float, now: float) -> float:
        """Time at which so many slots will be free; where answers have to come first: when they are overdue."""
        missing = slots - self.free(now)
        if missing <= ROUNDING:
            return now
        back = int(missing + 1 - ROUNDING)
        if back > len(self._taken):
            return max(now + MARGIN, self._flights.first_overdue()) if self._flights.since else now + MAX_FLIGHT
        return self._taken[back - 1] + self.window.seconds + MARGIN

    def take(self, now: float) -> int:
        """Take a slot."""
        return self._flights.start(now)

    def answered(self, number: int, now: float) -> None:
        """Count the slot as taken now: no later can the request have arrived."""
        self._settle(now)
        if self._flights.end(number):
            insort(self._taken, now)

    def give_back(self, number: int) -> None:
        """Free the slot again."""
        self._flights.end(number)

    def drain(self, at: float) -> None:
        """Leave a quarter; the rest comes back one by one, evenly."""
        quarter = max(1, self.window.count // 4)
        pace = self.window.seconds / self.window.count
        missing = self.window.count - quarter - len(self._taken)
        invented = [at - self.window.seconds + pace * (slot + 1) for slot in range(max(0, missing))]
        self._taken = deque(sorted([*self._taken, *invented]))

    def count_calls(self, calls: list[float], now: float) -> None:
        """Count calls of another process, at most as many as the window takes."""
        self._settle(now)
        self._taken = deque(sorted([*self._taken, *calls])[-self.window.count :])
        self._settle(now)

    def _settle(self, now: float) -> None:
        overdue = self._flights.end_overdue(now)
        if overdue:
            self._taken = deque(sorted([*self._taken, *[now] * overdue]))
        while self._taken and self._taken[0] + self.window.seconds + MARGIN <= now + ROUNDING:
            self._taken.popleft()
