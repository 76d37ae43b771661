"""An aiogram request middleware that tells of every real call to Telegram: its method, its outcome, its duration."""

from __future__ import annotations

import time

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.runtime.observer import Observer
from bot.telegram.bot_session import TELEGRAM_ERRORS
from bot.telegram.slot_allocator import clamp_retry_after

LONG_POLL = "getUpdates"
"""Its duration says how quiet it is on Telegram, and nothing else."""


class CallObserver(BaseRequestMiddleware):
    """Register it last, so that each try of a call is told apart from the waiting before it."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        """Make the call and tell how it went."""
        name, began = method.__api_method__, time.perf_counter()
        outcome = "cancelled"
        try:
            response = await make_request(bot, method)
            outcome = "ok"
        except TELEGRAM_ERRORS as error:
            outcome = _outcome(error)
            if isinstance(error, TelegramRetryAfter):
                self._observer.telegram_held(name, clamp_retry_after(error.retry_after))
            raise
        else:
            return response
        finally:
            self._observer.telegram_called(name, outcome, 0.0 if name == LONG_POLL else time.perf_counter() - began)


def _outcome(error: Exception) -> str:
    if isinstance(error, TelegramRetryAfter):
        return "flood"
    if isinstance(error, TelegramNetworkError | TelegramServerError):
        return "unreachable"
    return "refused" if isinstance(error, TelegramAPIError) else "unreadable"
