"""Long polling: updates are fetched in batches, handed to the handlers, and confirmed once their effect is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import Update
from aiogram.utils.backoff import Backoff, BackoffConfig
from pydantic import ValidationError

from bot.errors import Unauthorized
from bot.runtime.task_supervisor import TaskSupervisor
from bot.telegram.bot_session import TELEGRAM_ERRORS
from bot.updates.update_queue import InFlightUpdates

logger = logging.getLogger(__name__)

POLL_TIMEOUT = 30
"""How long Telegram may keep a request open while nothing happens (getUpdates allows 50)."""
POLL_TIMEOUT_MARGIN = 10
"""Seconds beyond that until a silent connection counts as broken."""
ELECTION_INTERVAL = 3
"""How often a replica that does not poll asks whether it should."""
BATCH_WINDOW = 1.0
"""How long the next request waits for what came with the one before; what takes longer holds up its own chat alone."""
BACKOFF = BackoffConfig(min_delay=0.5, max_delay=15.0, factor=1.7, jitter=0.2)


class Polling:
    """The program's own `getUpdates` loop.

    aiogram's confirms an update also when its handler raised; this one asks again for whatever could not be stored.
    """

    def __init__(
        self, bot: Bot, dispatcher: Dispatcher, tasks: TaskSupervisor, *, elected: Callable[[], Awaitable[bool]]
    ) -> None:
        """`elected` says whether this process is the one that polls; replicas ask a lock that they share."""
        self._bot = bot
        self._elected = elected
        self._allowed = dispatcher.resolve_used_update_types()
        self._under_way = InFlightUpdates(lambda update: dispatcher.feed_update(bot, update), tasks)
        self.reached = False
        """Whether the last request reached Telegram."""

    async def run(self) -> None:
        """Poll until cancelled. Raises Unauthorized when Telegram does not know the token."""
        backoff = Backoff(BACKOFF)
        try:
            while True:
                if await self._elected():
                    await self._poll(backoff)
                else:
                    await self._under_way.end()
                    await asyncio.sleep(ELECTION_INTERVAL)
        finally:
            await self._under_way.end()

    async def _poll(self, backoff: Backoff) -> None:
        """Ask once, and hand over what came."""
        try:
            updates = await self._fetch()
        except TelegramUnauthorizedError as error:
            raise Unauthorized("Telegram does not know this BOT_TOKEN") from error
        except TELEGRAM_ERRORS as error:
            await self._wait(error, backoff)
            return
        self.reached = True
        self._under_way.take(updates)
        if await self._under_way.settle(BATCH_WINDOW):
            backoff.reset()
        else:
            await backoff.asleep()

    async def _fetch(self) -> list[Update]:
        """The next batch. Raises what NO_ANSWER names."""
        try:
            return await self._bot.get_updates(
                offset=self._under_way.offset,
                timeout=POLL_TIMEOUT if self.reached and self._under_way.is_idle else 0,
                allowed_updates=self._allowed,
                request_timeout=POLL_TIMEOUT + POLL_TIMEOUT_MARGIN,
            )
        except ClientDecodeError as error:
            raw = error.data.get("result") if isinstance(error.data, dict) else None
            if not isinstance(raw, list):
                raise
            return [self._read(update) for update in raw]

    def _read(self, raw: dict[str, Any]) -> Update:
        """One update. One that cannot be read would come again and again: it is passed over, with its id alone."""
        try:
            return Update.model_validate(raw, context={"bot": self._bot})
        except ValidationError as error:
            place = error.errors(include_input=False)[0]["loc"]
            logger.error("Update %d cannot be read and is passed over: %s", raw["update_id"], place)
            return Update(update_id=raw["update_id"])

    async def _wait(self, error: TelegramAPIError | ClientDecodeError, backoff: Backoff) -> None:
        self.reached = False
        if isinstance(error, TelegramRetryAfter):
            logger.warning("Telegram asks to poll again in %d s", error.retry_after)
            await asyncio.sleep(error.retry_after)
            return
        if isinstance(error, TelegramConflictError) and "webhook" in error.message:
            await self._end_webhook()
        elif isinstance(error, TelegramConflictError):
            logger.error("Another instance of this bot is polling with the same BOT_TOKEN: %s", error.message)
        elif isinstance(error, TelegramNetworkError):
            logger.warning("Telegram cannot be reached: %s", error.message)
        else:
            logger.warning("Telegram refused getUpdates: %s", error.message)
        await backoff.asleep()

    async def _end_webhook(self) -> None:
        """Telegram answers no poll while a webhook is set, and without WEBHOOK_URL we are not meant to have one."""
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
            logger.warning("Telegram still had a webhook from before; it is taken back, because WEBHOOK_URL is not set")
        except TELEGRAM_ERRORS as error:
            logger.warning("The webhook from before cannot be taken back: %s", error.message)
