"""Long polling: updates are fetched in batches, handed to the handlers, and confirmed once their effect is stored."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
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

from bot.errors import StorageUnavailable, Unauthorized
from bot.intake.connection import NO_ANSWER

logger = logging.getLogger(__name__)

POLL_SECONDS = 30
"""How long Telegram may keep a request open while nothing happens (getUpdates allows 50)."""
PATIENCE = 10
"""Seconds beyond that until a silent connection counts as broken."""
ELECTION_SECONDS = 3
"""How often a replica that does not poll asks whether it should."""
BACKOFF = BackoffConfig(min_delay=0.5, max_delay=15.0, factor=1.7, jitter=0.2)


class Polling:
    """The program's own `getUpdates` loop.

    aiogram's confirms an update also when its handler raised; this one asks again for whatever could not be stored.
    """

    def __init__(self, bot: Bot, dispatcher: Dispatcher, *, elected: Callable[[], Awaitable[bool]]) -> None:
        """`elected` says whether this process is the one that polls; replicas ask a lock that they share."""
        self._bot = bot
        self._dispatcher = dispatcher
        self._elected = elected
        self._allowed = dispatcher.resolve_used_update_types()
        self._offset: int | None = None
        self.reached = False
        """Whether the last request reached Telegram."""

    async def run(self) -> None:
        """Poll until cancelled. Raises Unauthorized when Telegram does not know the token."""
        backoff = Backoff(BACKOFF)
        while True:
            if not await self._elected():
                self._offset = None
                await asyncio.sleep(ELECTION_SECONDS)
                continue
            try:
                updates = await self._fetch()
            except TelegramUnauthorizedError as error:
                raise Unauthorized("Telegram does not know this BOT_TOKEN") from error
            except NO_ANSWER as error:
                await self._wait(error, backoff)
                continue
            self.reached = True
            if await self._take(updates):
                backoff.reset()
            else:
                await backoff.asleep()

    async def _fetch(self) -> list[Update]:
        """The next batch. Raises what NO_ANSWER names."""
        try:
            return await self._bot.get_updates(
                offset=self._offset,
                timeout=POLL_SECONDS if self.reached else 0,
                allowed_updates=self._allowed,
                request_timeout=POLL_SECONDS + PATIENCE,
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
        except NO_ANSWER as error:
            logger.warning("The webhook from before cannot be taken back: %s", error.message)

    async def _take(self, updates: Sequence[Update]) -> bool:
        """Hand a batch over, chats side by side. False: some of it could not be stored and will come again."""
        chats: defaultdict[int, list[Update]] = defaultdict(list)
        for update in filter(_says_something, updates):
            chats[chat_of(update)].append(update)
        unstored = [
            update_id
            for update_id in await asyncio.gather(*(self._take_in_order(waiting) for waiting in chats.values()))
            if update_id is not None
        ]
        if unstored:
            self._offset = min(unstored)
        elif updates:
            self._offset = max(update.update_id for update in updates) + 1
        return not unstored

    async def _take_in_order(self, updates: Sequence[Update]) -> int | None:
        """Hand one chat's updates over. Returns the id of the first whose effect could not be stored."""
        for update in updates:
            try:
                await self._dispatcher.feed_update(self._bot, update)
            except StorageUnavailable as error:
                logger.error("Update %d is not confirmed: %s", update.update_id, error)
                return update.update_id
        return None


def _says_something(update: Update) -> bool:
    """Whether anything of it could be read beside its id."""
    return update.model_fields_set != {"update_id"}


def chat_of(update: Update) -> int:
    """The chat whose order an update belongs to (0: none)."""
    event = update.event
    chat = getattr(event, "chat", None) or getattr(getattr(event, "message", None), "chat", None)
    return chat.id if chat is not None else 0
