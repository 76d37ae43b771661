from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.engine import driver_of
from bot.storage.sqlite.group_commit import GroupCommit


@pytest.fixture
async def database(tmp_path: Path, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", start=tasks.start)
    await database.open()
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE notes (note TEXT)"))
    yield database
    await database.close()


def begin(tasks: TaskSupervisor, writing: Coroutine[Any, Any, int]) -> asyncio.Task[int]:
    """Begin outside of any transaction."""
    return tasks.start(writing, name="write", awaited=True)


async def note(connection: AsyncConnection, said: str) -> int:
    await connection.execute(text("INSERT INTO notes VALUES (:said)"), {"said": said})
    return len(said)


async def notes(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.scalars(text("SELECT note FROM notes ORDER BY rowid"))).all())


async def test_a_crowd_that_waits_for_the_writer_goes_in_one_transaction(
    database: Database, tasks: TaskSupervisor
) -> None:
    together = GroupCommit(database, note)
    said: list[str] = []
    async with database.transaction(durable=False) as connection:
        await driver_of(connection).set_trace_callback(said.append)
    async with database.transaction():
        crowd = [begin(tasks, together.write("x" * number)) for number in range(1, 51)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*crowd) == list(range(1, 51)), "each gets what its own writing gave"
    assert await notes(database) == ["x" * number for number in range(1, 51)]
    assert said.count("BEGIN IMMEDIATE") == 1


async def test_who_comes_later_does_not_wait_for_a_crowd(database: Database) -> None:
    together = GroupCommit(database, note)
    await together.write("first")
    await together.write("second")
    assert await notes(database) == ["first", "second"]


async def test_where_the_writing_fails_all_hear_of_it_and_the_next_may_work(database: Database) -> None:
    broken = True

    async def write(connection: AsyncConnection, said: str) -> int:
        if broken and said == "b":
            raise StorageUnavailable("the disk is full")
        return await note(connection, said)

    together = GroupCommit(database, write)
    failed = await asyncio.gather(*(together.write(said) for said in "abc"), return_exceptions=True)
    assert [type(result) for result in failed] == [StorageUnavailable] * 3
    broken = False
    assert await asyncio.gather(*(together.write(said) for said in "abc")) == [1, 1, 1]
    assert await notes(database) == ["a", "b", "c"]


async def test_if_the_first_is_broken_off_the_others_hear_of_it(database: Database, tasks: TaskSupervisor) -> None:
    together = GroupCommit(database, note)
    async with database.transaction():
        crowd = [begin(tasks, together.write(said)) for said in "abc"]
        await asyncio.sleep(0)
        crowd[0].cancel()
        results = await asyncio.gather(*crowd, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError, StorageUnavailable, StorageUnavailable]
    assert await together.write("d") == 1
