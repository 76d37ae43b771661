"""A look at a database that creates and changes nothing."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ProgrammingError

from bot.errors import DatabaseInUse, SchemaNewer, StorageUnavailable
from bot.storage.engine import database_url, is_sqlite, make_engine
from bot.storage.errors import ErrorTranslator
from bot.storage.migrations.upgrade import migrations
from bot.storage.schema import alerts, chats, preferences


async def inspect(url: str) -> str:
    """Say in a line what the next start finds. Raises DatabaseInUse, SchemaNewer, StorageUnavailable."""
    read = database_url(url)
    if not is_sqlite(read):
        return _about_schema(str(read.database), await _schema_on_server(read))
    return await asyncio.to_thread(_about_file, Path(str(read.database)))


def folder_of(url: str) -> Path | None:
    """Give the folder of a SQLite file. None: the database is a server's."""
    read = database_url(url)
    return Path(str(read.database)).resolve().parent if is_sqlite(read) else None


@dataclass(frozen=True, slots=True)
class Noted:
    """Things that go on as a running bot has noted them: alerts (kind, subject, Unix time of the start), and holds."""

    alerts: tuple[tuple[str, str, float], ...] = ()
    held_chats: int = 0
    held_until: float = 0.0
    """Unix time at which the last hold ends."""


async def stored_for_bot(url: str, bot: int) -> dict[str, str]:
    """Read what is set for a whole bot, and change nothing; nothing where no database is, or it cannot be read."""
    c = preferences.c
    rows = await _rows(url, select(c.name, c.value).where(c.bot == bot, c.chat == 0, c.topic == 0))
    return {str(name): str(value) for name, value in rows}


async def noted_for_bot(url: str, bot: int, *, now: float) -> Noted:
    """Read what a bot has noted, as `stored_for_bot` does."""
    told = await _rows(url, select(alerts.c.kind, alerts.c.subject, alerts.c.since).where(alerts.c.bot == bot))
    held = select(func.count(), func.max(chats.c.hold_until)).where(chats.c.bot == bot, chats.c.hold_until > now)
    [(count, until)] = await _rows(url, held) or [(0, None)]
    return Noted(tuple((str(kind), str(subject), float(since)) for kind, subject, since in told), count, until or 0.0)


async def _rows(url: str, wanted: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    read = database_url(url)
    if is_sqlite(read):
        return await asyncio.to_thread(_rows_in_file, Path(str(read.database)), wanted)
    engine, border = make_engine(read), ErrorTranslator()
    border.watch(engine)
    try:
        with border.translating():
            async with engine.connect() as connection:
                return [tuple(row) for row in await connection.execute(wanted)]
    except (StorageUnavailable, ProgrammingError):
        return []  # the look at the database itself says why
    finally:
        await engine.dispose()


def _rows_in_file(file: Path, wanted: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if not file.exists():
        return []
    statement = str(wanted.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    try:
        with closing(_read_only(file.resolve())) as connection:
            return connection.execute(statement).fetchall()
    except sqlite3.Error:
        return []  # the look at the database itself says why


def _read_only(file: Path) -> sqlite3.Connection:
    log = file.with_name(file.name + "-wal")
    pending = log.exists() and log.stat().st_size > 0
    # without a log nothing beside the file is needed, and SQLite is kept from making any of it
    way = "mode=ro" if pending else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(str(file))}?{way}", uri=True)


def _about_file(path: Path) -> str:
    file = path.resolve()
    found = _schema_in_file(file)
    return f"{file} is not there yet; the first start makes it" if found is None else _about_schema(str(file), found)


def _about_schema(name: str, heads: tuple[str, ...]) -> str:
    script = ScriptDirectory.from_config(migrations())
    known = {step.revision for step in script.walk_revisions()}
    if unknown := set(heads) - known:
        raise SchemaNewer(f"{name}: its schema is {', '.join(sorted(unknown))}, which this program does not know")
    if set(heads) == set(script.get_heads()):
        return f"{name} can be read, and its schema is up to date"
    return f"{name} can be read; the next start brings its schema up to date"


async def _schema_on_server(url: URL) -> tuple[str, ...]:
    engine, border = make_engine(url), ErrorTranslator()
    border.watch(engine)
    try:
        with border.translating():
            async with engine.connect() as connection:
                return await connection.run_sync(_heads)
    finally:
        await engine.dispose()


def _heads(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def _schema_in_file(file: Path) -> tuple[str, ...] | None:
    """The schema of a SQLite file. None: there is no file, and one can be made."""
    if not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        raise StorageUnavailable(f"{file} cannot be made or written: its folder is missing or not ours")
    if not file.exists():
        return None
    lock = Path(f"{file}.lock")
    if lock.exists():
        _see_that_it_is_free(lock)
    try:
        with closing(_read_only(file)) as connection:
            tables = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
            if not connection.execute(tables).fetchone()[0]:
                return ()
            return tuple(row[0] for row in connection.execute("SELECT version_num FROM alembic_version"))
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{file} cannot be read: {error}") from error


def _see_that_it_is_free(lock: Path) -> None:
    try:
        with FileLock(lock, timeout=0, fallback_to_soft=False):
            pass
    except Timeout:
        raise DatabaseInUse(f"another process uses {lock.stem}") from None
    except OSError as error:
        raise StorageUnavailable(f"{lock} cannot be locked: {error.strerror}") from error
