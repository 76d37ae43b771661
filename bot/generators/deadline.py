"""Time and size limits around a stream of pieces, so that no server can hold a chat or fill the memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

from bot.errors import CutInThoughts, GeneratorBroken, GeneratorSilent
from bot.generators.contract import Finish, Piece, Timeouts

MAX_ANSWER_LENGTH = 1 << 18
"""Characters of a whole answer, thoughts included; far more than models write."""
MIN_PIECE_COST = 4
"""Characters that a piece counts for at the least: a flood of tiny ones is a flood, too."""

T = TypeVar("T")


class Deadline:
    """Runs from the start of a request and says how long the next wait may be."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + timeouts.answer

    def within(self, seconds: float) -> asyncio.Timeout:
        """Limit one wait: to `seconds`, and to what is left for the whole answer. It ends with TimeoutError."""
        return asyncio.timeout_at(min(self._loop.time() + seconds, self._end))

    @property
    def over(self) -> bool:
        """Whether the time for the whole answer has passed."""
        return self._loop.time() >= self._end


async def limited(
    pieces: AsyncIterator[T], deadline: Deadline, *, first: float | None = None
) -> AsyncGenerator[T, None]:
    """Pass pieces on while they keep coming in time: the first within `first` seconds, each other within the silence.

    Raises GeneratorSilent. Closing this closes what it reads from, where that can be closed.
    """
    allowed = first if first is not None else deadline.timeouts.silence
    try:
        while True:
            try:
                async with deadline.within(allowed):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise GeneratorSilent(_which(deadline, allowed)) from None
            yield piece
            allowed = deadline.timeouts.silence
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()


class SizeLimit:
    """Counts what an answer has brought so far."""

    def __init__(self, longest: int = MAX_ANSWER_LENGTH) -> None:
        self._left = longest
        self.empty = True
        self._cut = False

    def add(self, piece: Piece) -> None:
        """Count a piece. Raises GeneratorBroken: no answer is that long."""
        if isinstance(piece, Finish):
            self._cut = piece.reason == "length"
            return
        self._left -= max(len(piece if isinstance(piece, str) else piece.text), MIN_PIECE_COST)
        if self._left < 0:
            raise GeneratorBroken("the answer does not end")
        if self.empty and isinstance(piece, str) and piece.strip():
            self.empty = False

    def close(self) -> None:
        """Raise GeneratorBroken, or CutInThoughts, when there was nothing but thoughts and white space."""
        if self.empty and self._cut:
            raise CutInThoughts("the limit of tokens was used up before the answer began")
        if self.empty:
            raise GeneratorBroken("the answer is empty")


def _which(deadline: Deadline, allowed: float) -> str:
    if deadline.over:
        return f"the answer took longer than {deadline.timeouts.answer:g} s"
    return f"nothing came for {allowed:g} s"
