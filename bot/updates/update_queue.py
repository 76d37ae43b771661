"""Updates between being fetched and being confirmed: those of a chat in order, chats side by side."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from aiogram.types import Update

from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.updates.update_reader import Batch

logger = logging.getLogger(__name__)


class InFlightUpdates:
    """Hands updates over, and knows which offset confirms those that are handled.

    An update that takes long (a document on its way) holds up its own chat alone: the others go on, and what Telegram
    hands out again meanwhile, because it is not confirmed yet, is known here. Telegram hands out a hundred at the most,
    so there are never more.

    Update ids may begin anew at any number (Telegram's do after a week without updates), so nothing is concluded from
    the ids of earlier batches. Only the latest batch counts: what is in it was not confirmed yet, what is not in it is
    forgotten here. An offset is given only as long as it confirms something of that batch; every other request goes
    without one, and Telegram answers with the oldest update it has. So an offset that was once right never hides
    updates whose ids are lower, neither from a server that drops everything below the offset nor from one that
    ignores an offset far beyond its newest id. Only where ids begin anew between a batch and its confirmation, which
    takes a moment, could a server of the first kind drop what came in that moment; Telegram does so after a quiet week.
    """

    def __init__(self, handle: Callable[[Update], Awaitable[object]], tasks: TaskSupervisor) -> None:
        """`handle` stores the effect of an update; it raises StorageUnavailable where that cannot be done."""
        self._handle = handle
        self._tasks = tasks
        self._waiting: dict[int, deque[Update]] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._handled: set[int] = set()
        self._unstored: set[int] = set()
        self._batch: tuple[int, ...] = ()

    def take(self, batch: Batch) -> bool:
        """Begin with those that are new. Returns whether there were any."""
        self._reap()
        self._unstored.clear()  # they come again
        self._batch = batch.ids
        self._handled &= set(batch.ids)
        known = self._handled | self._in_flight()
        begun = False
        for update in batch.updates:
            if update.update_id not in known:
                known.add(update.update_id)
                self._waiting.setdefault(chat_of(update), deque()).append(update)
                begun = True
        for chat in self._waiting.keys() - self._running.keys():
            self._running[chat] = self._tasks.start(self._in_order(chat), name=f"updates of {chat}", awaited=True)
        return begun

    async def settle(self, seconds: float) -> bool:
        """Wait until all of it is done, `seconds` at the most. False: something was not stored and comes again."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=seconds)
        self._reap()
        return not self._unstored

    async def end(self) -> None:
        """Give up what is under way, and begin anew: nothing is known of what Telegram has."""
        for task in self._running.values():
            task.cancel()
        if self._running:
            await asyncio.wait(self._running.values())
        self._running.clear()
        self._waiting.clear()
        self._unstored.clear()
        self.forget_batch()

    def forget_batch(self) -> None:
        """Confirm nothing of the latest batch any more: Telegram has dropped it, and may use its ids anew."""
        self._batch = ()

    @property
    def is_idle(self) -> bool:
        """True where nothing is under way."""
        return not self._running

    @property
    def offset(self) -> int | None:
        """The lowest id of the latest batch that Telegram has to keep. None: there is nothing to confirm.

        Never beyond the newest id: where ids began anew within the batch, a higher one of before would be of the
        future for the server, and would confirm nothing for as long as that is so.
        """
        if not self._batch:
            return None
        kept = set(self._batch) & (self._unstored | self._in_flight())
        offset = min(kept | {self._batch[-1] + 1})
        return offset if offset > min(self._batch) else None

    def _in_flight(self) -> set[int]:
        return {update.update_id for queue in self._waiting.values() for update in queue}

    def _reap(self) -> None:
        for chat, task in list(self._running.items()):
            if task.done():
                del self._running[chat]
                task.result()

    async def _in_order(self, chat: int) -> None:
        """Hand one chat's updates over, until there are none or one cannot be stored."""
        queue = self._waiting[chat]
        try:
            while queue:
                await self._hand_over(queue[0])
                self._handled.add(queue.popleft().update_id)
        except StorageUnavailable as error:
            logger.error("Update %d is not confirmed: %s", queue[0].update_id, error)
            self._unstored.add(queue[0].update_id)
        finally:
            del self._waiting[chat]

    async def _hand_over(self, update: Update) -> None:
        """Handle one update. A fault of ours costs this update alone: unconfirmed, it would end every start anew."""
        try:
            await self._handle(update)
        except StorageUnavailable:
            raise
        except Exception:
            logger.exception("Update %d is passed over, because a handler broke", update.update_id)


def chat_of(update: Update) -> int:
    """The chat whose order an update belongs to (0: none)."""
    event = update.event
    chat = getattr(event, "chat", None) or getattr(getattr(event, "message", None), "chat", None)
    return chat.id if chat is not None else 0
