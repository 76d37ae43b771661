"""Counting of what a limit has left, as the strictest server counts it. Pure: `now` is passed in, in seconds.

A server counts a request when it arrives, and only it knows when that is: somewhere between the moment the request went
and the moment its answer came. So a request counts from the moment it goes, and what it took comes back as if it had
arrived with its answer. Then no order of arrival can break a budget.
"""

from __future__ import annotations

from itertools import count
from typing import Protocol

MARGIN = 0.01
"""Seconds kept between our clock and a server's."""
MAX_FLIGHT = 15.0
"""Seconds after which a request without an answer is taken to have arrived, lest it block its budget."""
ROUNDING = 1e-6
"""Slots by which sums of floats may be wrong."""


class Meter(Protocol):
    """A budget, and how much of it is taken."""

    @property
    def size(self) -> int:
        """Slots when nothing is taken."""

    def free(self, now: float) -> float:
        """Slots that are free now."""

    def when(self, slots: float, now: float) -> float:
        """Time at which so many slots will be free, if nothing else takes any."""

    def take(self, now: float) -> int:
        """Take a slot for a request that goes now; the number names it."""

    def answered(self, number: int, now: float) -> None:
        """Count a request whose answer came, or whose connection ended."""

    def give_back(self, number: int) -> None:
        """Free the slot of a request that never went."""

    def drain(self, at: float) -> None:
        """Leave little from `at` on, and let the rest come back: the server saw less room than this meter did."""


class InFlightRequests:
    """Requests whose answers have not come yet, oldest first."""

    __slots__ = ("_numbers", "since")

    def __init__(self) -> None:
        self._numbers = count()
        self.since: dict[int, float] = {}

    def start(self, now: float) -> int:
        """Count a request that goes now; the number names it."""
        number = next(self._numbers)
        self.since[number] = now
        return number

    def end(self, number: int) -> bool:
        """Count it no more. False: it was overdue."""
        return self.since.pop(number, None) is not None

    def end_overdue(self, now: float) -> int:
        """End the flights that take too long, and give their number: they count as arriving at this moment.

        Whoever sees it late was frozen, and what had its slot before goes only now.
        """
        late = [number for number, since in self.since.items() if since + MAX_FLIGHT <= now]
        for number in late:
            del self.since[number]
        return len(late)

    def first_overdue(self) -> float:
        """Give the time at which the oldest one will be overdue."""
        return min(self.since.values()) + MAX_FLIGHT
