"""Engine for a `DATABASE_URL`, and the forms that one may have."""

from __future__ import annotations

from inspect import signature
from typing import Any, cast

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import SettingsProblem
from bot.storage.sqlite.driver import Connection as SqliteConnection
from bot.storage.sqlite.driver import connect

CONNECT_TIMEOUT = 5.0
STATEMENT_TIMEOUT = 10.0
"""Limits for PostgreSQL: to connect, and for one statement."""
SERVER_TIMEOUT_MARGIN = 5.0
"""Seconds by which the server's own limit for a statement is longer: as long as we live, it is we who give up."""
IDLE_TRANSACTION_TIMEOUT = 15.0
"""Seconds after which the server ends a transaction in which nothing happens: its process is frozen or cut off, and
others wait for what it holds. As long as a claim on a turn lasts."""
POOL_SIZE = 8
"""Connections to the database, all of them kept: a new one has to log in and to prepare each statement again, which
takes longer than to wait for one that comes back. More would not help a process that uses one core."""


def database_url(text: str) -> URL:
    """Read the setting and name the asynchronous driver. Raises SettingsProblem."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the second is about the port; what they quote may hold the password
        raise SettingsProblem(
            "DATABASE_URL: write sqlite+aiosqlite:///aura.db or postgresql://user:password@host:5432/name"
        ) from None
    if url.drivername.startswith("sqlite"):
        if url.database in {None, "", ":memory:"}:
            raise SettingsProblem("DATABASE_URL: name a file, for example sqlite+aiosqlite:///aura.db")
        return url.set(drivername="sqlite+aiosqlite")
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415  # it ships no types; only PostgreSQL needs it

    query = dict(url.query)
    if "sslmode" in query:  # libpq's word for what asyncpg calls ssl
        query["ssl"] = query.pop("sslmode")
    if unknown := sorted(query.keys() - signature(asyncpg.connect).parameters.keys()):
        raise SettingsProblem(f"DATABASE_URL: the driver, asyncpg, knows no {unknown[0]}; leave it out")
    return url.set(drivername="postgresql+asyncpg", query=query)


def is_sqlite(url: URL) -> bool:
    """Tell whether one process alone uses this database."""
    return url.get_backend_name() == "sqlite"


def make_engine(
    url: URL,
    *,
    foreign_keys: bool = True,
    durable: bool = True,
    patience: float = STATEMENT_TIMEOUT,
    begins: bool = True,
) -> AsyncEngine:
    """An engine whose transactions are safe on disk when they return. It connects when it is first used.

    Where it does not `begin` by itself, `begin_writing` does it: a listener to one event makes SQLAlchemy tell of all.

    One that is not `durable` does not wait for the disk: a power failure may undo the last of its transactions, but
    never one that a durable one came after. `patience` is how many seconds one statement may take on PostgreSQL.
    """
    if not is_sqlite(url):
        limits = {
            "statement_timeout": patience + SERVER_TIMEOUT_MARGIN,
            "idle_in_transaction_session_timeout": IDLE_TRANSACTION_TIMEOUT,
        }
        settings = {name: str(round(seconds * 1000)) for name, seconds in limits.items()}
        if not durable:
            settings["synchronous_commit"] = "off"
        engine = create_async_engine(
            url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=CONNECT_TIMEOUT,
            connect_args={
                "timeout": CONNECT_TIMEOUT,
                "command_timeout": patience,
                "server_settings": settings,
            },
        )
        event.listen(engine.sync_engine, "checkout", _replace_if_broken)
        return engine
    return _sqlite_engine(url, foreign_keys=foreign_keys, durable=durable, begins=begins)


async def begin_writing(connection: AsyncConnection) -> None:
    """Begin a transaction on a connection of an engine that does not do so by itself."""
    if connection.dialect.name == "sqlite":
        await driver_of(connection).begin()
    else:
        await connection.begin()


def driver_of(connection: AsyncConnection) -> SqliteConnection:
    """Give the driver's own connection to SQLite, behind one that is open."""
    if connection.sync_connection is None:
        raise RuntimeError("the connection is closed")
    return cast("SqliteConnection", connection.sync_connection.connection.driver_connection)


def _replace_if_broken(connection: Any, _entry: ConnectionPoolEntry, _proxy: object) -> None:  # noqa: ANN401  # a driver's
    """See whether the server has closed a connection, without asking it: that would cost each transaction a trip."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError("the server has closed the connection")


def _sqlite_engine(url: URL, *, foreign_keys: bool, durable: bool, begins: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=STATEMENT_TIMEOUT,
        # for other programs, such as a backup; our own writers take turns
        async_creator=lambda *_, **__: connect(str(url.database), patience=CONNECT_TIMEOUT),
    )

    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401  # the driver's own connection
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        cursor.execute("PRAGMA secure_delete=ON")  # what is erased is written over, not only unlinked
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", prepare)
    if begins:
        event.listen(engine.sync_engine, "begin", begin)
    return engine
