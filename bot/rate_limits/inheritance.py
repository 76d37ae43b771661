"""Calls that another process may have made while it wrote in a chat: at most so many, at the latest at these times.

Pure. What really was spent only that process knows, and it may be dead.
"""

from __future__ import annotations

from bot.rate_limits.cadence import QUICK_FACTOR_ALONE
from bot.rate_limits.limits import WindowLimit

FIRST_AND_LAST = 3
"""Calls beyond the changes in between: the first text, the last one, and the end of a message before it."""


def densest_calls(began: float, ended: float, window: WindowLimit) -> list[float]:
    """Times of the calls of one answer, no rarer at any time than the quickest gap between two changes allows."""
    gap = QUICK_FACTOR_ALONE * window.seconds / window.count
    changes = min(window.count, int(max(0.0, ended - began) / gap))
    return [ended - gap * change for change in range(changes, 0, -1)] + [ended] * FIRST_AND_LAST
