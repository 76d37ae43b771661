"""An aiogram request middleware through which every call to Telegram passes.

It lets a call wait for its slot (`slot_allocator.py`), keeps everything away from a chat during a hold, and repeats
what can be repeated.
"""

from __future__ import annotations

import logging
from typing import Protocol

from aiogram import Bot, methods
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.errors import FloodWait
from bot.rate_limits.requests import Priority, Reservation, Resource
from bot.telegram.call_rules import chat_of, may_repeat, resource_of
from bot.telegram.slot_allocator import SlotAllocator, use_held_slot

logger = logging.getLogger(__name__)

DEFAULT_RETRY_AFTER = 3.0
"""Seconds of a hold where Telegram does not say how long it lasts."""
MAX_CALL_TRIES = 4
"""Tries of a call whose failure may pass."""
RETRY_DELAY = 0.5
"""Seconds before the second try; twice as long before each further one."""


class SlotBroker(Protocol):
    """Gets slots in chats whose budgets another process keeps."""

    def keeps(self, chat: int) -> bool:
        """Tell whether this process keeps the budget of a chat."""

    async def acquire(self, chat: int) -> bool:
        """Wait for a slot for one message where another process keeps this chat's budget; else return at once.

        False: another process may have spent that budget, and does not say how much. Raises FloodWait where there will
        be no slot for long.
        """


class RateLimitMiddleware(BaseRequestMiddleware):
    """Register it with `bot.session.middleware(…)`; one for a bot. Without a broker all budgets are kept here."""

    def __init__(self, slots: SlotAllocator, *, broker: SlotBroker | None = None) -> None:
        self._slots = slots
        self._broker = broker

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        """Let the call wait for its slot, make it, and see what came of it. Raises FloodWait during a hold."""
        chat, resource = chat_of(method), resource_of(method)
        if resource is None or chat is None:
            return await make_request(bot, method)
        if isinstance(method, methods.SendChatAction):
            reservation = self._slots.take_at_once(chat, resource)
            return await self._call_reserved(make_request, bot, method, reservation)
        if isinstance(method, methods.AnswerCallbackQuery):
            return await self._call_unmetered(make_request, bot, method, chat)
        held = use_held_slot(chat, resource)
        if held is not None:
            return await self._call_reserved(make_request, bot, method, held)
        return await self._call_with_retries(make_request, bot, method, chat, resource)

    async def _call_unmetered(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        chat: int,
    ) -> Response[TelegramType]:
        """Make a call that costs nothing and is worth nothing later: during a hold it is refused."""
        left = self._slots.held(chat)
        if left > 0:
            raise FloodWait("during a hold", seconds=left)
        try:
            return await make_request(bot, method)
        except TelegramAPIError as error:
            await self._apply_retry_after(chat, Resource.FREE, error)
            raise

    async def _call_reserved(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        reservation: Reservation,
    ) -> Response[TelegramType]:
        try:
            return await make_request(bot, method)
        except TelegramAPIError as error:
            await self._apply_retry_after(reservation.chat, reservation.resource, error)
            raise
        finally:
            self._slots.answered(reservation)

    async def _call_with_retries(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        chat: int,
        resource: Resource,
    ) -> Response[TelegramType]:
        """Make a call that nobody renders anew: it waits here, and is made again where that is safe and can help."""
        for tried in range(1, MAX_CALL_TRIES + 1):
            self._slots.refuse_impatient(chat)
            noted = await self._ask_home(chat, resource)
            reservation = await self._slots.wait_for(chat, Priority.ANSWER, resource, None)
            if not noted:
                await self._slots.note(reservation)
            try:
                return await self._call_reserved(make_request, bot, method, reservation)
            except TelegramRetryAfter:
                if tried == MAX_CALL_TRIES:
                    raise
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
                if tried == MAX_CALL_TRIES or not may_repeat(method, error):
                    raise
                logger.info("%s will be made again: %s", method.__api_method__, type(error).__name__)
                await self._slots.clock.sleep(RETRY_DELAY * 2 ** (tried - 1))
        raise AssertionError("unreachable")

    async def _ask_home(self, chat: int, resource: Resource) -> bool:
        """Ask whoever keeps this chat's budget for a slot; True where another process has noted the call."""
        if self._broker is None or resource is not Resource.MESSAGE:
            return False
        if await self._broker.acquire(chat):
            return not self._broker.keeps(chat)
        await self._slots.distrust(chat)
        return False

    async def _apply_retry_after(self, chat: int, resource: Resource, error: TelegramAPIError) -> None:
        """Hold what Telegram refused, if that is what it wants."""
        if isinstance(error, TelegramRetryAfter):
            await self._slots.flooded(chat, resource, error.retry_after)
        elif (error.message or "").startswith("Too Many Requests"):  # without saying for how long in its parameters
            await self._slots.flooded(chat, resource, DEFAULT_RETRY_AFTER)
