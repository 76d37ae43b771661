"""Admins hear that nothing can be stored, from memory, once it lasts; and once that it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import StorageUnavailable
from bot.operating.storage_alert import BLIP, StorageAlert
from bot.runtime.clock import Clock
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.repositories.people import PersonRepository
from bot.telegram.destination import Destination
from bot.texts import Texts

BOT, ANNA, BORIS = 7, 1001, 1002
SPEED = 200.0


class Said:
    """An outbox that remembers."""

    def __init__(self) -> None:
        self.texts: list[tuple[int, str]] = []
        self.changed = asyncio.Event()

    async def send(self, place: Destination, text: str) -> int:
        self.texts.append((place.chat, text))
        self.changed.set()
        return len(self.texts)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.texts) < count:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def database(tmp_path: Path, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'aura.db'}", start=tasks.start)
    await database.open()
    yield database
    await database.close()


async def write_too_much(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1")
        await connection.exec_driver_sql("CREATE TABLE filler AS SELECT randomblob(1000000) AS it")


async def breaks(database: Database) -> None:
    """A write that the disk refuses."""
    with pytest.raises(StorageUnavailable):
        await write_too_much(database)


async def works(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1000000000")


async def test_a_full_disk_is_told_in_each_language_and_so_is_its_end(
    database: Database, tasks: TaskSupervisor
) -> None:
    people, said = PersonRepository(database), Said()
    await people.meet(BOT, ANNA, "Anna", "", "en")
    await people.meet(BOT, BORIS, "Борис", "", "ru")

    async def admins() -> list[int]:
        return [ANNA, BORIS]

    clock = Clock(SPEED)
    await StorageAlert(database, people, admins, said, Texts(), tasks.start, bot=BOT, clock=clock).watch()
    await breaks(database)
    await said.until(2)
    await breaks(database)
    await works(database)
    await said.until(4)
    assert [chat for chat, _ in said.texts] == [ANNA, BORIS, ANNA, BORIS]
    assert said.texts[0][1].startswith("I cannot store anything: the disk with the database is full. Make room there. ")
    assert said.texts[1][1].startswith("Не могу ничего записать: диск с базой данных полон.")
    assert said.texts[2][1] == "The database works again."


async def test_a_blip_is_not_told(database: Database, tasks: TaskSupervisor) -> None:
    said = Said()

    async def admins() -> list[int]:
        return [ANNA]

    clock = Clock(SPEED)
    alert = StorageAlert(database, PersonRepository(database), admins, said, Texts(), tasks.start, bot=BOT, clock=clock)
    await alert.watch()
    await breaks(database)
    await works(database)
    await clock.sleep(2 * BLIP)
    assert said.texts == []
