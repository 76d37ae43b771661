"""The word to admins that the database was made by a newer program: this one ends, and would end silently."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import TelegramProblem
from bot.operating.broadcaster import BroadcastSender
from bot.rendering.entities import Formatted
from bot.storage.engine import database_url, make_engine
from bot.storage.repositories.newer_schema import admins_to_tell, note_told
from bot.telegram.destination import Destination
from bot.texts import Texts

logger = logging.getLogger(__name__)

KIND = "schema"
"""The kind of this alert; a program that fits the database ends it."""


async def tell_of_newer_schema(
    url: str, sender: BroadcastSender, texts: Texts, *, bot: int, named: Collection[int]
) -> None:
    """Tell every admin, once however often the program is started; nobody where that cannot be stored."""
    engine = make_engine(database_url(url))
    try:
        await _tell(engine, sender, texts, bot=bot, named=named)
    except (SQLAlchemyError, OSError) as error:
        logger.info("Admins are not told of the newer database: %s", type(error).__name__)
    finally:
        await engine.dispose()


async def _tell(
    engine: AsyncEngine, sender: BroadcastSender, texts: Texts, *, bot: int, named: Collection[int]
) -> None:
    async with engine.connect() as connection:
        admins = await admins_to_tell(connection, KIND, bot=bot, named=named)
    told = 0
    for admin, language in admins:
        text = texts.get(texts.language_of(language), "alert-schema")
        try:
            await sender.send(Destination(admin, private=True), Formatted(text))
        except TelegramProblem as problem:
            logger.info("Admin %d could not be told: %s", admin, problem)
        else:
            told += 1
    if told:
        async with engine.begin() as connection:
            await note_told(connection, KIND, bot=bot)
