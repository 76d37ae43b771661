"""The time that delivery lives by, in one place, so that tests can let it run faster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Clock:
    """Monotonic seconds for budgets, Unix seconds for what is stored; `speed`: how much faster than the world."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._made = time.monotonic()

    def now(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic() * self._speed

    def unix(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead()

    def _ahead(self) -> float:
        """Seconds that this clock has gained since it was made."""
        return (time.monotonic() - self._made) * (self._speed - 1.0)

    def call_later(self, seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `do` after some seconds, from the running loop."""
        return asyncio.get_running_loop().call_later(max(0.0, seconds) / self._speed, do)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for an event for some seconds at the most; whether it came."""
        try:
            async with asyncio.timeout(max(0.0, seconds) / self._speed):
                await event.wait()
        except TimeoutError:
            return event.is_set()
        return True
