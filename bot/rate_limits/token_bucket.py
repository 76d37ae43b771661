"""A token bucket that counts requests in flight."""

from __future__ import annotations

from bot.rate_limits.limits import BucketLimit
from bot.rate_limits.meter import MARGIN, MAX_FLIGHT, ROUNDING, InFlightRequests


class TokenBucket:
    """A bucket of `burst` slots that refills by `per_second`."""

    def __init__(self, bucket: BucketLimit, now: float) -> None:
        self.bucket = bucket
        self._taken = 0.0
        self._at = now
        self._flights = InFlightRequests()

    @property
    def size(self) -> int:
        """Slots when nothing is taken."""
        return self.bucket.burst

    def free(self, now: float) -> float:
        """Slots that are free now, the fraction of the next one included."""
        self._settle(now)
        return self.bucket.burst - self._taken - len(self._flights.since)

    def when(self, slots: float, now: float) -> float:
        """Time at which so many slots will be free; where answers have to come first: when they are overdue."""
        missing = slots - self.free(now)
        if missing <= ROUNDING:
            return now
        if missing > self._taken + ROUNDING:
            return max(now + MARGIN, self._flights.first_overdue()) if self._flights.since else now + MAX_FLIGHT
        return now + missing / self.bucket.per_second + MARGIN

    def take(self, now: float) -> int:
        """Take a slot."""
        return self._flights.start(now)

    def answered(self, number: int, now: float) -> None:
        """Count the slot as taken now: no later can the request have arrived."""
        self._settle(now)
        if self._flights.end(number):
            self._taken += 1

    def give_back(self, number: int) -> None:
        """Free the slot again."""
        self._flights.end(number)

    def drain(self, at: float) -> None:
        """Leave a single slot."""
        self._taken = max(self._taken, self.bucket.burst - 1.0)
        self._at = max(self._at, at)

    def count_others(self, ended: float, now: float) -> None:
        """Count it as emptied by another process, which took nothing after `ended`."""
        self._settle(now)
        left = max(0.0, self.bucket.burst - max(0.0, now - ended) * self.bucket.per_second)
        self._taken = min(float(self.bucket.burst), self._taken + left)

    def resize(self, bucket: BucketLimit, now: float) -> None:
        """Go on with another size; what is taken stays taken."""
        self._settle(now)
        self.bucket = bucket

    def _settle(self, now: float) -> None:
        self._refill(now)
        self._taken += self._flights.end_overdue(now)

    def _refill(self, now: float) -> None:
        if now > self._at:
            self._taken = max(0.0, self._taken - (now - self._at) * self.bucket.per_second)
            self._at = now
