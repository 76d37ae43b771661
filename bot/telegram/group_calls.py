"""Calls to groups as all processes make them, one after another: whoever takes a group over knows what was spent.

Each call is noted before it is made, so a process that dies at any moment leaves nothing untold. A group's window is a
minute long; the bucket of a private chat fills within seconds, and is not noted.
"""

from __future__ import annotations

import logging
from typing import Protocol

from cachetools import TTLCache

from bot.errors import Problem
from bot.rate_limits.inheritance import latest_arrivals
from bot.rate_limits.scheduler import Scheduler
from bot.runtime.clock import Clock

logger = logging.getLogger(__name__)

NOTE_TIMEOUT = 15.0
"""Seconds for which a change of an answer waits until it is noted: as long as its process may show it unheard."""
NOTE_DELAY = 0.5
"""Seconds between two tries."""
MAX_GROUPS = 10_000
"""Groups of which it is remembered which calls were counted."""


class GroupCallStore(Protocol):
    """Storage of the calls to a bot's groups. Raises StorageUnavailable."""

    async def note_call(self, chat: int) -> None:
        """Note that a call is about to go to a group."""

    async def calls_of_others(self, chat: int, *, after: int, lately: float) -> list[tuple[int, float]]:
        """Give the calls of other processes: a number that grows, and how many seconds ago it was."""


class GroupCalls:
    """Notes this process's calls to groups, and counts those of others."""

    def __init__(self, store: GroupCallStore | None, scheduler: Scheduler, clock: Clock) -> None:
        self._store, self._scheduler, self._clock = store, scheduler, clock
        self._counted: TTLCache[int, int] = TTLCache(MAX_GROUPS, ttl=2 * scheduler.group_window, timer=clock.now)

    async def note(self, chat: int, *, patient: bool) -> None:
        """Note a call that is about to be made; `patient`: it may wait until the store works again."""
        if self._store is None or chat >= 0:
            return
        give_up = self._clock.now() + (NOTE_TIMEOUT if patient else 0.0)
        while True:
            try:
                await self._store.note_call(chat)
            except Problem as error:
                if self._clock.now() + NOTE_DELAY > give_up:
                    logger.info("chat %d: a call is not noted: %s", chat, error)
                    return
            else:
                return
            await self._clock.sleep(NOTE_DELAY)

    async def count_others(self, chat: int) -> None:
        """Count what other processes have spent in a group; most of its budget where that cannot be read."""
        if self._store is None or chat >= 0:
            return
        lately, after = self._scheduler.group_window, self._counted.get(chat, 0)
        try:
            calls = await self._store.calls_of_others(chat, after=after, lately=lately)
        except Problem as error:
            logger.info("chat %d: what others have spent could not be read: %s", chat, error)
            self._scheduler.distrust(chat, self._clock.now())
            return
        now = self._clock.now()
        self._scheduler.count_calls(chat, latest_arrivals([now - ago for _, ago in calls], now), now)
        self._counted[chat] = max([after, *(number for number, _ in calls)])
