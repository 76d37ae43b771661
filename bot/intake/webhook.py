"""The webhook: Telegram posts updates here; 200 is answered only after their effect is stored."""

from __future__ import annotations

import hashlib
import hmac
import logging

from aiogram import Bot, Dispatcher
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

logger = logging.getLogger(__name__)

LARGEST_UPDATE = 1024 * 1024
"""Bytes of a request's body; an update with a full message and all its entities stays far below."""
CONNECTIONS = 40
"""How many updates Telegram may deliver side by side (setWebhook's `max_connections`, 1–100)."""


def webhook_path(bot_id: int, secret: str) -> str:
    """A path that neither the token nor the bot's id gives away: it hangs on the secret alone."""
    mark = hmac.new(secret.encode(), f"webhook of {bot_id}".encode(), hashlib.sha256).hexdigest()
    return f"/telegram/{mark[:40]}"


def add_webhook(app: web.Application, dispatcher: Dispatcher, bot: Bot, *, secret: str) -> None:
    """Serve the webhook on `app`. A handler that raises (nothing stored) is answered 500, and Telegram comes again.

    The secret is compared in constant time (aiogram's handler does that).
    """
    handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=secret)
    handler.register(app, path=webhook_path(bot.id, secret))


async def announce_webhook(bot: Bot, dispatcher: Dispatcher, *, url: str, secret: str) -> None:
    """Tell Telegram where the webhook is (setWebhook); every replica says the same."""
    await bot.set_webhook(
        url + webhook_path(bot.id, secret),
        secret_token=secret,
        allowed_updates=dispatcher.resolve_used_update_types(),
        max_connections=CONNECTIONS,
        drop_pending_updates=False,
    )
    logger.info("The webhook is announced at %s", url)
