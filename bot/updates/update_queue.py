"""Updates between being fetched and being confirmed: those of a chat in order, chats side by side."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from aiogram.types import Update

from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor

logger = logging.getLogger(__name__)


class InFlightUpdates:
    """Hands updates over, and knows up to which all of them may be confirmed.

    One that takes long (a document on its way) holds up its own chat alone: the others go on, and what Telegram hands
    out again meanwhile, because it is not confirmed yet, is known here. Telegram hands out a hundred at the most, so
    there are never more.
    """

    def __init__(self, handle: Callable[[Update], Awaitable[object]], tasks: TaskSupervisor) -> None:
        """`handle` stores the effect of an update; it raises StorageUnavailable where that cannot be done."""
        self._handle = handle
        self._tasks = tasks
        self._waiting: dict[int, deque[Update]] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._handled: set[int] = set()
        self._unstored: set[int] = set()
        self._seen = -1

    def take(self, updates: Iterable[Update]) -> None:
        """Begin with those that are new. Raises as `settle` does."""
        self._reap()
        self._unstored.clear()  # they come again
        known = self._handled.union(*({update.update_id for update in queue} for queue in self._waiting.values()))
        for update in updates:
            self._seen = max(self._seen, update.update_id)
            if update.update_id not in known and _says_something(update):
                self._waiting.setdefault(chat_of(update), deque()).append(update)
        for chat in self._waiting.keys() - self._running.keys():
            self._running[chat] = self._tasks.start(self._in_order(chat), name=f"updates of {chat}", awaited=True)

    async def settle(self, seconds: float) -> bool:
        """Wait until all of it is done, `seconds` at the most. False: something could not be stored, and comes again.

        Raises what a handler raised beside StorageUnavailable.
        """
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
        self._seen = -1

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._running

    @property
    def offset(self) -> int | None:
        """The first update that Telegram has to keep; those before it may be confirmed. None: there were none yet."""
        open_ = self._unstored.union(*({update.update_id for update in queue} for queue in self._waiting.values()))
        offset = min(open_, default=self._seen + 1)
        self._handled = {handled for handled in self._handled if handled >= offset}
        return offset or None

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
                await self._handle(queue[0])
                self._handled.add(queue.popleft().update_id)
        except StorageUnavailable as error:
            logger.error("Update %d is not confirmed: %s", queue[0].update_id, error)
            self._unstored.add(queue[0].update_id)
        finally:
            del self._waiting[chat]


def _says_something(update: Update) -> bool:
    """Whether anything of it could be read beside its id."""
    return update.model_fields_set != {"update_id"}


def chat_of(update: Update) -> int:
    """The chat whose order an update belongs to (0: none)."""
    event = update.event
    chat = getattr(event, "chat", None) or getattr(getattr(event, "message", None), "chat", None)
    return chat.id if chat is not None else 0
