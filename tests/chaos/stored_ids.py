"""Every message id that a program has ever stored, written down by the database itself.

A message that stands there twice is excused where its process ended, or was cut off, between Telegram's taking it and
the storing of its id. Whether the id was stored is known exactly: triggers keep every journal that a turn ever had.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import text

from bot.storage.engine import database_url, is_sqlite, make_engine
from bot.storage.errors import ErrorTranslator
from bot.storage.migration import migrate

_TABLE = "CREATE TABLE stored_journals (turn BIGINT NOT NULL, shown TEXT NOT NULL)"
_SQLITE = """
    CREATE TRIGGER journals AFTER UPDATE OF shown ON turns
    BEGIN INSERT INTO stored_journals VALUES (NEW.id, NEW.shown); END
"""
_POSTGRESQL = (
    """
    CREATE FUNCTION keep_journal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO stored_journals VALUES (NEW.id, NEW.shown::text); RETURN NEW; END $$
    """,
    """
    CREATE TRIGGER journals AFTER UPDATE OF shown ON turns
    FOR EACH ROW EXECUTE FUNCTION keep_journal()
    """,
)
_STORED = """
    SELECT DISTINCT conversations.chat, stored_journals.shown FROM stored_journals
    JOIN turns ON turns.id = stored_journals.turn JOIN conversations ON conversations.id = turns.conversation
"""


@dataclass
class StoredIds:
    """The ids of a database's turns, by chat."""

    url: str
    by_chat: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

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
                for chat, shown in await connection.execute(text(_STORED)):
                    self.by_chat[chat] |= {one["id"] for one in json.loads(shown) if one["id"] is not None}
        finally:
            await engine.dispose()

    def has(self, chat: int, message: int) -> bool:
        return message in self.by_chat[chat]
