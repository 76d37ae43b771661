"""Calls that another process has made in a chat: at most so many, at the latest at these times.

Pure. What exactly happened only that process knows, and it may be dead.
"""

from __future__ import annotations

from bot.rate_limits.cadence import QUICK_FACTOR_ALONE
from bot.rate_limits.limits import WindowLimit
from bot.rate_limits.meter import MAX_FLIGHT

FIRST_AND_LAST = 3
"""Calls beyond the changes in between: the first text, the last one, and the end of a message before it."""
MAX_ON_THEIR_WAY = 3
"""Calls to one group that are on their way at once; a further one goes when one of them has been answered."""


def densest_calls(began: float, ended: float, window: WindowLimit) -> list[float]:
    """Times of the calls of one answer, no rarer at any time than the quickest gap between two changes allows."""
    gap = QUICK_FACTOR_ALONE * window.seconds / window.count
    changes = min(window.count, int(max(0.0, ended - began) / gap))
    return [ended - gap * change for change in range(changes, 0, -1)] + [ended] * FIRST_AND_LAST


def latest_arrivals(noted: list[float], now: float) -> list[float]:
    """Times at which calls have arrived at the latest that were noted, in this order, before they were made.

    A call has arrived when a later one waited for its answer, and `MAX_FLIGHT` after it was made in any case.
    """
    later = [*noted[MAX_ON_THEIR_WAY:], *[now] * MAX_ON_THEIR_WAY]
    return [min(at + MAX_FLIGHT, after, now) for at, after in zip(noted, later, strict=False)]
