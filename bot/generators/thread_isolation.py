"""A place for other people's generators: a thread with an event loop of its own.

By the contract a generator never blocks the event loop. g4f's own template asks for the list of models with a blocking
call and no time limit before it answers; here that holds up this one answer, which ends in silence, and nobody else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.errors import GeneratorBroken

MAX_PIECES_AHEAD = 64
"""Pieces that may wait for their reader; then the generator waits."""
CLOSE_TIMEOUT = 1.0
"""Seconds that a generator gets to close; one that is blocked is left alone with its thread."""

Make = Callable[[], Awaitable[AsyncIterator[object]]]


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing that comes: what the generator raised, if anything."""

    error: Exception | None = None


async def isolated(make: Make) -> AsyncGenerator[object, None]:
    """Run the generator that `make` gives in a thread, and pass its pieces and its error on.

    Closing this closes the generator and waits for that, up to `CLOSE_TIMEOUT`.
    """
    home = asyncio.get_running_loop()
    arrived: asyncio.Queue[object] = asyncio.Queue(MAX_PIECES_AHEAD + 1)

    def tell(item: object) -> None:
        with suppress(RuntimeError):  # the program has ended meanwhile
            home.call_soon_threadsafe(arrived.put_nowait, item)

    worker = _Worker(make, tell)
    worker.start()
    item: object = None
    try:
        while not isinstance(item := await arrived.get(), _End):
            yield item
            worker.ask_for_more()
        if item.error is not None:
            raise item.error
    finally:
        if not isinstance(item, _End):
            worker.stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    while not isinstance(await arrived.get(), _End):
                        worker.ask_for_more()


class _Worker:
    """The other thread. What is called from outside only leaves word in its event loop."""

    def __init__(self, make: Make, tell: Callable[[object], None]) -> None:
        self._make = make
        self._tell = tell
        self._loop = asyncio.new_event_loop()
        self._room = asyncio.Semaphore(MAX_PIECES_AHEAD)
        self._pumping: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Begin. The thread is a daemon, because a blocked generator must not keep the program from ending."""
        threading.Thread(target=self._run, name="foreign generator", daemon=True).start()

    def ask_for_more(self) -> None:
        """Tell that a piece was taken."""
        self._leave_word(self._room.release)

    def stop(self) -> None:
        """Tell that nobody reads any more."""
        self._leave_word(self._cancel)

    def _leave_word(self, callback: Callable[[], object]) -> None:
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
        self._tell(_End(error))

    async def _pump(self) -> None:
        self._pumping = asyncio.current_task()
        if self._stopped:
            return
        source = await self._make()
        try:
            async for piece in source:
                await self._room.acquire()
                self._tell(piece)
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()


def _as_error(raised: BaseException) -> GeneratorBroken:
    """What would end the reader's own task, or the program, as an error of the generator."""
    return GeneratorBroken(f"the generator ended with {type(raised).__name__}")
