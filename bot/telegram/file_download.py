"""Fetching of a file that somebody sent: over HTTP, or from the disk of a local Bot API server (`--local`)."""

from __future__ import annotations

import asyncio
import logging
import stat
from contextlib import aclosing
from pathlib import Path

import aiohttp
from aiogram import Bot
from aiogram.client.telegram import PRODUCTION

from bot.errors import AmbiguousOutcome, MessageTooLong, TelegramProblem

logger = logging.getLogger(__name__)

FILE_TIMEOUT = 60
"""Seconds that a file may take on its way, either way."""


async def download(bot: Bot, file_path: str, *, limit: int) -> bytes:
    """Fetch the file that getFile named.

    Raises MessageTooLong beyond `limit` bytes, AmbiguousOutcome and TelegramProblem.
    """
    if Path(file_path).is_absolute() and bot.session.api is not PRODUCTION:
        try:
            async with asyncio.timeout(FILE_TIMEOUT):
                return await asyncio.to_thread(read_local_file, Path(file_path), token=bot.token, limit=limit)
        except TimeoutError:
            raise AmbiguousOutcome("the disk did not give the file in time") from None
    session = bot.session
    content = bytearray()
    try:
        async with aclosing(
            session.stream_content(session.api.file_url(bot.token, file_path), timeout=FILE_TIMEOUT)
        ) as chunks:
            async for chunk in chunks:
                content += chunk
                if len(content) > limit:
                    raise MessageTooLong(f"the file has more than {limit} bytes")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise AmbiguousOutcome(f"the file did not come: {type(error).__name__}") from None  # its text has the token
    return bytes(content)


def read_local_file(path: Path, *, token: str, limit: int) -> bytes:
    """Read a file that a local Bot API server keeps for this bot. Raises MessageTooLong and TelegramProblem.

    Such a server has a folder for each bot, named by its token (on Windows with `~` for the colon); nothing outside of
    it is read, whatever the server says.
    """
    names = {token, token.replace(":", "~")}
    try:
        real = path.resolve(strict=True)
        if ".." in path.parts or not names.intersection(path.parent.parts) or not names.intersection(real.parent.parts):
            logger.warning("The Bot API server names a file outside of this bot's folder: it is not read")
            raise TelegramProblem("a file outside of this bot's folder")
        if not stat.S_ISREG(real.stat().st_mode):
            raise TelegramProblem("no regular file")
        with real.open("rb") as file:
            content = file.read(limit + 1)
    except (OSError, ValueError) as error:  # the latter: a path with a NUL
        logger.warning(
            "The Bot API server keeps files on its own disk (--local), and they cannot be read here (%s): "
            "mount its folder at the same path, or run it without --local",
            type(error).__name__,
        )
        raise TelegramProblem("a file on the Bot API server's own disk") from None
    if len(content) > limit:
        raise MessageTooLong(f"the file has more than {limit} bytes")
    return content
