"""A look at a database creates and changes nothing, and says what the next start finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import DatabaseInUse, StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.engine import database_url as read_url
from bot.storage.errors import ErrorTranslator
from bot.storage.inspection import inspect
from bot.storage.migration import migrate


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    said = await inspect(f"sqlite+aiosqlite:///{tmp_path}/aura.db")
    assert said == f"{tmp_path}/aura.db is not there yet; the first start makes it"
    assert files(tmp_path) == {}


async def test_a_database_is_looked_at_and_left_as_it_is(tmp_path: Path, tasks: TaskSupervisor) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/aura.db"
    await migrate(read_url(url), ErrorTranslator(), to="0001")
    before = files(tmp_path)
    assert (await inspect(url)).endswith("the next start brings its schema up to date")
    assert files(tmp_path) == before
    database = Database(url, start=tasks.start)
    await database.open()
    with pytest.raises(DatabaseInUse):
        await inspect(url)
    await database.close()
    before = files(tmp_path)
    assert (await inspect(url)).endswith("aura.db can be read, and its schema is up to date")
    assert files(tmp_path) == before


async def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "aura.db").write_text("Dear diary, " * 100)
    with pytest.raises(StorageUnavailable, match=r"aura\.db cannot be read: file is not a database"):
        await inspect(f"sqlite+aiosqlite:///{tmp_path}/aura.db")


async def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"gone/aura\.db cannot be made or written"):
        await inspect(f"sqlite+aiosqlite:///{tmp_path}/gone/aura.db")


async def test_a_shared_database_is_looked_at_too(database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("the file has tests of its own")
    assert (await inspect(database_url)).endswith("the next start brings its schema up to date")
    await migrate(read_url(database_url), ErrorTranslator())
    assert (await inspect(database_url)).endswith("can be read, and its schema is up to date")
