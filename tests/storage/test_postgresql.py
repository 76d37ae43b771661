from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from bot.answering.tasks import Tasks
from bot.errors import SettingsProblem, StorageUnavailable
from bot.storage import addresses
from bot.storage.addresses import database_url
from bot.storage.store import Store
from tests.answering.bench import until
from tests.databases import PostgreSQL


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.new_database()


@asynccontextmanager
async def opened(url: str, tasks: Tasks) -> AsyncIterator[Store]:
    store = Store(url, start=tasks.start)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def first(url: str, tasks: Tasks) -> AsyncIterator[Store]:
    async with opened(url, tasks) as store:
        yield store


@pytest.fixture
async def second(url: str, first: Store, tasks: Tasks) -> AsyncIterator[Store]:
    assert first.shared
    async with opened(url, tasks) as store:
        yield store


async def test_another_process_hears_what_was_committed_once(first: Store, second: Store) -> None:
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
    first: Store, second: Store, url: str, postgresql: PostgreSQL
) -> None:
    heard: list[str] = []
    second.listen("news", heard.append)
    postgresql.end_connections(url)
    await until(lambda: "" in heard)
    assert await first.first_time(1, 1), "the pool has made a new connection"
    await first.notify("news", "hello")
    await until(lambda: "hello" in heard)


async def test_a_lock_is_held_by_one_and_goes_over_when_it_dies(first: Store, second: Store) -> None:
    assert await first.hold("polling")
    assert await first.hold("polling")
    assert not await second.hold("polling")
    assert await second.hold("something else")
    await first.close()
    await until(lambda: second.hold("polling"))


async def test_a_lost_session_loses_its_locks(first: Store, url: str, postgresql: PostgreSQL) -> None:
    heard: list[str] = []
    first.listen("news", heard.append)
    assert await first.hold("polling")
    postgresql.end_connections(url)
    await until(lambda: "" in heard)
    assert await first.hold("polling")


async def test_a_process_that_froze_until_its_session_was_ended_listens_again(
    url: str, tasks: Tasks, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.listening.SIGN_OF_LIFE", 0.01)
    async with opened(url, tasks) as store:
        heard: list[str] = []
        store.listen("news", heard.append)

        async def freeze() -> None:
            heard.clear()
            postgresql.end_connections(url)
            time.sleep(0.05)  # noqa: ASYNC251  # the loop stands still, as in a frozen process
            await until(lambda: "" in heard)

        for _ in range(3):
            await freeze()
        assert await store.hold("polling")


async def test_a_transaction_that_froze_is_ended_and_others_go_on(
    url: str, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "FROZEN_SECONDS", 1.0)
    async with opened(url, tasks) as frozen, opened(url, tasks) as living:
        assert await frozen.hold("polling")

        async def freeze() -> None:
            async with frozen.transaction() as connection:
                await frozen.one_at_a_time(connection, "a conversation")
                assert await frozen.first_time(1, 1)
                async with living.transaction() as other:
                    await living.one_at_a_time(other, "a conversation")
                    assert await living.first_time(1, 1), "what the frozen one wrote is undone"
                await frozen.first_time(1, 2)

        with pytest.raises(StorageUnavailable):
            await freeze()
        assert await frozen.first_time(1, 3), "whoever wakes goes on with a new connection"
        assert not await living.hold("polling"), "the session beside it has lost nothing"


async def test_a_statement_without_an_end_is_ended_by_the_server_too(
    url: str, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "LATER", 0.5 - addresses.COMMAND_SECONDS)
    async with opened(url, tasks) as store:
        for block in (store.transaction, store.reading):
            with pytest.raises(StorageUnavailable, match="statement timeout"):
                async with block() as connection:
                    await connection.execute(text("SELECT pg_sleep(60)"))


async def test_a_server_that_is_not_there_is_reported_without_the_password(tasks: Tasks) -> None:
    store = Store("postgresql://aura:geheim@127.0.0.1:1/aura", start=tasks.start)
    with pytest.raises(StorageUnavailable) as problem:
        await store.open()
    assert "geheim" not in repr(problem.value)


def test_addresses_of_other_tools_are_understood() -> None:
    url = database_url("postgres://aura:geheim@db.example.org/aura?sslmode=require")
    assert url.drivername == "postgresql+asyncpg"
    assert dict(url.query) == {"ssl": "require"}


def test_an_option_that_the_driver_does_not_know_is_named() -> None:
    with pytest.raises(SettingsProblem, match="knows no channel_binding; leave it out"):
        database_url("postgres://aura:geheim@db.example.org/aura?sslmode=require&channel_binding=require")
