"""Event stream that the page and the tests follow; every event has a growing number."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import Any, Final

Json = dict[str, Any]

MAX_EVENTS: Final = 5_000


class EventStream:
    """A ring of the newest events; any number of readers wait for more without costing the writer anything."""

    def __init__(self, first: int = 1) -> None:
        self._ring: deque[Json] = deque(maxlen=MAX_EVENTS)
        self._next = first
        self.boot = secrets.token_hex(8)
        """Tells this process from another one."""
        self._more: asyncio.Future[None] | None = None

    @property
    def last(self) -> int:
        """The number of the newest event."""
        return self._next - 1

    def publish(self, kind: str, **fields: Any) -> None:  # noqa: ANN401  # any JSON value
        """Add an event and wake those who wait."""
        self._ring.append({"seq": self._next, "type": kind, **fields})
        self._next += 1
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    def since(self, seq: int) -> list[Json] | None:
        """Return the events after `seq`, or None where some of them are forgotten or it was never reached."""
        if seq > self.last or (seq < self.last and seq + 1 < self._next - len(self._ring)):
            return None
        missing = self.last - seq
        if missing <= 0:
            return []
        return [self._ring[index] for index in range(len(self._ring) - missing, len(self._ring))]

    async def wait(self, seq: int, seconds: float) -> None:
        """Wait until there is an event after `seq`, at most for `seconds`."""
        if self.last > seq:
            return
        if self._more is None or self._more.done():
            self._more = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._more)
        except TimeoutError:
            return

    def wake(self) -> None:
        """Wake all who wait, so that they see that the server stops."""
        if self._more is not None and not self._more.done():
            self._more.set_result(None)
