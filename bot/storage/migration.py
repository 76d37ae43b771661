"""Brings a database's schema up to this program's, in-process, one replica at a time."""

from __future__ import annotations

import pkgutil

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from bot.storage.engine import is_sqlite, make_engine
from bot.storage.errors import ErrorTranslator
from bot.storage.migrations import versions

MIGRATION_LOCK = 0x61757261
"""The advisory lock under which replicas migrate."""
MIGRATION_TIMEOUT = 600.0
"""Seconds that one step may take, and that a replica waits for another that migrates."""


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
                if to != "head" or not await connection.run_sync(_is_current):
                    from bot.storage.migrations.upgrade import upgrade  # noqa: PLC0415  # Alembic costs a fifth of a start

                    await connection.run_sync(upgrade, to)
    finally:
        await engine.dispose()


def newest_revision() -> str:
    """The revision of the last migration, told from its file's name."""
    return max(name.partition("_")[0] for _, name, _ in pkgutil.iter_modules(versions.__path__))


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    return list(connection.scalars(text("SELECT version_num FROM alembic_version"))) == [newest_revision()]
