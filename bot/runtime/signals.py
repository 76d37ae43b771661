"""The end of the program by a signal."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.runtime.task_supervisor import TaskSupervisor

logger = logging.getLogger(__name__)

T = TypeVar("T")

STATUS_AFTER_SECOND_SIGNAL = 130


def stop_signal(grace: float) -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; the second of them ends the process at once.

    `grace`: seconds that answers nearly done get, for the log.
    """
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(STATUS_AFTER_SECOND_SIGNAL)
        logger.info("Stopping: answers nearly done get %g s, the others go on after the next start", grace)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop


async def until_stopped(
    stop: asyncio.Event, work: Coroutine[Any, Any, T], tasks: TaskSupervisor, *, name: str
) -> T | None:
    """Let `work` run to its end, or until the signal (None). Its failure ends the program with what it says."""
    working = tasks.start(work, name=name, awaited=True)
    stopping = tasks.start(stop.wait(), name="wait for a signal", awaited=True)
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.wait({working, stopping})
