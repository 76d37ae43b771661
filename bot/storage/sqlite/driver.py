"""SQLite with one trip to the driver's thread for each statement; the driver's own cursors make four.

Each trip costs more than the statement itself, and the more the busier the machine is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import aiosqlite

T = TypeVar("T")

Parameters = Sequence[Any]

_BEGIN = "BEGIN IMMEDIATE"


class Cursor:
    """Asynchronous cursor for SQLAlchemy, with all rows fetched at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    async def execute(self, operation: str, parameters: Parameters = ()) -> Cursor:
        """Run one statement and fetch what it gives."""
        return await self._connection.in_thread(lambda cursor: self._keep(cursor.execute(operation, parameters)))

    async def executemany(self, operation: str, parameters: Sequence[Parameters]) -> Cursor:
        """Run one statement for each set of parameters."""
        return await self._connection.in_thread(lambda cursor: self._keep(cursor.executemany(operation, parameters)))

    async def fetchall(self) -> list[Any]:
        """Give the rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open."""

    def _keep(self, cursor: sqlite3.Cursor) -> Cursor:
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        return self


class Connection(aiosqlite.Connection):
    """aiosqlite's connection with such cursors."""

    _asked = 0
    """Statements handed to the driver's thread."""
    _done = 0
    """Those of them that it is done with."""
    _wait = "PRAGMA busy_timeout=0"
    """The statement that lets the thread wait for another program's lock."""

    def cursor(self) -> Cursor:  # type: ignore[override]  # SQLAlchemy awaits its __aenter__, which both have
        """A cursor that is made without a trip."""
        return Cursor(self)

    async def rollback(self) -> None:
        """Roll back, where there is anything: what only read has no transaction, and needs no trip."""
        if self._asked != self._done or self._conn.in_transaction:  # one that nobody waits for any more may still begin
            await super().rollback()

    def set_up(self, *, patience: float) -> None:
        """Note how long to wait; let the program end although a connection was lost, as SQLAlchemy does for its own."""
        self._wait = f"PRAGMA busy_timeout={patience * 1000:.0f}"
        self._thread.daemon = True

    async def begin(self) -> None:
        """Begin to write: at once where nobody else does, else in the thread, which can wait for them."""
        idle = self._asked == self._done and not self._conn.in_transaction
        if not (idle and self._begins_at_once()):
            await self.in_thread(lambda cursor: cursor.execute(_BEGIN))

    def _begins_at_once(self) -> bool:
        """Begin without a wait. False: another program writes, or it cannot be done, and the thread's try tells why."""
        try:
            self._conn.execute("PRAGMA busy_timeout=0")
            self._conn.execute(_BEGIN)
        except sqlite3.OperationalError:
            return False
        finally:
            self._conn.execute(self._wait)
        return True

    async def run(self, operation: str, parameters: Parameters = ()) -> tuple[list[Any], int]:
        """Run one statement. Gives its rows, and how many it concerned.

        Inside a transaction it is run here and now: the lock is held, and nothing is written to the disk before the
        commit, so that it takes some 10 us, a tenth of the trip to the thread. So it must not be one that looks through
        a table.
        """
        if self._asked == self._done and self._conn.in_transaction:
            with closing(self._conn.cursor()) as cursor:
                return _fetch(cursor, operation, parameters)
        return await self.in_thread(lambda cursor: _fetch(cursor, operation, parameters))

    def in_thread(self, work: Callable[[sqlite3.Cursor], T]) -> Awaitable[T]:
        """Run `work` with a cursor of the database in the driver's thread."""

        def run() -> T:
            try:
                with closing(self._conn.cursor()) as cursor:
                    return work(cursor)
            finally:
                self._done += 1

        self._asked += 1
        return cast("Awaitable[T]", self._execute(run))  # type: ignore[no-untyped-call]  # the driver's own


def _fetch(cursor: sqlite3.Cursor, operation: str, parameters: Parameters) -> tuple[list[Any], int]:
    cursor.execute(operation, parameters)
    return cursor.fetchall(), cursor.rowcount


async def connect(file: str, *, patience: float) -> Connection:
    """Open a file; `patience` is how many seconds another program's lock is waited for."""
    connection = Connection(
        # the thread belongs to the driver; the loop's thread only sets the isolation level
        lambda: sqlite3.connect(file, timeout=patience, check_same_thread=False, isolation_level=None),
        iter_chunk_size=64,
    )
    connection.set_up(patience=patience)
    await connection
    return connection
