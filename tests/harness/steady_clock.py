"""A fast clock that does not hurry a slow machine."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from bot.runtime.clock import Clock

TICK = 0.001
"""Seconds of the world between two ticks."""
MAX_TICK = 0.0015
"""Seconds of the world that a tick counts for at the most: a machine that stands still stops the clock, too."""


class SteadyClock(Clock):
    """Goes `speed` times as fast as the world while the loop keeps up; where it does not, it waits for the loop."""

    def __init__(self, speed: float) -> None:
        super().__init__(speed)
        self._seen = time.monotonic()
        self._time = self._began = self._seen * speed
        self._unix = time.time()
        self._timers: list[tuple[float, int, asyncio.TimerHandle, Callable[[], None]]] = []
        self._number = count()
        self._next_tick: asyncio.TimerHandle | None = None

    def now(self) -> float:
        return self._time + min(time.monotonic() - self._seen, MAX_TICK) * self._speed

    def unix(self) -> float:
        return self._unix + self.now() - self._began

    def call_later(self, seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        due = self.now() + max(0.0, seconds)
        handle = asyncio.TimerHandle(due, do, (), asyncio.get_running_loop())
        heapq.heappush(self._timers, (due, next(self._number), handle, do))
        return handle

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        timer = self.call_later(seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit:
                timer = self.call_later(seconds, lambda: limit.reschedule(loop.time()))
                try:
                    await event.wait()
                finally:
                    timer.cancel()
        except TimeoutError:
            return event.is_set()
        return True

    def tick(self) -> None:
        """Go on, and call whoever is due."""
        self._time = self.now()
        self._seen = time.monotonic()
        self._next_tick = asyncio.get_running_loop().call_later(TICK, self.tick)
        while self._timers and self._timers[0][0] <= self._time:
            *_, handle, do = heapq.heappop(self._timers)
            if not handle.cancelled():
                do()

    def stop(self) -> None:
        """Tick no more."""
        if self._next_tick is not None:
            self._next_tick.cancel()


@contextmanager
def steady_clock(speed: float) -> Iterator[SteadyClock]:
    """A clock for as long as the block lasts, in the running loop."""
    clock = SteadyClock(speed)
    clock.tick()
    try:
        yield clock
    finally:
        clock.stop()
