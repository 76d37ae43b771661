"""A thread with an event loop of its own for a generator of somebody else's.

By the contract a generator never blocks the event loop. g4f's own template asks for the list of models with a blocking
call and no time limit before it answers; here that holds up this one answer, which ends in silence, and nobody else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from bot.errors import GeneratorBroken
from bot.generators.contract import Timeouts
from bot.generators.deadline import Deadline

MAX_PIECES_AHEAD = 64
"""Pieces that may wait for their reader; then the generator waits."""
CLOSE_TIMEOUT = 1.0
"""Seconds that a generator gets to close; one that is blocked is left alone with its thread."""

Make = Callable[[], Awaitable[AsyncIterator[object]]]


@dataclass(frozen=True, slots=True)
class _End:
    """The last item: what the generator raised, if anything."""

    error: Exception | None = None


class IsolatedGenerator:
    """The pieces of the generator that `make` gives, within their time limits; its errors are passed on.

    Closing closes the generator and waits for that, up to `CLOSE_TIMEOUT`. Raises GeneratorSilent.
    """

    def __init__(self, make: Make, timeouts: Timeouts) -> None:
        self._deadline = Deadline(timeouts)
        self._home = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[object] = asyncio.Queue(MAX_PIECES_AHEAD + 1)
        self._worker = _Worker(make, self._pass_on)
        self._wait = timeouts.headers + timeouts.silence
        self._started = self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> object:
        if self._ended:
            raise StopAsyncIteration
        if not self._started:
            self._started = True
            self._worker.start()
        item = await self._deadline.wait_for(self._arrived.get(), self._wait)
        self._wait = self._deadline.timeouts.silence
        if isinstance(item, _End):
            self._ended = True
            if item.error is not None:
                raise item.error
            raise StopAsyncIteration
        self._worker.ask_for_more()
        return item

    async def aclose(self) -> None:
        """End the generator, wherever it is."""
        if self._ended or not self._started:
            return
        self._ended = True
        self._worker.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                while not isinstance(await self._arrived.get(), _End):
                    self._worker.ask_for_more()

    def _pass_on(self, item: object) -> None:
        """Hand an item over; called in the other thread."""
        with suppress(RuntimeError):  # the program has ended meanwhile
            self._home.call_soon_threadsafe(self._arrived.put_nowait, item)


class _Worker:
    """The other thread. What is called from outside only schedules a call in its event loop."""

    def __init__(self, make: Make, pass_on: Callable[[object], None]) -> None:
        self._make = make
        self._pass_on = pass_on
        self._loop = asyncio.new_event_loop()
        self._room = asyncio.Semaphore(MAX_PIECES_AHEAD)
        self._pumping: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Start the thread: a daemon, because a blocked generator must not keep the program from ending."""
        threading.Thread(target=self._run, name="foreign generator", daemon=True).start()

    def ask_for_more(self) -> None:
        """Say that a piece was taken."""
        self._schedule(self._room.release)

    def stop(self) -> None:
        """Say that nobody reads any more."""
        self._schedule(self._cancel)

    def _schedule(self, callback: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(callback)

    def _cancel(self) -> None:
        self._stopped = True
        if self._pumping is not None:
            self._pumping.cancel()

    def _run(self) -> None:
        error: Exception | None = None
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._pump())
        except BaseException as raised:  # noqa: BLE001  # whatever it is, the reader in the other thread has to learn it
            error = raised if isinstance(raised, Exception) else _as_error(raised)
        self._pass_on(_End(error))

    async def _pump(self) -> None:
        self._pumping = asyncio.current_task()
        if self._stopped:
            return
        source = await self._make()
        try:
            async for piece in source:
                await self._room.acquire()
                self._pass_on(piece)
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()


def _as_error(raised: BaseException) -> GeneratorBroken:
    """Translate what would end the reader's own task, or the program."""
    return GeneratorBroken(f"the generator ended with {type(raised).__name__}")
