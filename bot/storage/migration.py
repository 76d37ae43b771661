"""Brings a database's schema up to this program's, in-process, one replica at a time."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from bot.errors import SchemaNewer
from bot.storage.engine import is_sqlite, make_engine
from bot.storage.errors import ErrorTranslator

MIGRATION_LOCK = 0x61757261
"""The advisory lock under which replicas migrate."""
MIGRATION_TIMEOUT = 600.0
"""Seconds that one step may take, and that a replica waits for another that migrates."""


def migrations() -> Config:
    """Alembic's configuration; it needs no file."""
    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    return config


async def migrate(url: URL, border: ErrorTranslator, *, to: str = "head") -> None:
    """Apply what is missing, all of it or nothing. Raises SchemaNewer and StorageUnavailable."""
    # rebuilding a table on SQLite must not delete what refers to it
    engine = make_engine(url, foreign_keys=False, patience=MIGRATION_TIMEOUT)
    border.watch(engine)
    try:
        with border.translating():
            async with engine.begin() as connection:
                if not is_sqlite(url):
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
                await connection.run_sync(_upgrade, to)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, to: str) -> None:
    config = migrations()
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_heads()
    unknown = set(current) - known
    if unknown:
        raise SchemaNewer(f"the database's schema is {', '.join(sorted(unknown))}, which this program does not know")
    if to == "head" and set(current) == set(script.get_heads()):
        return
    config.attributes["connection"] = connection
    command.upgrade(config, to)
