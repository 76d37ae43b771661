"""The check of Telegram: whether it knows the bot, and where it delivers what people write."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import User, WebhookInfo
from pydantic import SecretStr

from bot.command_line.findings import Doubtful, Wrong
from bot.net.proxy_url import parse_proxy
from bot.settings import Settings
from bot.telegram.bot_session import TELEGRAM_ERRORS, make_bot
from bot.updates.receiving import NO_BOT_API

CHECK_TIMEOUT = 20
"""Seconds that Telegram may take to answer."""


async def check_telegram(settings: Settings) -> str:
    """Ask Telegram who the bot is. Raises Wrong."""
    if settings.bot_token is None:
        return "no BOT_TOKEN, so `run` opens the playground"
    bot = _bot(settings, settings.bot_token)
    try:
        me: User | None = await bot.get_me(request_timeout=CHECK_TIMEOUT)
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise Wrong("BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather") from None
    except ClientDecodeError:
        raise Wrong(NO_BOT_API) from None
    except TELEGRAM_ERRORS as error:
        raise Wrong(_not_reached(settings, error)) from None
    finally:
        await bot.session.close()
    if me is None:
        raise Wrong(NO_BOT_API)
    return f"@{me.username} ({me.full_name})"


async def check_updates(settings: Settings) -> str:
    """Ask Telegram where updates go and how many wait, which takes none of them away. Raises Wrong, Doubtful."""
    if settings.bot_token is None:
        return "none, without BOT_TOKEN"
    bot = _bot(settings, settings.bot_token)
    try:
        info: WebhookInfo | None = await bot.get_webhook_info(request_timeout=CHECK_TIMEOUT)
    except TELEGRAM_ERRORS:
        info = None
    finally:
        await bot.session.close()
    if info is None:
        raise Doubtful("not asked, see telegram")
    return _delivered(settings, info)


def _delivered(settings: Settings, info: WebhookInfo) -> str:
    """Judge what Telegram says of its deliveries. Raises Wrong, Doubtful."""
    waiting = f"{info.pending_update_count} wait at Telegram"
    if settings.webhook_url is not None and info.pending_update_count and info.last_error_message:
        raise Wrong(
            f"Telegram cannot deliver to the webhook ({info.last_error_message}), {waiting}; "
            "check WEBHOOK_URL, its certificate, and the server that stands before the bot"
        )
    announced, wanted = _host(info.url), _host(settings.webhook_url or "")
    if announced != wanted and (announced or wanted):
        there = f"delivers to a webhook at {announced}" if announced else "knows of no webhook"
        said = f"WEBHOOK_URL is at {wanted}" if wanted else "WEBHOOK_URL is not set"
        raise Doubtful(
            f"Telegram {there}, and {said}: right before the next start, else a second program has BOT_TOKEN; {waiting}"
        )
    return f"delivered to the webhook at {wanted}; {waiting}" if wanted else f"fetched from Telegram; {waiting}"


def _host(url: str) -> str | None:
    """Give the host of an address, or all of one that cannot be read; None: there is none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return url


def _not_reached(settings: Settings, error: TelegramAPIError | ClientDecodeError) -> str:
    """Say which part of the way to Telegram does not work, by the setting that names it."""
    if settings.telegram_proxy is not None:
        place = parse_proxy(settings.telegram_proxy.get_secret_value()).shown
        return f"not reached through the proxy ({error.message}); check TELEGRAM_PROXY ({place})"
    if settings.telegram_api_url is not None:
        place = urlsplit(settings.telegram_api_url).netloc.rpartition("@")[2]
        return f"not reached ({error.message}); check TELEGRAM_API_URL ({place}), or set TELEGRAM_PROXY"
    return f"not reached ({error.message}); check the network, and set TELEGRAM_PROXY where Telegram is blocked"


def _bot(settings: Settings, token: SecretStr) -> Bot:
    return make_bot(token, api_url=settings.telegram_api_url, proxy=settings.telegram_proxy)
