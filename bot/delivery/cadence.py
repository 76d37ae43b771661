"""How far apart the changes of a growing answer are, by what of the chat's budget is left. Pure."""

from __future__ import annotations

from bot.delivery.budgets import Bucket, Window


def bucket_gap(spare: float, bucket: Bucket) -> float:
    """Seconds until the next change, with `spare` places left beyond those kept for final states."""
    share = min(1.0, spare / max(1, bucket.burst - 1))
    return (1.0 - share) / bucket.per_second


def window_gap(spare: float, window: Window) -> float:
    """Seconds until the next change, with `spare` places left beyond those kept for final states."""
    share = min(1.0, spare / window.count)
    pace = window.seconds / window.count
    return float(pace * 1.7 * (1.02 - share) ** 1.3)
