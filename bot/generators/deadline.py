"""Limits of time and size for one answer, so that no server can hold a chat or fill the memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import aiohttp

from bot.errors import GeneratorBroken, GeneratorSilent
from bot.generators.contract import Timeouts

MAX_ANSWER_LENGTH = 1 << 18
"""Characters of a whole answer, thoughts included; far more than models write."""
MIN_PIECE_COST = 4
"""Characters that a piece counts for at the least, so that a flood of tiny pieces hits the limit, too."""

T = TypeVar("T")


class Deadline:
    """The time that one answer may take: runs from its making, and bounds every wait of the answer."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self.end = self._loop.time() + timeouts.answer
        """The loop's time at which the whole answer has taken too long."""
        self._watch: _Watch | None = None

    def within(self, seconds: float) -> asyncio.Timeout:
        """Limit one wait: to `seconds`, and to what is left for the whole answer. It ends with TimeoutError."""
        return asyncio.timeout_at(min(self._loop.time() + seconds, self.end))

    async def wait_for(self, awaitable: Awaitable[T], seconds: float, *, missing: str = "nothing came") -> T:
        """Wait for one thing. Raises GeneratorSilent, which says what was `missing`, after `seconds`."""
        try:
            async with self.within(seconds):
                return await awaitable
        except TimeoutError:
            if self._loop.time() >= self.end:
                raise self.problem_at(self._loop.time()) from None
            raise GeneratorSilent(f"{missing} within {seconds:g} s") from None

    @contextmanager
    def watching(self, content: aiohttp.StreamReader) -> Iterator[None]:
        """Bound every `read` of a body in here, by one timer: making one for each piece costs more than reading it."""
        watch = self._watch = _Watch(self, content)
        try:
            yield
        finally:
            watch.close()

    async def read(self, content: aiohttp.StreamReader) -> bytes:
        """Read what has come of a body that is watched, empty at its end. Raises GeneratorSilent after the silence."""
        watch = self._watch
        if watch is None:
            raise RuntimeError("nobody watches this body")
        watch.waits_since = self._loop.time()
        try:
            return await content.readany()
        finally:
            watch.waits_since = None

    def problem_at(self, now: float) -> GeneratorSilent:
        """Tell which limit has passed."""
        if now >= self.end:
            return GeneratorSilent(f"the answer took longer than {self.timeouts.answer:g} s")
        return GeneratorSilent(f"nothing came within {self.timeouts.silence:g} s")


class _Watch:
    """One timer over all the waits for one body, which ends the wait that takes too long."""

    def __init__(self, deadline: Deadline, content: aiohttp.StreamReader) -> None:
        self._deadline, self._content = deadline, content
        self._loop = asyncio.get_running_loop()
        self.waits_since: float | None = None
        """The loop's time at which the present wait began; None while nobody waits."""
        self._timer = self._loop.call_at(self._due(self._loop.time()), self._look)

    def close(self) -> None:
        self._timer.cancel()

    def _due(self, since: float) -> float:
        return min(since + self._deadline.timeouts.silence, self._deadline.end)

    def _look(self) -> None:
        now = self._loop.time()
        due = self._due(now if self.waits_since is None else self.waits_since)
        if due > now:
            self._timer = self._loop.call_at(due, self._look)
        elif not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(self._deadline.problem_at(now))


class SizeLimit:
    """The length that one answer may have."""

    def __init__(self, longest: int = MAX_ANSWER_LENGTH) -> None:
        self._left = longest

    def add(self, text: str) -> None:
        """Count a piece of text. Raises GeneratorBroken: no answer is that long."""
        self._left -= max(len(text), MIN_PIECE_COST)
        if self._left < 0:
            raise GeneratorBroken("the answer does not end")
