"""How far apart the changes of a growing answer are, by what of the chat's budget is left. Pure.

How long an answer will become, and how many will follow, nobody knows; so the next gap depends on nothing but the
places to spare. Early changes come fast, later ones at the pace at which places come back. The numbers were found by
simulation (tests/delivery/test_cadence.py): they keep the mean delay near the least that somebody could reach who
knows every answer beforehand, whatever its length.
"""

from __future__ import annotations

import math

from bot.rate_limits.limits import BucketLimit, WindowLimit


def bucket_gap(spare: float, bucket: BucketLimit, fills: float = math.inf) -> float:
    """Seconds until the next change, with `spare` places left beyond those kept for final states.

    `fills`: seconds in which the answer fills a message; each of them costs a call more.
    """
    pace = max(0.5 * bucket.per_second, bucket.per_second - 1.0 / fills)
    return 1.0 / (pace * (1.0 + 0.7 * spare))


def window_gap(spare: float, window: WindowLimit) -> float:
    """Seconds until the next change, with `spare` places left beyond those kept for final states.

    A place that is taken comes back only after the whole window, and other answers may begin before: of twenty places
    in a minute an answer of ten seconds takes six while all are free, and each of those that follow it three or four.
    Two gaps at their longest last a little longer than such an answer: else a place were spent right before its end.
    """
    pace = window.seconds / window.count
    used = 1.0 - min(1.0, spare / window.count)
    return pace * min(1.75, 0.4 + 1.6 * used)
