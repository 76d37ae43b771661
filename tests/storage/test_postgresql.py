from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.answering.tasks import Tasks
from bot.errors import StorageUnavailable
from bot.storage.addresses import database_url
from bot.storage.store import Store
from tests.answering.bench import until
from tests.databases import PostgreSQL


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.new_database()


@pytest.fixture
async def first(url: str, tasks: Tasks) -> AsyncIterator[Store]:
    store = Store(url, start=tasks.start)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def second(url: str, first: Store, tasks: Tasks) -> AsyncIterator[Store]:
    assert first.shared
    store = Store(url, start=tasks.start)
    await store.open()
    yield store
    await store.close()


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


async def test_a_server_that_is_not_there_is_reported_without_the_password(tasks: Tasks) -> None:
    store = Store("postgresql://aura:geheim@127.0.0.1:1/aura", start=tasks.start)
    with pytest.raises(StorageUnavailable) as problem:
        await store.open()
    assert "geheim" not in repr(problem.value)


def test_addresses_of_other_tools_are_understood() -> None:
    url = database_url("postgres://aura:geheim@db.example.org/aura?sslmode=require")
    assert url.drivername == "postgresql+asyncpg"
    assert dict(url.query) == {"ssl": "require"}
