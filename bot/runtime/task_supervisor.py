"""The only owner of background tasks: it names them, reports their failures, cancels and drains them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from bot.runtime.log_context import fresh_context

logger = logging.getLogger(__name__)

T = TypeVar("T")


class StartTask(Protocol):
    """`TaskSupervisor.start`, for whoever needs nothing else of it."""

    def __call__(self, work: Coroutine[Any, Any, T], *, name: str, awaited: bool = False) -> asyncio.Task[T]:
        """Run `work` in a fresh context; `awaited`: somebody sees how it ends."""
        ...


class TaskSupervisor:
    """Starts what runs beside everything else, and ends it with the program.

    A task begins in a fresh context, so that it never inherits the transaction in which it was asked for; only the
    fields of its log lines go along.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False

    def start(self, work: Coroutine[Any, Any, T], *, name: str, awaited: bool = False) -> asyncio.Task[T]:
        """Run `work` in the background. Its failure is logged, unless it is `awaited` by somebody who sees it there."""
        task: asyncio.Task[T] = asyncio.get_running_loop().create_task(work, name=name, context=fresh_context())
        self._running.add(task)
        task.add_done_callback(self._running.discard if awaited else self._ended)
        if self._closing:
            task.cancel()
        return task

    def __len__(self) -> int:
        return len(self._running)

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        self._closing = True
        while self._running:
            running = tuple(self._running)
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", task.get_name(), exc_info=error)
