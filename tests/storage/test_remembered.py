from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.answering.tasks import Tasks
from bot.storage.remembered import MOST, Remembered
from bot.storage.store import Store


@pytest.fixture
async def store(tmp_path: Path, tasks: Tasks) -> AsyncIterator[Store]:
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", start=tasks.start)
    await store.open()
    yield store
    await store.close()


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
def known(store: Store) -> Remembered[str, str]:
    return Remembered(store, "things", lambda payload, key: payload == key)


async def test_what_is_known_is_not_read_again(known: Remembered[str, str]) -> None:
    source = Source()
    assert [await known.get("a", source.read) for _ in range(3)] == ["old"] * 3
    assert source.reads == 1


async def test_a_change_is_seen_once_it_is_committed(store: Store, known: Remembered[str, str]) -> None:
    source = Source()
    await known.get("a", source.read)
    async with store.transaction():
        source.value = "new"
        await store.notify("things", "a")
        assert await known.get("a", source.read) == "new", "whoever changes it sees it at once"
    assert await known.get("a", source.read) == "new"


async def test_the_change_of_something_else_does_not_matter(store: Store, known: Remembered[str, str]) -> None:
    source = Source()
    await known.get("a", source.read)
    await store.notify("things", "b")
    await known.get("a", source.read)
    assert source.reads == 1


async def test_what_changed_while_it_was_read_is_read_again(store: Store, known: Remembered[str, str]) -> None:
    source = Source()
    source.go_on.clear()
    reading = asyncio.ensure_future(known.get("a", source.read))
    await asyncio.sleep(0)
    source.value = "new"
    await store.notify("things", "a")
    source.go_on.set()
    await reading
    assert await known.get("a", source.read) == "new"


async def test_what_may_have_been_missed_is_read_again(store: Store, known: Remembered[str, str]) -> None:
    source = Source()
    await known.get("a", source.read)
    store._listeners.tell_everyone_nothing()
    await known.get("a", source.read)
    assert source.reads == 2


async def test_not_more_than_so_much_is_kept(known: Remembered[str, str]) -> None:
    source = Source()
    for number in range(MOST + 10):
        await known.get(str(number), source.read)
    assert len(known._kept) == MOST
