"""Long polling: updates are fetched in batches, handed to the handlers, and confirmed once their effect is stored."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates

from bot.errors import StorageUnavailable, Unauthorized
from bot.logs import LogThrottle
from bot.runtime.task_supervisor import TaskSupervisor
from bot.telegram.bot_session import TELEGRAM_ERRORS
from bot.updates.health import PollingHealth
from bot.updates.retry import Sleep, retry_after, until_it_succeeds
from bot.updates.update_queue import InFlightUpdates
from bot.updates.update_reader import Batch, read_batch, read_broken_batch

logger = logging.getLogger(__name__)

POLL_TIMEOUT = 30
"""Seconds that Telegram may keep a request open while nothing happens (getUpdates allows 50)."""
POLL_TIMEOUT_MARGIN = 10.0
"""Seconds beyond that until a request counts as hanging; it is broken off, and its connection closed."""
ELECTION_INTERVAL = 3.0
"""Seconds after which a replica that does not poll asks again whether it should."""
BATCH_WINDOW = 1.0
"""Seconds that the next request waits for what came with the one before; what takes longer delays its own chat."""
EMPTY_POLL_DELAY = 1.0
"""Seconds between two requests where a server answers at once, but with nothing new."""
CONFIRMATION_LIFETIME = 86_400.0
"""Seconds that Telegram keeps an update (Bot API, "Getting updates"); after that there is nothing left to confirm."""
MAX_UNREADABLE_REPORTS = 20
"""Lines about unreadable updates in ten minutes; a server that hands out nothing else would fill the disk."""


class GetRawUpdates(GetUpdates):
    """`getUpdates` with an answer of any shape: a single unreadable update must not hide the others."""

    __returning__: ClassVar[Any] = Any


@dataclass(frozen=True, slots=True)
class PollTiming:
    """The waits of a poll, in seconds."""

    timeout: int = POLL_TIMEOUT
    margin: float = POLL_TIMEOUT_MARGIN
    election_interval: float = ELECTION_INTERVAL
    batch_window: float = BATCH_WINDOW
    empty_poll_delay: float = EMPTY_POLL_DELAY


class Polling:
    """The program's own `getUpdates` loop.

    aiogram's confirms an update also when its handler raised; this one asks again for whatever could not be stored.
    Nothing that a server answers ends it, but for a token that Telegram does not know.
    """

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        tasks: TaskSupervisor,
        *,
        elected: Callable[[], Awaitable[bool]],
        health: PollingHealth,
        timing: PollTiming | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`elected` says whether this process is the one that polls; replicas ask a lock that they share."""
        self._bot = bot
        self._elected = elected
        self._health = health
        self._timing = timing or PollTiming()
        self._clock = clock
        self._sleep = sleep
        self._allowed = dispatcher.resolve_used_update_types()
        self._updates = InFlightUpdates(lambda update: dispatcher.feed_update(bot, update), tasks)
        self._reached = False
        self._answered_at = clock()
        self._trouble = LogThrottle(logger, clock=clock)
        self._conflicts = LogThrottle(logger, clock=clock)  # two that poll are answered in turns: that ends nothing
        self._unreadable = LogThrottle(logger, burst=MAX_UNREADABLE_REPORTS, clock=clock)

    async def run(self) -> None:
        """Poll until cancelled. Raises Unauthorized when Telegram does not know the token."""
        try:
            while True:
                await until_it_succeeds(self._report, sleep=self._sleep)(self._poll_where_elected)
        finally:
            await self._updates.end()

    async def _poll_where_elected(self) -> None:
        if await self._elected():
            await self._poll()
        else:
            self._health.stand_by()
            await self._updates.end()
            await self._sleep(self._timing.election_interval)

    async def _poll(self) -> None:
        """Ask once, and hand over what came. Raises what is worth a retry."""
        seconds = self._timing.timeout if self._reached and self._updates.is_idle else 0
        begun_at = self._clock()
        try:
            batch = await self._fetch(seconds)
        except TelegramUnauthorizedError as error:
            raise Unauthorized("Telegram does not know this BOT_TOKEN") from error
        self._note_answer()
        for problem in batch.problems:
            self._unreadable.log(logging.ERROR, "unreadable", "Passed over in an answer to getUpdates: %s", problem)
        was_idle = self._updates.is_idle
        begun = self._updates.take(batch)
        if not await self._updates.settle(self._timing.batch_window):
            raise StorageUnavailable("updates could not be stored; they are asked for again")
        came_at_once = self._clock() - begun_at < self._timing.empty_poll_delay
        if not begun and was_idle and came_at_once and (seconds or batch.ids or batch.problems):
            await self._sleep(self._timing.empty_poll_delay)

    async def _fetch(self, seconds: int) -> Batch:
        """Give the next batch. Raises TELEGRAM_ERRORS."""
        if self._clock() - self._answered_at > CONFIRMATION_LIFETIME:
            self._updates.forget_batch()
        method = GetRawUpdates(offset=self._updates.offset, timeout=seconds, allowed_updates=self._allowed)
        limit = self._timing.timeout + self._timing.margin
        try:
            async with asyncio.timeout(limit):
                answer = await self._bot(method, request_timeout=int(limit) + 60)
        except TimeoutError:
            hung = f"a poll hung for {limit:g} s; it is broken off, and made again on a new connection"
            raise TelegramNetworkError(method=method, message=hung) from None
        except ClientDecodeError as error:
            return self._read_broken(error)
        except (TypeError, ValueError) as error:  # aiogram's own, of answers that it did not expect
            raise ClientDecodeError("the answer makes no sense", error, None) from error
        return read_batch(answer, self._bot)

    def _read_broken(self, error: ClientDecodeError) -> Batch:
        """Read what is readable of an answer in an unexpected form. Raises the error where that is nothing."""
        if isinstance(error.data, dict) and error.data.get("ok") is True and "result" in error.data:
            return read_batch(error.data["result"], self._bot)
        batch = read_broken_batch(error.data, self._bot) if isinstance(error.data, str) else None
        if batch is None:
            raise error
        return batch

    def _note_answer(self) -> None:
        if not self._reached and self._trouble.reset():
            logger.info("Telegram answers again")
        self._reached = True
        self._answered_at = self._clock()
        self._health.answered()

    async def _report(self, error: BaseException) -> None:
        """Say once what keeps updates from coming in."""
        if isinstance(error, StorageUnavailable):
            return  # each update that could not be stored has its line
        self._reached = False
        seconds = retry_after(error)
        message = str(getattr(error, "message", error))
        if seconds is not None:
            self._warn("held", "Telegram asks to poll again in %d s", seconds)
        elif isinstance(error, TelegramConflictError) and "webhook" in message:
            await self._end_webhook()
        elif isinstance(error, TelegramConflictError):
            self._health.conflicted(message)
            self._conflicts.log(
                logging.ERROR,
                "conflict",
                "Another instance of this bot is polling with the same BOT_TOKEN: %s",
                message,
            )
        elif isinstance(error, TelegramNetworkError):
            self._warn("network", "Telegram cannot be reached: %s", message)
        else:
            self._warn("refused", "Telegram refused getUpdates: %s", message)

    def _warn(self, kind: str, message: str, *args: object) -> None:
        self._trouble.log(logging.WARNING, kind, message, *args)

    async def _end_webhook(self) -> None:
        """Telegram answers no poll while a webhook is set, and without WEBHOOK_URL we are not meant to have one."""
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
            logger.warning("Telegram still had a webhook from before; it is taken back, because WEBHOOK_URL is not set")
        except TELEGRAM_ERRORS as error:
            self._warn("webhook", "The webhook from before cannot be taken back: %s", error.message)
