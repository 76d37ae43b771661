from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import text

from bot.errors import SettingsProblem, StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage import engine
from bot.storage.database import Database
from bot.storage.engine import database_url
from tests.harness.databases import PostgreSQL
from tests.harness.turn_bench import until


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.new_database()


@asynccontextmanager
async def opened(url: str, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    database = Database(url, start=tasks.start)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def first(url: str, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    async with opened(url, tasks) as database:
        yield database


@pytest.fixture
async def second(url: str, first: Database, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    assert first.shared
    async with opened(url, tasks) as database:
        yield database


async def test_another_process_hears_what_was_committed_once(first: Database, second: Database) -> None:
    here: list[str] = []
    there: list[str] = []
    first.listen("news", here.append)
    second.listen("news", there.append)

    async def change_of_mind() -> None:
        async with first.transaction():
            await first.notify("news", "rolled back")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_of_mind()
    await first.notify("news", "hello")
    await until(lambda: there == ["hello"])
    await second.notify("news", "back")
    await until(lambda: here == ["hello", "back"])


async def test_a_lost_connection_is_made_again_and_told(
    first: Database, second: Database, url: str, postgresql: PostgreSQL
) -> None:
    heard: list[str] = []
    second.listen("news", heard.append)
    postgresql.end_connections(url)
    await until(lambda: "" in heard)
    assert await first.first_time(1, 1), "the pool has made a new connection"
    await first.notify("news", "hello")
    await until(lambda: "hello" in heard)


async def test_a_lock_is_held_by_one_and_goes_over_when_it_dies(first: Database, second: Database) -> None:
    assert await first.try_advisory_lock("polling")
    assert await first.try_advisory_lock("polling")
    assert not await second.try_advisory_lock("polling")
    assert await second.try_advisory_lock("something else")
    await first.close()
    await until(lambda: second.try_advisory_lock("polling"))


async def test_a_lost_session_loses_its_locks(first: Database, url: str, postgresql: PostgreSQL) -> None:
    heard: list[str] = []
    first.listen("news", heard.append)
    assert await first.try_advisory_lock("polling")
    postgresql.end_connections(url)
    await until(lambda: "" in heard)
    assert await first.try_advisory_lock("polling")


async def test_a_process_that_froze_until_its_session_was_ended_listens_again(
    url: str, tasks: TaskSupervisor, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.postgres.notifications.LIVENESS_INTERVAL", 0.01)
    async with opened(url, tasks) as database:
        heard: list[str] = []
        database.listen("news", heard.append)

        async def freeze() -> None:
            heard.clear()
            postgresql.end_connections(url)
            time.sleep(0.05)  # noqa: ASYNC251  # the loop stands still, as in a frozen process
            await until(lambda: "" in heard)

        for _ in range(3):
            await freeze()
        assert await database.try_advisory_lock("polling")


async def test_a_transaction_that_froze_is_ended_and_others_go_on(
    url: str, tasks: TaskSupervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        living = await stack.enter_async_context(opened(url, tasks))
        monkeypatch.setattr(engine, "IDLE_TRANSACTION_TIMEOUT", 1.0)
        frozen = await stack.enter_async_context(opened(url, tasks))
        assert await frozen.try_advisory_lock("polling")

        async def freeze() -> None:
            async with frozen.transaction() as connection:
                await frozen.advisory_xact_lock(connection, "a conversation")
                assert await frozen.first_time(1, 1)
                async with living.transaction() as other:
                    await living.advisory_xact_lock(other, "a conversation")
                    assert await living.first_time(1, 1), "what the frozen one wrote is undone"
                await frozen.first_time(1, 2)

        with pytest.raises(StorageUnavailable):
            await freeze()
        assert await frozen.first_time(1, 3), "whoever wakes goes on with a new connection"
        assert not await living.try_advisory_lock("polling"), "the session beside it has lost nothing"


async def test_a_statement_without_an_end_is_ended_by_the_server_too(
    url: str, tasks: TaskSupervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SERVER_TIMEOUT_MARGIN", 2 - engine.STATEMENT_TIMEOUT)
    async with opened(url, tasks) as database:
        for block in (database.transaction, database.reading):
            with pytest.raises(StorageUnavailable, match="statement timeout"):
                async with block() as connection:
                    await connection.execute(text("SELECT pg_sleep(60)"))


async def test_a_server_that_is_not_there_is_reported_without_the_password(tasks: TaskSupervisor) -> None:
    database = Database("postgresql://aura:geheim@127.0.0.1:1/aura", start=tasks.start)
    with pytest.raises(StorageUnavailable) as problem:
        await database.open()
    assert "geheim" not in repr(problem.value)


def test_addresses_of_other_tools_are_understood() -> None:
    url = database_url("postgres://aura:geheim@db.example.org/aura?sslmode=require")
    assert url.drivername == "postgresql+asyncpg"
    assert dict(url.query) == {"ssl": "require"}


def test_an_option_that_the_driver_does_not_know_is_named() -> None:
    with pytest.raises(SettingsProblem, match="knows no channel_binding; leave it out"):
        database_url("postgres://aura:geheim@db.example.org/aura?sslmode=require&channel_binding=require")
