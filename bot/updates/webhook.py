"""The webhook: Telegram posts updates here; 200 is answered only after their effect is stored."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.utils.backoff import Backoff, BackoffConfig
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web
from pydantic import ValidationError

from bot.errors import SettingsProblem, Unauthorized
from bot.telegram.bot_session import TELEGRAM_ERRORS

logger = logging.getLogger(__name__)

MAX_UPDATE_SIZE = 1024 * 1024
"""Bytes of a request's body; an update with a full message and all its entities stays far below."""
MAX_CONNECTIONS = 40
"""How many updates Telegram may deliver side by side (setWebhook's `max_connections`, 1–100)."""

BACKOFF = BackoffConfig(min_delay=0.5, max_delay=15.0, factor=1.7, jitter=0.2)


class _Handler(SimpleRequestHandler):
    async def handle(self, request: web.Request) -> web.Response:
        """Take an update. One that cannot be read would come again and again: it is passed over."""
        try:
            return await super().handle(request)
        except ValidationError as error:
            logger.error("An update cannot be read and is passed over: %s", error.errors(include_input=False)[0]["loc"])
            return web.Response()

    async def close(self) -> None:
        """Leave the bot's session open: answers are still on their way when the server ends."""


def webhook_path(bot_id: int, secret: str) -> str:
    """A path that neither the token nor the bot's id gives away: it hangs on the secret alone."""
    mark = hmac.new(secret.encode(), f"webhook of {bot_id}".encode(), hashlib.sha256).hexdigest()
    return f"/telegram/{mark[:40]}"


def add_webhook(app: web.Application, dispatcher: Dispatcher, bot: Bot, *, secret: str) -> None:
    """Serve the webhook on `app`. A handler that raises (nothing stored) is answered 500, and Telegram comes again.

    The secret is compared in constant time (aiogram's handler does that).
    """
    handler = _Handler(dispatcher, bot, handle_in_background=False, secret_token=secret)
    handler.register(app, path=webhook_path(bot.id, secret))


async def announce_webhook(bot: Bot, dispatcher: Dispatcher, *, url: str, secret: str) -> None:
    """Tell Telegram where the webhook is (setWebhook), however long it takes; every replica says the same.

    Raises SettingsProblem where Telegram does not take the address, and Unauthorized.
    """
    backoff = Backoff(BACKOFF)
    while True:
        try:
            await bot.set_webhook(
                url + webhook_path(bot.id, secret),
                secret_token=secret,
                allowed_updates=dispatcher.resolve_used_update_types(),
                max_connections=MAX_CONNECTIONS,
                drop_pending_updates=False,
            )
        except TelegramBadRequest as error:
            raise SettingsProblem(f"WEBHOOK_URL: Telegram does not take it: {error.message}") from error
        except TelegramUnauthorizedError as error:
            raise Unauthorized("Telegram does not know this BOT_TOKEN") from error
        except TelegramRetryAfter as error:
            logger.warning("Telegram asks to announce the webhook again in %d s", error.retry_after)
            await asyncio.sleep(error.retry_after)
        except TELEGRAM_ERRORS as error:
            logger.warning("The webhook cannot be announced yet: %s", error.message)
            await backoff.asleep()
        else:
            logger.info("The webhook is announced at %s", url)
            return
