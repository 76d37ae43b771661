"""The times by which turns are claimed, renewed and tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.answering.turns.turn_context import steady_clock
from bot.storage.turn_queue.leases import LEASE_DURATION

HEARTBEAT_INTERVAL = 5.0
"""Seconds between two renewals; PostgreSQL only."""
MAX_SEND_DURATION = 5.0
"""Seconds that a request to Telegram may last: a claim ends that much earlier for us than for its successor."""
STORE_RETRY_DELAY = 1.0
"""Seconds until the database is tried again after it failed."""


@dataclass(frozen=True, slots=True)
class WorkerTiming:
    """The worker's times in seconds; tests make them short."""

    lease_duration: float = LEASE_DURATION
    interval: float = HEARTBEAT_INTERVAL
    clock: Callable[[], float] = steady_clock

    def deadline(self, since: float) -> float:
        """End of a claim of `since` for us: a request begun before then ends within the lease."""
        return since + self.lease_duration - min(MAX_SEND_DURATION, self.lease_duration / 3)
