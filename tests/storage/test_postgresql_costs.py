"""What a rush of questions costs on PostgreSQL: connections, and trips."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.conversation.messages import ChatKey
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.engine import POOL_SIZE
from bot.storage.turn_queue.writer import TurnWriter
from tests.harness.databases import PostgreSQL

KEY = ChatKey(1, 5)


@pytest.fixture
async def database(postgresql: PostgreSQL, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    database = Database(postgresql.new_database(), start=tasks.start)
    await database.open()
    yield database
    await database.close()


async def test_a_rush_opens_no_connection_that_is_not_kept(database: Database) -> None:
    opened: list[object] = []
    assert database._writes is not None
    event.listen(database._writes.sync_engine, "connect", lambda connection, _: opened.append(connection))

    async def work() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))

    for _ in range(3):
        await asyncio.gather(*(work() for _ in range(60)))
    assert len(opened) <= POOL_SIZE


async def test_a_known_conversation_is_found_and_locked_in_one_trip(database: Database) -> None:
    writer, statements = TurnWriter(database), list[str]()
    async with database.transaction() as connection:
        made = await writer.enter(connection, KEY)
    assert database._writes is not None

    def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database._writes.sync_engine, "before_cursor_execute", heard)
    async with database.transaction() as connection:
        assert await writer.enter(connection, KEY) == made
    event.remove(database._writes.sync_engine, "before_cursor_execute", heard)
    assert len(statements) == 1


@pytest.mark.parametrize("known", [True, False])
async def test_nobody_enters_a_conversation_that_somebody_is_in(
    database: Database, tasks: TaskSupervisor, known: bool
) -> None:
    writer, entered = TurnWriter(database), list[str]()
    if known:
        async with database.transaction() as connection:
            await writer.enter(connection, KEY)

    async def enter() -> None:
        async with database.transaction() as connection:
            await writer.enter(connection, KEY)
            entered.append("second")

    async with database.transaction() as connection:
        await writer.enter(connection, KEY)
        second = tasks.start(enter(), name="enter", awaited=True)
        await _until_somebody_waits(database)
        entered.append("first")
    await second
    assert entered == ["first", "second"]


async def _until_somebody_waits(database: Database) -> None:
    assert database._reads is not None
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('advisory', 'transactionid')")
    async with asyncio.timeout(20):
        while True:
            async with database._reads.connect() as connection:
                if await connection.scalar(waiting):
                    return
            await asyncio.sleep(0.01)
