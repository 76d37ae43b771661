"""`python -m bot check`: says of each part whether it works with these settings, and what to do where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError

from bot import logs
from bot.embedded_model import open_local_model
from bot.errors import DatabaseInUse, GeneratorProblem, Problem, StorageUnavailable
from bot.generator_trial import generator_variables
from bot.generators.factory import make_client
from bot.local_telegram import playground_database
from bot.net.proxy_url import as_proxy
from bot.people.personas import read_personas
from bot.settings import Settings
from bot.settings_review import review
from bot.storage.inspection import inspect
from bot.telegram.bot_session import TELEGRAM_ERRORS, make_bot

CHECK_TIMEOUT = 20
"""Seconds that Telegram may take to answer."""

CheckPart = Callable[[Settings], Awaitable[str]]


class Wrong(Exception):
    """Something does not work: what, which variable, and what to do."""


async def run(settings: Settings) -> int:
    """Try every part and print a line each. Returns 0 when all of them work, else 1."""
    logs.set_up_logging(level="ERROR", form="text", secrets=settings.secrets())
    works = True
    for name, part in _PARTS.items():
        try:
            line = f"works  {name}: {await part(settings)}"
        except (Wrong, Problem) as wrong:
            works = False
            line = f"WRONG  {name}: {wrong}"
        print(logs.blotted(line, settings.secrets()), flush=True)  # noqa: T201  # what this command is for
    return 0 if works else 1


async def _settings(settings: Settings) -> str:
    """Reading them is the test; what they name as files is read here."""
    personas = read_personas(settings.personas_file)
    count = f"{len(personas)} persona{'' if len(personas) == 1 else 's'}"
    return "; ".join(["read", count, *review(settings)])


async def check_telegram(settings: Settings) -> str:
    """Ask Telegram who the bot is. Raises Wrong."""
    if settings.bot_token is None:
        return "no BOT_TOKEN, so `run` opens the playground"
    bot = make_bot(settings.bot_token, api_url=settings.telegram_api_url, proxy=settings.telegram_proxy)
    try:
        me = await bot.get_me(request_timeout=CHECK_TIMEOUT)
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise Wrong("BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather") from None
    except TELEGRAM_ERRORS as error:
        proxy = "TELEGRAM_PROXY" if settings.telegram_proxy else "set TELEGRAM_PROXY where Telegram is blocked"
        raise Wrong(f"not reached ({error.message}); check TELEGRAM_API_URL, the network, and {proxy}") from None
    finally:
        await bot.session.close()
    return f"@{me.username} ({me.full_name})"


async def check_generator(settings: Settings) -> str:
    """Let the generator answer once. Raises Wrong, SettingsProblem."""
    async with AsyncExitStack() as stack:
        model = await open_local_model(settings, stack) if settings.embedded else None
        client = make_client(settings, model)
        stack.push_async_callback(client.aclose)
        proxy = as_proxy(settings.proxy.get_secret_value() if settings.proxy and model is None else None)
        started = asyncio.get_running_loop().time()
        try:
            await client.probe(proxy=proxy)
        except GeneratorProblem as error:
            raise Wrong(f"{error}; check {generator_variables(settings)}") from None
        took = asyncio.get_running_loop().time() - started
        name = f"the embedded {model.name}" if model else client.destination
        return "; ".join([f"{name} answers ({took:.1f} s to the first piece)", *client.advice()])


async def _database(settings: Settings) -> str:
    url = settings.database_url if settings.bot_token is not None else playground_database(settings)
    try:
        return await inspect(url.get_secret_value())
    except DatabaseInUse:
        return "in use by the running bot"
    except StorageUnavailable as error:
        raise Wrong(f"{error}; check DATABASE_URL") from None


_PARTS: dict[str, CheckPart] = {
    "settings": _settings,
    "telegram": check_telegram,
    "generator": check_generator,
    "database": _database,
}
