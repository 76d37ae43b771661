"""Limits of time and size for one answer, so that no server can hold a chat or fill the memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
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
        self._end = self._loop.time() + timeouts.answer

    def within(self, seconds: float) -> asyncio.Timeout:
        """Limit one wait: to `seconds`, and to what is left for the whole answer. It ends with TimeoutError."""
        return asyncio.timeout_at(min(self._loop.time() + seconds, self._end))

    async def wait_for(self, awaitable: Awaitable[T], seconds: float, *, missing: str = "nothing came") -> T:
        """Wait for one thing. Raises GeneratorSilent, which says what was `missing`, after `seconds`."""
        try:
            async with self.within(seconds):
                return await awaitable
        except TimeoutError:
            if self._loop.time() >= self._end:
                raise GeneratorSilent(f"the answer took longer than {self.timeouts.answer:g} s") from None
            raise GeneratorSilent(f"{missing} within {seconds:g} s") from None

    async def read(self, content: aiohttp.StreamReader, seconds: float | None = None) -> bytes:
        """Read what has come of a body, empty at its end. Raises GeneratorSilent after the silence, or `seconds`."""
        return await self.wait_for(content.readany(), self.timeouts.silence if seconds is None else seconds)


class SizeLimit:
    """The length that one answer may have."""

    def __init__(self, longest: int = MAX_ANSWER_LENGTH) -> None:
        self._left = longest

    def add(self, text: str) -> None:
        """Count a piece of text. Raises GeneratorBroken: no answer is that long."""
        self._left -= max(len(text), MIN_PIECE_COST)
        if self._left < 0:
            raise GeneratorBroken("the answer does not end")
