"""What the program has stored so far, for scenes that must know the moment."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from sqlalchemy import text as sql

from bot.storage.engine import database_url, make_engine
from tests.harness.scene import Scene
from tests.harness.telegram_people import PATIENCE, Json

_SHOWN = sql("SELECT c.chat, CAST(t.shown AS text) FROM turns t JOIN conversations c ON c.id = t.conversation")


def states(folder: Path) -> list[str]:
    """The states of all turns, as they are stored."""
    with sqlite3.connect(f"file:{folder / 'aura.db'}?mode=ro", uri=True) as connection:
        found = [state for (state,) in connection.execute("SELECT state FROM turns ORDER BY id")]
    connection.close()
    return found


def unfinished(folder: Path) -> str:
    """The text of an answer that may be given up, as it is stored; one turn was begun."""
    with sqlite3.connect(f"file:{folder / 'aura.db'}?mode=ro", uri=True) as connection:
        found = connection.execute("SELECT unfinished FROM turns").fetchone()
    connection.close()
    return str(found[0])


def said_and_kept(folder: Path) -> list[str]:
    """The texts of all messages of the conversations, as they are stored."""
    with sqlite3.connect(f"file:{folder / 'aura.db'}?mode=ro", uri=True) as connection:
        found = [text for (text,) in connection.execute("SELECT text FROM messages ORDER BY id")]
    connection.close()
    return found


def grow_old(folder: Path, *, days: float) -> None:
    """Let all that was said have been said so many days earlier; the program must not be running."""
    with sqlite3.connect(folder / "aura.db") as connection:
        connection.execute("UPDATE messages SET at = at - ?", (days * 86_400,))
    connection.close()


async def shown_and_kept(scene: Scene, text: str) -> Json:
    """Wait until a text is shown and the program knows it: before that, the kill would hit the send itself."""
    message = await scene.telegram.reads(text)

    def kept() -> bool:
        with sqlite3.connect(f"file:{scene.folder / 'aura.db'}?mode=ro", uri=True) as connection:
            shown = " ".join(str(row) for row in connection.execute("SELECT shown FROM turns"))
        connection.close()
        return str(message["message_id"]) in re.findall(r"\d+", shown)

    await eventually(kept)
    return message


async def all_kept(database: str, messages: Mapping[int, int]) -> None:
    """Wait until PostgreSQL knows the message of each chat's answer: before that, a kill would hit the send itself."""
    engine = make_engine(database_url(database))
    try:

        async def kept() -> bool:
            async with engine.connect() as connection:
                rows = (await connection.execute(_SHOWN)).all()
            return set(messages.items()) <= {(chat, one["id"]) for chat, shown in rows for one in json.loads(shown)}

        await eventually(kept)
    finally:
        await engine.dispose()


async def eventually(what: Callable[[], bool] | Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE) -> None:
    """Look again and again at what sends no events."""
    async with asyncio.timeout(seconds):
        while True:
            seen = what()
            if seen if isinstance(seen, bool) else await seen:
                return
            await asyncio.sleep(0.02)
