"""The ways in which updates arrive: by polling or by webhook, with the health of both served beside them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiogram import Bot, Dispatcher
from aiogram.exceptions import ClientDecodeError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import User
from aiohttp import web

from bot import logs
from bot.errors import Problem, SettingsProblem, Unauthorized
from bot.runtime.task_supervisor import TaskSupervisor
from bot.settings import Settings
from bot.storage.database import Database
from bot.telegram.bot_session import TELEGRAM_ERRORS
from bot.updates.health import PollingHealth, Readiness, WebhookHealth, health_app, server_runner
from bot.updates.metrics_endpoint import Scrape, add_metrics
from bot.updates.polling import Polling
from bot.updates.retry import Sleep, until_it_succeeds
from bot.updates.trouble import DeliveryWatch, TroubleHeard
from bot.updates.webhook import add_webhook, announce_webhook

logger = logging.getLogger(__name__)

NO_BOT_API = (
    "A server answered, but not as Telegram's Bot API does: getMe gave no bot; "
    "check TELEGRAM_API_URL, and what TELEGRAM_PROXY leads to"
)
"""The line about an answer that makes no sense."""


async def reach_telegram(bot: Bot, *, sleep: Sleep = asyncio.sleep) -> User:
    """Ask Telegram who we are, however long it takes. Raises Unauthorized."""
    trouble = logs.LogThrottle(logger)

    async def ask() -> User:
        try:
            me: object = await bot.me()
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            raise Unauthorized("BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather") from error
        if not isinstance(me, User):  # null is a valid answer to aiogram
            raise ClientDecodeError("getMe gave no bot", TypeError(type(me).__name__), me)
        return me

    async def report(error: BaseException) -> None:
        if isinstance(error, ClientDecodeError):
            trouble.log(logging.WARNING, "no Bot API", NO_BOT_API)
        else:
            message = getattr(error, "message", error)
            where = "Telegram cannot be reached (TELEGRAM_API_URL, TELEGRAM_PROXY): %s"
            trouble.log(logging.WARNING, "unreachable", where, message)

    return await until_it_succeeds(report, sleep=sleep)(ask)


@dataclass(frozen=True, slots=True)
class UpdatesSource:
    """The way in which updates come in, and who hears where they do not."""

    health: PollingHealth | WebhookHealth
    heard: TroubleHeard


def updates_source(settings: Settings, bot: Bot, heard: TroubleHeard) -> UpdatesSource:
    """Make what knows whether updates come in, for the way that the settings have."""
    limit = settings.updates_age_limit
    if settings.webhook_url is not None:
        return UpdatesSource(WebhookHealth(bot, limit=limit), heard)
    return UpdatesSource(PollingHealth(bot, limit=limit, heard=heard), heard)


async def receive_updates(
    settings: Settings,
    bot: Bot,
    dispatcher: Dispatcher,
    database: Database,
    tasks: TaskSupervisor,
    source: UpdatesSource,
) -> None:
    """Let updates come, by webhook or by polling, until cancelled."""
    health = source.health
    if isinstance(health, WebhookHealth):
        url, secret = _webhook_of(settings)
        await announce_webhook(bot, dispatcher, url=url, secret=secret)
        await DeliveryWatch(health, source.heard).run()
        return

    async def elected() -> bool:
        return await database.try_advisory_lock(f"polling {bot.id}")

    await Polling(bot, dispatcher, tasks, elected=elected, health=health).run()


@dataclass(frozen=True, slots=True)
class Served:
    """Everything that the program's own web server needs of the rest."""

    settings: Settings
    bot: Bot
    dispatcher: Dispatcher
    database: Database
    health: PollingHealth | WebhookHealth
    scrape: Scrape | None = None
    """None: nobody counts."""


def reserve_address(address: tuple[str, int], stack: AsyncExitStack) -> list[socket.socket]:
    """Bind an address before anything else begins: nobody listens there yet. Raises SettingsProblem."""
    host, port = address
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            bound = stack.enter_context(socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(place)
            sockets.append(bound)
    except OSError as error:
        raise SettingsProblem(f"LISTEN: cannot listen on {host}:{port}: {error.strerror}") from None
    return sockets


async def listen(sockets: Sequence[socket.socket], served: Served, stack: AsyncExitStack, *, grace: float) -> None:
    """Serve health and figures, and the webhook where there is one."""
    settings, bot, health = served.settings, served.bot, served.health

    async def ready() -> Readiness:
        updates = await health.check()
        return Readiness({"database": await _works(served.database.ping()), **updates.parts}, updates.details)

    app = health_app(ready)
    if served.scrape is not None:
        add_metrics(app, served.scrape, lambda: health.age, settings)
    if isinstance(health, WebhookHealth):
        add_webhook(app, served.dispatcher, bot, secret=_webhook_of(settings)[1], health=health)
    runner = server_runner(app, shutdown_timeout=grace)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    for bound in sockets:
        try:
            await web.SockSite(runner, bound).start()
        except OSError as error:  # another process has bound it, too, and was quicker to listen
            raise SettingsProblem(f"LISTEN: cannot listen on {bound.getsockname()}: {error.strerror}") from None


def _webhook_of(settings: Settings) -> tuple[str, str]:
    """Give address and secret of the webhook. Raises SettingsProblem where there is none."""
    if settings.webhook_url is None or settings.webhook_secret is None:
        raise SettingsProblem("WEBHOOK_URL, WEBHOOK_SECRET: one of them is missing")
    return settings.webhook_url, settings.webhook_secret.get_secret_value()


async def _works(asking: Awaitable[object]) -> bool:
    try:
        await asking
    except (Problem, *TELEGRAM_ERRORS):
        return False
    return True
