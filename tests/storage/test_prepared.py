"""PreparedStatement statements say what SQLAlchemy's own way says, and failures are told alike."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select

from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.prepared import PreparedStatement
from bot.storage.schema import chats, shown, turns

NEW = {"bot": 1, "chat": 2, "message_id": 3, "message": 4, "position": 0, "part": {"at": 1}, "sealed": True}


@pytest.fixture
async def database(tmp_path: Path, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", start=tasks.start)
    await database.open()
    yield database
    await database.close()


async def test_values_and_rows_are_converted_as_sqlalchemy_does(database: Database) -> None:
    this = select(shown).where(shown.c.message_id == bindparam("here"))
    async with database.transaction() as connection:
        await connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        assert await PreparedStatement(shown.insert()).change(connection, NEW) == 1
        usual = (await connection.execute(this, {"here": 3})).one()
        row = await PreparedStatement(this).row(connection, {"here": 3})
        assert row is not None
        assert tuple(row) == tuple(usual)
        assert row.part == {"at": 1}
        assert row.sealed is True
        assert await PreparedStatement(this).row(connection, {"here": 4}) is None
        await connection.execute(shown.delete())


async def test_outside_a_transaction_it_reads_what_is_committed(database: Database) -> None:
    async with database.reading() as connection:
        assert await PreparedStatement(select(turns)).rows(connection, {}) == []


async def test_a_missing_value_and_a_list_of_values_are_refused(database: Database) -> None:
    async with database.reading() as connection:
        with pytest.raises(KeyError, match="here"):
            await PreparedStatement(select(chats).where(chats.c.id == bindparam("here"))).rows(connection, {})
        with pytest.raises(TypeError, match="lists"):
            await PreparedStatement(select(chats).where(chats.c.id.in_(bindparam("here", expanding=True)))).rows(
                connection, {"here": [1]}
            )


async def test_what_sqlite_refuses_is_storage_unavailable_and_the_next_transaction_works(database: Database) -> None:
    new = PreparedStatement(shown.insert())

    async def write() -> None:
        async with database.transaction() as connection:
            await connection.exec_driver_sql("ALTER TABLE shown RENAME TO elsewhere")
            await new.change(connection, NEW)

    with pytest.raises(StorageUnavailable, match="no such table"):
        await write()
    async with database.transaction() as connection:
        assert await PreparedStatement(select(shown)).rows(connection, {}) == [], "and all of it was rolled back"


async def test_a_fault_of_ours_stays_what_it_is(database: Database) -> None:
    new = PreparedStatement(shown.insert())

    async def write_twice() -> None:
        async with database.transaction() as connection:
            await new.change(connection, NEW)
            await new.change(connection, NEW)

    with pytest.raises(sqlite3.IntegrityError):
        await write_twice()


async def test_another_programs_lock_is_waited_for_without_blocking_the_loop(
    database: Database, tmp_path: Path, tasks: TaskSupervisor
) -> None:
    assert await database.first_time(1, 1)  # the writer's connection is open
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = tasks.start(database.first_time(1, 2), name="write", awaited=True)
    for _ in range(3):
        await asyncio.sleep(0.01)  # others run meanwhile
    assert not writing.done()
    other.execute("COMMIT")
    assert await writing
    other.close()
