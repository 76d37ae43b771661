"""SQLite with one trip to the driver's thread for each statement; the driver's own cursors make four.

Each trip costs more than the statement itself, and the more the busier the machine is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any, Self, cast

import aiosqlite

Parameters = Sequence[Any]


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

    def cursor(self) -> Cursor:  # type: ignore[override]  # SQLAlchemy awaits its __aenter__, which both have
        """A cursor that is made without a trip."""
        return Cursor(self)

    async def rollback(self) -> None:
        """Roll back, where there is anything: what only read has no transaction, and needs no trip."""
        if self._asked != self._done or self._conn.in_transaction:  # one that nobody waits for any more may still begin
            await super().rollback()

    def do_not_linger(self) -> None:
        """Let the program end although a connection was lost, as SQLAlchemy does for its own."""
        self._thread.daemon = True

    def in_thread(self, work: Callable[[sqlite3.Cursor], Cursor]) -> Awaitable[Cursor]:
        """Run `work` with a cursor of the database in the driver's thread."""

        def run() -> Cursor:
            try:
                with closing(self._conn.cursor()) as cursor:
                    return work(cursor)
            finally:
                self._done += 1

        self._asked += 1
        return cast("Awaitable[Cursor]", self._execute(run))  # type: ignore[no-untyped-call]  # the driver's own


async def connect(file: str, *, patience: float) -> Connection:
    """Open a file; `patience` is how many seconds another program's lock is waited for."""
    connection = Connection(
        # the thread belongs to the driver; the loop's thread only sets the isolation level
        lambda: sqlite3.connect(file, timeout=patience, check_same_thread=False, isolation_level=None),
        iter_chunk_size=64,
    )
    connection.do_not_linger()
    await connection
    return connection
