"""Budgets that every local Telegram here enforces, and holds. Pure: `now` is passed in.

A private chat is a bucket of 5 with one more a second; a group takes at most 20 in any 60 seconds; a bot is a bucket of
30 with thirty more a second. Drafts and chat actions have a budget of their own, per chat: at most 20 in any 5 seconds
and 40 in any 30 (core.telegram.org/api/bots/ai). Whoever goes beyond is held for at least three seconds, and refused
while the hold lasts. A hold of drafts and chat actions concerns nothing else.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum

_SMALLEST = 1e-9


class CallCost(Enum):
    """Budget that a call spends."""

    NOTHING = "nothing"
    """Not limited at all: reading, settings."""
    HOLD_ONLY = "hold only"
    """Not counted, but refused during a hold: answers to buttons, deletions."""
    MESSAGE = "message"
    DRAFT = "draft"
    """A draft or a chat action."""


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """The sizes of the budgets; rates are a second, windows and holds in seconds."""

    private_burst: float = 5
    private_rate: float = 1
    group_count: int = 20
    group_window: float = 60
    bot_burst: float = 30
    bot_rate: float = 30
    draft_windows: tuple[tuple[int, float], ...] = ((20, 5), (40, 30))
    hold: float = 3


class TokenBucket:
    """A bucket that fills by `rate` a second up to `size`; a call takes one."""

    __slots__ = ("_at", "_level", "_rate", "_size")

    def __init__(self, size: float, rate: float, now: float) -> None:
        self._size, self._rate, self._level, self._at = size, rate, size, now

    def has(self, now: float) -> bool:
        """Return whether a call may go now."""
        if now > self._at:
            self._level = min(self._size, self._level + (now - self._at) * self._rate)
            self._at = now
        return self._level >= 1 - _SMALLEST

    def take(self) -> None:
        """Spend one."""
        self._level -= 1


class SlidingWindow:
    """At most `count` calls in any `seconds`."""

    __slots__ = ("_count", "_seconds", "_times")

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._times: deque[float] = deque()

    def has(self, now: float) -> bool:
        """Return whether a call may go now."""
        while self._times and now - self._times[0] >= self._seconds - _SMALLEST:
            self._times.popleft()
        return len(self._times) < self._count

    def take(self, now: float) -> None:
        """Spend one."""
        self._times.append(now)

    def wait(self, now: float) -> float:
        """Return the seconds until a call may go, 0 for now."""
        return 0 if self.has(now) else self._times[0] + self._seconds - now


class Budgets:
    """All budgets and holds of one bot. Without `strict` only holds that were set by hand are enforced."""

    def __init__(self, limits: BudgetLimits | None = None, *, strict: bool) -> None:
        self.strict = strict
        self._limits = limits or BudgetLimits()
        self._bot: TokenBucket | None = None
        self._private: dict[int, TokenBucket] = {}
        self._groups: dict[int, SlidingWindow] = {}
        self._drafts: dict[int, list[SlidingWindow]] = {}
        self._holds: dict[int | None, float] = {}
        self._draft_holds: dict[int, float] = {}

    def hold(self, chat_id: int | None, seconds: float, now: float) -> None:
        """Put a chat, or (None) the whole bot, in flood control."""
        self._holds[chat_id] = max(self._holds.get(chat_id, now), now + seconds)

    def hold_drafts(self, chat_id: int, seconds: float, now: float) -> None:
        """Put the drafts and chat actions of a chat in flood control."""
        self._draft_holds[chat_id] = max(self._draft_holds.get(chat_id, now), now + seconds)

    def release(self) -> None:
        """End all holds."""
        self._holds.clear()
        self._draft_holds.clear()

    def admit(self, cost: CallCost, chat_id: int | None, now: float) -> int:
        """Spend what a call costs and return 0, or return for how many seconds it is refused."""
        if cost is CallCost.NOTHING:
            return 0
        if self._holds and (left := self._held(chat_id, now)) > 0:
            return max(1, math.ceil(left))
        if cost is CallCost.DRAFT and chat_id is not None:
            return self._admit_draft(chat_id, now)
        if not self.strict or cost is CallCost.HOLD_ONLY or chat_id is None:
            return 0
        if not self._spend_message(chat_id, now):
            return self._breach(chat_id, now)
        return 0

    def _held(self, chat_id: int | None, now: float) -> float:
        until = max(self._holds.get(chat_id, now), self._holds.get(None, now))
        if until <= now:
            self._holds.pop(chat_id, None)
        return until - now

    def _breach(self, chat_id: int, now: float) -> int:
        bot = self._bot
        whose = None if bot is not None and not bot.has(now) else chat_id
        self.hold(whose, self._limits.hold, now)
        return math.ceil(self._limits.hold)

    def _spend_message(self, chat_id: int, now: float) -> bool:
        limits = self._limits
        bot = self._bot
        if bot is None:
            bot = self._bot = TokenBucket(limits.bot_burst, limits.bot_rate, now)
        if not bot.has(now):
            return False
        if chat_id < 0:
            window = self._groups.get(chat_id)
            if window is None:
                window = self._groups[chat_id] = SlidingWindow(limits.group_count, limits.group_window)
            if not window.has(now):
                return False
            window.take(now)
        else:
            bucket = self._bucket(chat_id, now)
            if not bucket.has(now):
                return False
            bucket.take()
        bot.take()
        return True

    def _bucket(self, chat_id: int, now: float) -> TokenBucket:
        if chat_id not in self._private:
            self._private[chat_id] = TokenBucket(self._limits.private_burst, self._limits.private_rate, now)
        return self._private[chat_id]

    def _admit_draft(self, chat_id: int, now: float) -> int:
        left = self._draft_holds.get(chat_id, now) - now
        if left > _SMALLEST:
            return max(1, math.ceil(left))
        if not self.strict:
            return 0
        windows = self._drafts.setdefault(
            chat_id, [SlidingWindow(count, seconds) for count, seconds in self._limits.draft_windows]
        )
        wait = max(window.wait(now) for window in windows)
        if wait > 0:
            seconds = math.ceil(max(wait, self._limits.hold) - _SMALLEST)
            self.hold_drafts(chat_id, seconds, now)
            return seconds
        for window in windows:
            window.take(now)
        return 0
