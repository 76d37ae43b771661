"""One claimed turn as its worker sees it."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, TypeVar

from bot.conversation.messages import AnswerRecord, Ending, Message, Shown, Turn, TurnKind, TurnState
from bot.errors import LeaseLost, StorageUnavailable
from bot.runtime.task_supervisor import StartTask
from bot.storage.repositories.conversations import MAX_PATH, ConversationRepository
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.leases import LEASE_DURATION, ClaimedTurn

logger = logging.getLogger(__name__)

T = TypeVar("T")

STORE_RETRY_TIMEOUT = LEASE_DURATION
"""Seconds for which a write is tried again while the database fails."""
STORE_RETRY_DELAYS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between these tries; the last one repeats."""
UNFINISHED_INTERVAL = 0.5
"""Seconds between two writes of the text of an answer that has failed before."""
STORE_TRUST = 1.0
"""Seconds after a write in which the store is taken to work: as long as a crash may leave a message twice anyway."""


def steady_clock() -> float:
    """Seconds that also pass while the process is stopped and, where the system can tell, while it sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


async def _by_nobody(_chat: int, _turn: int) -> Sequence[tuple[float, float]]:
    return ()


class TurnContext:
    """A turn that this process has claimed: what to do, and where the work in progress is kept.

    Whoever gets LeaseLost from any of its methods drops everything silently: the turn is somebody else's now, or gone.
    """

    def __init__(
        self,
        claimed: ClaimedTurn,
        *,
        table: TurnRepository,
        conversations: ConversationRepository,
        start: StartTask,
        deadline: float = math.inf,
        clock: Callable[[], float] = steady_clock,
        resting: Callable[[int], None] = lambda _change: None,
        written_by_others: Callable[[int, int], Awaitable[Sequence[tuple[float, float]]]] = _by_nobody,
    ) -> None:
        self._turn = claimed.turn
        self._beginning = claimed.lone_question
        self._table = table
        self._conversations = conversations
        self._start = start
        self._clock = clock
        self._resting = resting
        self._block: _Stoppable | None = None
        self._lost = self._restarts = False
        self._stored_at = clock()
        self._unfinished_due = clock()
        self.lease = claimed.lease
        self._written_by_others = written_by_others
        self.resumed = claimed.turn.attempt > 1
        """An earlier attempt may have shown some of the answer."""
        self.deadline = deadline
        """Time on `clock` from which the claim no longer holds, unless it is renewed before."""
        self.stopped = claimed.stopped
        """A person wanted the answer to end here."""
        self.finished = False

    @property
    def turn(self) -> Turn:
        """The turn as it is stored now."""
        return self._turn

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The Telegram messages of the answer, those of an earlier attempt included."""
        return self._turn.shown

    @property
    def stores(self) -> bool:
        """Tell whether the claim, or something of this turn, was stored just now."""
        return self._clock() < self._stored_at + STORE_TRUST

    async def begin(self, messages: int = MAX_PATH) -> list[Message]:
        """The newest `messages` up to the question, oldest first; for GO_ON the answer to go on with comes last."""
        self.check()
        if self._beginning is not None:
            return [self._beginning]
        last = self._turn.answer if self._turn.kind is TurnKind.GO_ON else None
        if last is None:
            last = self._turn.question
        return await self._conversations.path(last, min(messages, MAX_PATH))

    async def written_by_others(self) -> Sequence[tuple[float, float]]:
        """Tell from when to when other processes wrote in this chat lately, each in seconds ago.

        Raises StorageUnavailable.
        """
        return await self._written_by_others(self._turn.key.chat, self._turn.id)

    def check(self) -> None:
        """To be called right before each request to Telegram. Raises LeaseLost where it must not be made any more."""
        if self._lost or self._clock() >= self.deadline:
            raise LeaseLost

    async def keep(self, shown: Sequence[Shown]) -> None:
        """Remember which Telegram messages show the answer: one that starts over goes on in them.

        Raises LeaseLost, StorageUnavailable.
        """
        await self._firmly(lambda: self._table.keep(self.lease, shown), "keep", check=self._check_messages)
        self._turn = replace(self._turn, shown=tuple(shown))

    async def store_reading(self, question: Message, also: Callable[[], Awaitable[None]]) -> None:
        """Store the question as it was read, and what `also` stores. Raises LeaseLost, StorageUnavailable."""
        await self._firmly(lambda: self._table.store_reading(self.lease, question, also), "read the question of")

    async def keep_unfinished(self, text: str) -> None:
        """Keep the text of an answer that may be given up, now and then. Only longer texts replace what stood there."""
        now = self._clock()
        if not self._turn.faults or now < self._unfinished_due or len(text) <= len(self._turn.unfinished):
            return
        self._unfinished_due = now + UNFINISHED_INTERVAL
        try:
            await self._table.keep_unfinished(self.lease, text)
        except StorageUnavailable as error:
            logger.info("turn %d: what was written so far is not kept: %s", self._turn.id, error)
        else:
            self._turn = replace(self._turn, unfinished=text)

    async def wrote(
        self, text: str, thoughts: str, ending: Ending, note: str = "", *, record: AnswerRecord | None = None
    ) -> int:
        """Store the whole text; it survives everything from here on. Gives the answer's id in the conversation.

        For GO_ON the text is the old one and what was written now. Raises LeaseLost, StorageUnavailable.
        """
        answer = await self._firmly(
            lambda: self._table.wrote(self.lease, text, thoughts, ending, note, record), "write"
        )
        self._turn = replace(self._turn, answer=answer, state=TurnState.SHOWING, note=note)
        return answer

    async def keep_tokens(self, record: AnswerRecord) -> None:
        """Keep the tokens of an attempt whose text nobody keeps: it was undone, edited, or ended with the program."""
        keeping = self._start(
            self._table.keep_tokens(self._turn, record), name=f"keep the tokens of turn {self._turn.id}", awaited=True
        )
        await asyncio.wait([keeping])
        if not keeping.cancelled() and (error := keeping.exception()) is not None:
            logger.warning("turn %d: the tokens of an attempt are not kept: %s", self._turn.id, error)

    async def finish(self, state: TurnState) -> None:
        """End the turn: everything is on the screen, or nothing more can be done. Raises as `keep` does."""
        await self._firmly(lambda: self._finish(state), "finish")
        self._turn = replace(self._turn, state=state)

    def stoppable(self) -> _Stoppable:
        """A block that a person's stop ends: its CancelledError goes no further, and `stopped` is True afterwards.

        `interrupt` ends it likewise, without `stopped`. A stop that came before the block ends it at its first wait.
        Any other cancellation passes through.
        """
        return _Stoppable(self)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """While Telegram holds the chat for long, this turn takes no place among the answers in progress."""
        self._resting(1)
        try:
            yield
        finally:
            self._resting(-1)

    def stop(self) -> None:
        """A person wants the answer to end here."""
        self.stopped = True
        self.interrupt()

    def interrupt(self) -> None:
        """End the stoppable block, if there is one now, for another reason than a person's stop."""
        if self._block is not None:
            self._block.end()

    def lose(self, *, restarts: bool = False) -> None:
        """The turn is not ours any more. `restarts`: it starts over, in the messages that it has."""
        self._lost, self._restarts = True, restarts

    async def _finish(self, state: TurnState) -> None:
        await self._table.finish(self.lease, state)
        self.finished = True

    def _check_messages(self) -> None:
        """Raise LeaseLost where messages that were sent show nothing of this turn any more."""
        if not (self._lost and self._restarts and self._clock() < self.deadline):
            self.check()

    async def _firmly(
        self, write: Callable[[], Awaitable[T]], what: str, *, check: Callable[[], None] | None = None
    ) -> T:
        """Write also while being cancelled, and again while the database fails, but no longer than the lease."""
        writing = self._start(
            self._until_stored(write, check or self.check), name=f"{what} turn {self._turn.id}", awaited=True
        )
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            if not writing.cancelled():
                writing.exception()  # seen: whoever cancels does not wait for it
            raise

    async def _until_stored(self, write: Callable[[], Awaitable[T]], check: Callable[[], None]) -> T:
        give_up = self._clock() + STORE_RETRY_TIMEOUT
        tries = 0
        while True:
            check()
            began = self._clock()
            try:
                written = await write()
            except StorageUnavailable:
                pause = STORE_RETRY_DELAYS[min(tries, len(STORE_RETRY_DELAYS) - 1)]
                if self._clock() + pause > give_up:
                    raise
            else:
                self._stored_at = began
                return written
            tries += 1
            await asyncio.sleep(pause)


Work = Callable[[TurnContext], Awaitable[None]]
"""Does one turn to its end, or raises what ended it early."""


class _Stoppable:
    """See `TurnContext.stoppable`."""

    def __init__(self, running: TurnContext) -> None:
        self._running = running
        self._task: asyncio.Task[Any] | None = None
        self._soon: asyncio.Handle | None = None
        self._cancelled = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._running._block = self  # noqa: SLF001  # two halves of one mechanism
        if self._running.stopped:
            self.end()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[True] | None:
        self._running._block = None  # noqa: SLF001  # the same
        if self._soon is not None:
            self._soon.cancel()
        if not self._cancelled or self._task is None:
            return None
        others = self._task.uncancel()
        return True if kind is asyncio.CancelledError and others == 0 else None

    def end(self) -> None:
        """Cancel the task once it waits: a task that cancels itself might do so too late for this block."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._cancelled = True
            self._task.cancel()
