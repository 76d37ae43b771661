"""How much of a budget is left, as the strictest server would count it. Pure: `now` is passed in, in seconds.

A server counts a request when it arrives, and only it knows when that is: somewhere between the moment the request went
and the moment its answer came. So a request counts from the moment it goes, and what it took comes back as if it had
arrived with its answer. Then no order of arrival can break a budget.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from itertools import count
from typing import Protocol

from bot.delivery.budgets import Bucket, Window

MARGIN = 0.01
"""Seconds kept between our clock and a server's."""
LONGEST_FLIGHT = 15.0
"""Seconds after which a request without an answer is taken to have arrived, lest it block its budget."""
_ROUNDING = 1e-6


class Meter(Protocol):
    """A budget and what of it is taken."""

    @property
    def size(self) -> int:
        """Places when nothing is taken."""

    def free(self, now: float) -> float:
        """Places that are free now."""

    def when(self, places: float, now: float) -> float:
        """When so many places will be free, if nothing else takes any."""

    def take(self, now: float) -> int:
        """Take a place for a request that goes now; the number names it."""

    def answered(self, number: int, now: float) -> None:
        """Its answer came (or the connection ended)."""

    def give_back(self, number: int) -> None:
        """The request never went."""

    def tighten(self, at: float) -> None:
        """The server sees less room than this meter does: from `at` on leave little, and let the rest come back."""


class _Flights:
    """Requests whose answers have not come yet, oldest first."""

    __slots__ = ("_numbers", "since")

    def __init__(self) -> None:
        self._numbers = count()
        self.since: dict[int, float] = {}

    def start(self, now: float) -> int:
        number = next(self._numbers)
        self.since[number] = now
        return number

    def end(self, number: int) -> bool:
        return self.since.pop(number, None) is not None

    def overdue(self, now: float) -> list[float]:
        """End the flights that take too long; when each of them did."""
        late = [number for number, since in self.since.items() if since + LONGEST_FLIGHT <= now]
        return [self.since.pop(number) + LONGEST_FLIGHT for number in late]

    def first_overdue(self) -> float:
        return min(self.since.values()) + LONGEST_FLIGHT


class BucketMeter:
    """A bucket of `burst` places that refills by `per_second`."""

    def __init__(self, bucket: Bucket, now: float) -> None:
        self.bucket = bucket
        self._taken = 0.0
        self._at = now
        self._flights = _Flights()

    @property
    def size(self) -> int:
        """Places when nothing is taken."""
        return self.bucket.burst

    def free(self, now: float) -> float:
        """Places that are free now, the fraction of the next one included."""
        self._settle(now)
        return self.bucket.burst - self._taken - len(self._flights.since)

    def when(self, places: float, now: float) -> float:
        """When so many places will be free; where answers have to come first: when they are overdue."""
        missing = places - self.free(now)
        if missing <= _ROUNDING:
            return now
        if missing > self._taken + _ROUNDING:
            return max(now + MARGIN, self._flights.first_overdue()) if self._flights.since else now + LONGEST_FLIGHT
        return now + missing / self.bucket.per_second + MARGIN

    def take(self, now: float) -> int:
        """Take a place."""
        return self._flights.start(now)

    def answered(self, number: int, now: float) -> None:
        """Count the place as taken now: no later can the request have arrived."""
        self._settle(now)
        if self._flights.end(number):
            self._taken += 1

    def give_back(self, number: int) -> None:
        """Free the place again."""
        self._flights.end(number)

    def tighten(self, at: float) -> None:
        """Leave a single place."""
        self._taken = max(self._taken, self.bucket.burst - 1.0)
        self._at = max(self._at, at)

    def resize(self, bucket: Bucket, now: float) -> None:
        """Go on with another size; what is taken stays taken."""
        self._settle(now)
        self.bucket = bucket

    def _settle(self, now: float) -> None:
        for at in self._flights.overdue(now):
            self._refill(at)
            self._taken += 1
        self._refill(now)

    def _refill(self, now: float) -> None:
        if now > self._at:
            self._taken = max(0.0, self._taken - (now - self._at) * self.bucket.per_second)
            self._at = now


class WindowMeter:
    """At most `count` places in any `seconds`."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._taken: deque[float] = deque()
        self._flights = _Flights()

    @property
    def size(self) -> int:
        """Places when nothing is taken."""
        return self.window.count

    def free(self, now: float) -> float:
        """Places that are free now."""
        self._settle(now)
        return self.window.count - len(self._taken) - len(self._flights.since)

    def when(self, places: float, now: float) -> float:
        """When so many places will be free; where answers have to come first: when they are overdue."""
        missing = places - self.free(now)
        if missing <= _ROUNDING:
            return now
        back = int(missing + 1 - _ROUNDING)
        if back > len(self._taken):
            return max(now + MARGIN, self._flights.first_overdue()) if self._flights.since else now + LONGEST_FLIGHT
        return self._taken[back - 1] + self.window.seconds + MARGIN

    def take(self, now: float) -> int:
        """Take a place."""
        return self._flights.start(now)

    def answered(self, number: int, now: float) -> None:
        """Count the place as taken now: no later can the request have arrived."""
        self._settle(now)
        if self._flights.end(number):
            insort(self._taken, now)

    def give_back(self, number: int) -> None:
        """Free the place again."""
        self._flights.end(number)

    def tighten(self, at: float) -> None:
        """Leave a quarter; the rest comes back one by one, evenly."""
        quarter = max(1, self.window.count // 4)
        pace = self.window.seconds / self.window.count
        missing = self.window.count - quarter - len(self._taken)
        invented = [at - self.window.seconds + pace * (place + 1) for place in range(max(0, missing))]
        self._taken = deque(sorted([*self._taken, *invented]))

    def _settle(self, now: float) -> None:
        overdue = self._flights.overdue(now)
        if overdue:
            self._taken = deque(sorted([*self._taken, *overdue]))
        while self._taken and self._taken[0] + self.window.seconds + MARGIN <= now + _ROUNDING:
            self._taken.popleft()
