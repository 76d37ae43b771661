"""Statements of every question and answer: compiled once, and on SQLite handed to the driver as they are.

SQLAlchemy's way from a statement to its rows takes some twenty times as long as SQLite takes for a statement of this
kind. What these statements say is still written, and compiled for each database, with SQLAlchemy.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Delete, Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import CompoundSelect

from bot.storage.engine import driver_of
from bot.storage.errors import ErrorTranslator
from bot.storage.mappers import AnyRow

BindValues = Mapping[str, object]
_Statement = Select[*tuple[Any, ...]] | CompoundSelect[Any] | Insert | Update | Delete
_Convert = Callable[[Any], Any] | None


class PreparedStatement:
    """A statement that takes some rows by their keys, no more; lists of values (`IN`) are not for it.

    Its rows have the columns as attributes and can be unpacked. Raises StorageUnavailable.
    """

    def __init__(self, statement: _Statement) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], _SqliteStatement] = {}

    async def rows(self, connection: AsyncConnection, values: BindValues) -> Sequence[AnyRow]:
        """Give all rows."""
        if connection.dialect.name != "sqlite":
            return (await connection.execute(self._statement, values)).all()
        compiled = self._for(connection.dialect, values)
        rows, _ = await _run(connection, compiled.sql, compiled.arguments(values))
        return compiled.read(rows)

    async def row(self, connection: AsyncConnection, values: BindValues) -> AnyRow | None:
        """Give the first row. None: there is none."""
        rows = await self.rows(connection, values)
        return rows[0] if rows else None

    async def change(self, connection: AsyncConnection, values: BindValues) -> int:
        """Change something. Gives the number of rows that it concerned."""
        if connection.dialect.name != "sqlite":
            return (await connection.execute(self._statement, values)).rowcount
        compiled = self._for(connection.dialect, values)
        _, count = await _run(connection, compiled.sql, compiled.arguments(values))
        return count

    def _for(self, dialect: Dialect, values: BindValues) -> _SqliteStatement:
        """The statement for SQLite, whose columns to be set are among the names of the values."""
        names = tuple(values)
        compiled = self._compiled.get(names)
        if compiled is None:
            compiled = self._compiled[names] = _SqliteStatement(self._statement, dialect, names)
        return compiled


class _SqliteStatement:
    """A statement as SQLite's driver takes it, and how its values and rows are converted."""

    def __init__(self, statement: _Statement, dialect: Dialect, names: Iterable[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        self.sql = str(compiled)
        binds = [compiled.binds[name] for name in compiled.positiontup or ()]
        if any(bind.expanding for bind in binds):
            raise TypeError("a prepared statement takes no lists of values")
        self._binds: list[tuple[str, object, bool, _Convert]] = [
            (bind.key, bind.value, bind.required, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for bind in binds
        ]
        columns = list(getattr(statement, "exported_columns", ()))
        make: Any = namedtuple  # noqa: PYI024  # the names are known here and not before
        self._row: Callable[[Iterable[Any]], AnyRow] = make("Row", [column.name for column in columns])._make
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers = [(at, reader) for at, reader in enumerate(readers) if reader is not None]

    def arguments(self, values: BindValues) -> list[object]:
        """The values in the order of the statement. Raises KeyError for one that is missing."""
        given = [values[name] if required or name in values else usual for name, usual, required, _ in self._binds]
        return [value if bind[3] is None else bind[3](value) for value, bind in zip(given, self._binds, strict=True)]

    def read(self, rows: Sequence[Sequence[Any]]) -> Sequence[AnyRow]:
        """The rows with their values as the columns' types have them."""
        return [self._row(self._converted(row)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        if not self._readers:
            return row
        values = list(row)
        for at, reader in self._readers:
            values[at] = reader(values[at])
        return values


async def _run(connection: AsyncConnection, sql: str, arguments: Sequence[object]) -> tuple[list[Any], int]:
    with ErrorTranslator.of(connection).translating():
        return await driver_of(connection).run(sql, arguments)
