"""The playground instead of Telegram: started beside the bot, and the settings with which the bot runs there."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import SecretStr

from bot.errors import SettingsProblem
from bot.settings import Settings
from playground.errors import WorldFileError
from playground.server import Playground

logger = logging.getLogger(__name__)

PLAYGROUND_ADMIN = 1001
"""Anna, the person whom the page shows first."""


def playground_database(settings: Settings) -> SecretStr:
    """The database of a bot in the playground: its own, unless the settings name one."""
    if "database_url" in settings.model_fields_set:
        return settings.database_url
    return SecretStr("sqlite+aiosqlite:///aura-playground.db")


async def open_playground(settings: Settings, stack: AsyncExitStack) -> Settings:
    """Start the local Telegram. Returns the settings with which the bot runs there, beside those for Telegram."""
    host, port = settings.playground_listen
    playground = Playground(keep=Path("aura-playground-telegram.db"), strict=settings.playground_strict)
    try:
        url = await playground.start(host, port)
    except OSError as error:
        raise SettingsProblem(f"PLAYGROUND_LISTEN: cannot listen on {host}:{port}: {error.strerror}") from None
    except WorldFileError as error:
        raise SettingsProblem(f"The playground's world: {error}") from None
    stack.push_async_callback(playground.stop)
    logger.info("The playground: open %s in your browser", url)
    logger.info("For the real Telegram put BOT_TOKEN=… (from @BotFather) into .env and start again")
    return settings.model_copy(
        update={
            "bot_token": SecretStr(playground.token),
            "telegram_api_url": url,
            "telegram_proxy": None,
            "webhook_url": None,
            "admin_ids": settings.admin_ids | {PLAYGROUND_ADMIN},
            "database_url": playground_database(settings),
        }
    )
