"""Read-through cache of rows; a change, in whichever process, invalidates it by notification."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from cachetools import FIFOCache

from bot.storage.database import Database

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_CACHED = 4096
"""Values that are kept; beyond that the oldest go."""


class InvalidatedCache(Generic[K, V]):
    """Values by key. `concerns` says whether a change that is told on `channel` may concern a key."""

    def __init__(self, database: Database, channel: str, concerns: Callable[[str, K], bool]) -> None:
        self._database = database
        self._concerns = concerns
        self._kept: FIFOCache[K, V] = FIFOCache(MAX_CACHED)
        self._changes = 0
        database.listen(channel, self._heard)

    async def get(self, key: K, read: Callable[[], Awaitable[V]]) -> V:
        """The value, read where it is not known for certain."""
        if not self._database.hears_all:
            return await read()
        if key in self._kept:
            return self._kept[key]
        changes = self._changes
        value = await read()
        if changes == self._changes:  # else it may be what was there before
            self._kept[key] = value
        return value

    def _heard(self, payload: str) -> None:
        """Something has changed; "": something may have been missed."""
        self._changes += 1
        for key in [key for key in self._kept if not payload or self._concerns(payload, key)]:
            del self._kept[key]
