from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.cache import MAX_CACHED, InvalidatedCache
from bot.storage.database import Database


@pytest.fixture
async def database(tmp_path: Path, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", start=tasks.start)
    await database.open()
    yield database
    await database.close()


class Source:
    """Something that can be read, and says how often it was."""

    def __init__(self) -> None:
        self.value = "old"
        self.reads = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def read(self) -> str:
        self.reads += 1
        value = self.value
        await self.go_on.wait()
        return value


@pytest.fixture
def known(database: Database) -> InvalidatedCache[str, str]:
    return InvalidatedCache(database, "things", lambda payload, key: payload == key)


async def test_what_is_known_is_not_read_again(known: InvalidatedCache[str, str]) -> None:
    source = Source()
    assert [await known.get("a", source.read) for _ in range(3)] == ["old"] * 3
    assert source.reads == 1


async def test_a_change_is_seen_once_it_is_committed(database: Database, known: InvalidatedCache[str, str]) -> None:
    source = Source()
    await known.get("a", source.read)
    async with database.transaction():
        source.value = "new"
        await database.notify("things", "a")
        assert await known.get("a", source.read) == "new", "whoever changes it sees it at once"
    assert await known.get("a", source.read) == "new"


async def test_the_change_of_something_else_does_not_matter(
    database: Database, known: InvalidatedCache[str, str]
) -> None:
    source = Source()
    await known.get("a", source.read)
    await database.notify("things", "b")
    await known.get("a", source.read)
    assert source.reads == 1


async def test_what_changed_while_it_was_read_is_read_again(
    database: Database, known: InvalidatedCache[str, str]
) -> None:
    source = Source()
    source.go_on.clear()
    reading = asyncio.ensure_future(known.get("a", source.read))
    await asyncio.sleep(0)
    source.value = "new"
    await database.notify("things", "a")
    source.go_on.set()
    await reading
    assert await known.get("a", source.read) == "new"


async def test_what_may_have_been_missed_is_read_again(database: Database, known: InvalidatedCache[str, str]) -> None:
    source = Source()
    await known.get("a", source.read)
    database._listeners.tell_everyone_nothing()
    await known.get("a", source.read)
    assert source.reads == 2


async def test_not_more_than_so_much_is_kept(known: InvalidatedCache[str, str]) -> None:
    source = Source()
    for number in range(MAX_CACHED + 10):
        await known.get(str(number), source.read)
    assert len(known._kept) == MAX_CACHED
