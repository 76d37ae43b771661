"""The budget of the whole bot, and the pause that floods in several chats at once mean for it."""

from __future__ import annotations

from collections import deque

from bot.rate_limits.limits import BucketLimit
from bot.rate_limits.meter import MAX_FLIGHT
from bot.rate_limits.requests import Priority
from bot.rate_limits.token_bucket import TokenBucket

MIN_FLOODED_CHATS = 3
"""Chats held within `FLOOD_CORRELATION` seconds from which on the bot's own budget is meant."""
FLOOD_CORRELATION = 5.0
"""Seconds within which floods count as one."""
MAX_BOT_HOLD = 10.0
"""Seconds for which the whole bot pauses then, at the most."""
BOT_RESERVE = 6
"""Slots that changes leave to what is more urgent."""


class BotBudget:
    """A bucket that all chats share."""

    def __init__(self, limit: BucketLimit, now: float) -> None:
        self._limit = limit
        self.meter = TokenBucket(limit, now)
        self._larger: tuple[float, BucketLimit] | None = None
        """The time from which on the share is larger, and that share."""
        self.held_until = 0.0
        self._floods: deque[tuple[float, int]] = deque()

    def room_at(self, priority: Priority, now: float) -> float:
        """Time at which there is room for a call of this priority."""
        if self._larger is not None and now >= self._larger[0]:
            self.meter.resize(self._larger[1], now)
            self._larger = None
        left = BOT_RESERVE if priority is Priority.CHANGE else 0
        return self.meter.when(min(1 + left, self.meter.size), now)

    def flooded(self, chat: int, seconds: float, now: float) -> None:
        """Note that Telegram refused a message in this chat for so many seconds."""
        self._floods.append((now, chat))
        while self._floods[0][0] < now - FLOOD_CORRELATION:
            self._floods.popleft()
        if len({flooded for _, flooded in self._floods}) >= MIN_FLOODED_CHATS:
            self.held_until = max(self.held_until, now + min(seconds, MAX_BOT_HOLD))
            self.meter.drain(self.held_until)
            self._floods.clear()

    def share(self, replicas: int, now: float) -> None:
        """Use one of so many equal shares; a larger one once the calls of whoever has gone have arrived."""
        limit = BucketLimit(max(1, self._limit.burst // replicas), self._limit.per_second / replicas)
        if limit.per_second > self.meter.bucket.per_second:
            self._larger = now + MAX_FLIGHT, limit
        else:
            self._larger = None
            self.meter.resize(limit, now)
