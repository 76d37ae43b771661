"""Queue in front of a pool of connections, so that a busy process waits where a broken database is reported."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.errors import StorageUnavailable

MAX_QUEUE_WAIT = 60.0
"""Seconds that a transaction waits for a connection at the most; whoever waits for its answer has given up by then."""


class ConnectionQueue:
    """Hands out `size` places, first come first served; an urgent one is next.

    Nobody waits longer than `patience` seconds while no place comes back from work that succeeded: then the database
    fails. As long as places come back there is only much to do, and giving up would mean to do all of it again.
    """

    def __init__(self, size: int, *, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = size
        self._patience = patience
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._moved_at = clock()

    @asynccontextmanager
    async def place(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Hold a place for the length of a block. Raises TimeoutError where none comes back."""
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait(urgent=urgent)
        try:
            yield
            self._moved_at = self._clock()
        except Exception as error:
            if not isinstance(error, StorageUnavailable):
                self._moved_at = self._clock()
            raise
        finally:
            self._pass_on()

    async def _wait(self, *, urgent: bool) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._waiting.appendleft if urgent else self._waiting.append)(waiter)
        since = self._clock()
        try:
            while not waiter.done() and self._is_worth_waiting(since):
                await asyncio.wait([waiter], timeout=self._patience)
        except BaseException:
            if waiter.done():
                self._pass_on()
            else:
                self._waiting.remove(waiter)
            raise
        if not waiter.done():
            self._waiting.remove(waiter)
            raise TimeoutError("all connections are in use")

    def _is_worth_waiting(self, since: float) -> bool:
        return self._clock() < min(max(self._moved_at, since) + self._patience, since + MAX_QUEUE_WAIT)

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1
