"""Every row of one database into another, of either kind; and the proof that both hold the same.

Both have this program's schema. The rows go in the order of their keys, a batch at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import Column, Table, bindparam, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Problem
from bot.storage.schema import metadata

BATCH = 1000
"""Rows read and written at once."""

Row = Mapping[str, Any]


class CopyDiffers(Problem):
    """The copy does not hold what the original holds."""


class NotEmpty(Problem):
    """The database that was to be filled holds something already."""


async def require_empty(connection: AsyncConnection) -> None:
    """Raise NotEmpty where any table has a row."""
    for table in metadata.sorted_tables:
        if (await connection.execute(select(func.count()).select_from(table))).scalar_one():
            raise NotEmpty(f"the table {table.name} holds rows already; name an empty database")


async def copy_all(source: AsyncConnection, target: AsyncConnection) -> int:
    """Copy every row, and see that ids go on where they were. Gives the number of rows."""
    copied = 0
    for table in metadata.sorted_tables:
        own = [column for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
        async for batch in _batches(source, table):
            await target.execute(table.insert(), [{**row, **dict.fromkeys(one.name for one in own)} for row in batch])
            copied += len(batch)
        for column in own:  # a row may refer to a later one of its own table
            await _refer(source, target, table, column)
    for table in metadata.sorted_tables:
        await _go_on_counting(source, target, table)
    return copied


async def compare_all(source: AsyncConnection, target: AsyncConnection) -> None:
    """Compare every row. Raises CopyDiffers."""
    for table in metadata.sorted_tables:
        number = 0
        theirs = _batches(target, table)
        async for batch in _batches(source, table):
            copied: list[Row] = await anext(theirs, [])
            for mine, other in zip(batch, copied, strict=False):
                number += 1
                if mine != other:
                    raise CopyDiffers(f"row {number} of {table.name} is not the same")
            if len(batch) != len(copied):
                raise CopyDiffers(f"{table.name}: rows are missing after {number}")
        if await anext(theirs, []):
            raise CopyDiffers(f"{table.name}: there are more rows than {number}")


async def _batches(connection: AsyncConnection, table: Table) -> AsyncIterator[list[Row]]:
    """Read a table in the order of its key; one without a key in the order of all its columns."""
    key = list(table.primary_key.columns)
    order = key or list(table.columns)
    last: Row | None = None
    number = 0
    while True:
        wanted = select(table).order_by(*order).limit(BATCH)
        if not key:
            wanted = wanted.offset(number)
        elif last is not None:
            wanted = wanted.where(tuple_(*key) > tuple_(*(last[column.name] for column in key)))
        batch: list[Row] = [dict(row) for row in (await connection.execute(wanted)).mappings()]
        if not batch:
            return
        yield batch
        last = batch[-1]
        number += len(batch)


async def _refer(source: AsyncConnection, target: AsyncConnection, table: Table, column: Column[Any]) -> None:
    key = table.columns.id
    put = table.update().where(key == bindparam("the_id")).values({column.name: bindparam("the_value")})
    async for batch in _batches(source, table):
        referring = [{"the_id": row["id"], "the_value": row[column.name]} for row in batch if row[column.name]]
        if referring:
            await target.execute(put, referring)


async def _go_on_counting(source: AsyncConnection, target: AsyncConnection, table: Table) -> None:
    """Let new ids begin after those that ever were: one in an old button must never come to mean something else."""
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return
    last = await _last_id(source, table)
    if last and target.dialect.name == "sqlite":
        await target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        row = {"name": table.name, "last": last}
        await target.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), row)
    elif last:
        sequence = func.pg_get_serial_sequence(table.name, "id")
        await target.execute(select(func.setval(sequence, last)))


async def _last_id(connection: AsyncConnection, table: Table) -> int:
    if connection.dialect.name == "sqlite":
        found = await connection.execute(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
        )
        return int(found.scalar() or 0)
    sequence = (await connection.execute(select(func.pg_get_serial_sequence(table.name, "id")))).scalar_one()
    last = text("SELECT last_value FROM pg_sequences WHERE schemaname || '.' || sequencename = :name")
    return int((await connection.execute(last, {"name": sequence})).scalar() or 0)
