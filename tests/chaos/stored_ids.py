"""Every message id that a program has ever stored, and when it was done with it, written down by the database itself.

A message that stands there twice is excused where its process ended, or was cut off, between Telegram's taking it and
the storing of its id. Whether the id was stored is known exactly: triggers keep every journal that a turn ever had.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from bot.storage.engine import database_url, is_sqlite, make_engine
from bot.storage.errors import ErrorTranslator
from bot.storage.migration import migrate

_TABLE = "CREATE TABLE stored_journals (turn BIGINT NOT NULL, shown TEXT NOT NULL, at DOUBLE PRECISION NOT NULL)"
_SQLITE = """
    CREATE TRIGGER journals AFTER UPDATE OF shown ON turns
    BEGIN INSERT INTO stored_journals VALUES (NEW.id, NEW.shown, (julianday('now') - 2440587.5) * 86400.0); END
"""
_POSTGRESQL = (
    """
    CREATE FUNCTION keep_journal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO stored_journals VALUES (NEW.id, NEW.shown::text, extract(epoch FROM clock_timestamp()));
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER journals AFTER UPDATE OF shown ON turns
    FOR EACH ROW EXECUTE FUNCTION keep_journal()
    """,
)
_STORED = """
    SELECT conversations.chat, stored_journals.shown, stored_journals.at FROM stored_journals
    JOIN turns ON turns.id = stored_journals.turn JOIN conversations ON conversations.id = turns.conversation
    ORDER BY stored_journals.at
"""


@dataclass
class StoredIds:
    """The ids of a database's turns, by chat."""

    url: str
    by_chat: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    sealed: dict[tuple[int, int], float] = field(default_factory=dict)
    """Unix time at which a message was stored as full: nothing is written into it any more."""

    async def begin(self) -> None:
        """Make the schema, and the triggers that keep what is stored from now on."""
        url = database_url(self.url)
        await migrate(url, ErrorTranslator())
        engine = make_engine(url)
        try:
            async with engine.begin() as connection:
                for statement in (_TABLE, *((_SQLITE,) if is_sqlite(url) else _POSTGRESQL)):
                    await connection.execute(text(statement))
        finally:
            await engine.dispose()

    async def look(self) -> None:
        """Read what was stored so far."""
        engine = make_engine(database_url(self.url))
        try:
            async with engine.connect() as connection:
                for chat, shown, at in await connection.execute(text(_STORED)):
                    for one in json.loads(shown):
                        self._take(chat, one, at)
        finally:
            await engine.dispose()

    def _take(self, chat: int, one: dict[str, Any], at: float) -> None:
        if one["id"] is None:
            return
        self.by_chat[chat].add(one["id"])
        if one.get("sealed"):
            self.sealed.setdefault((chat, one["id"]), at)
        else:
            self.sealed.pop((chat, one["id"]), None)

    def has(self, chat: int, message: int) -> bool:
        return message in self.by_chat[chat]
