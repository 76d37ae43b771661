"""What the tests of handlers share."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from tests.harness.bot_scene import DATABASE, Harness, open_harness


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with its tables: making it costs more than most tests."""
    file = tmp_path_factory.mktemp("database") / DATABASE
    asyncio.run(_make(file))
    return file


@pytest.fixture
def folder(tmp_path: Path, made_database: Path) -> Path:
    """A folder with a database of its own."""
    shutil.copy(made_database, tmp_path / DATABASE)
    return tmp_path


@pytest.fixture
async def harness(folder: Path) -> AsyncIterator[Harness]:
    """Handlers with the usual settings."""
    async with open_harness(folder) as played:
        yield played


async def _make(file: Path) -> None:
    tasks = TaskSupervisor()
    database = Database(f"sqlite+aiosqlite:///{file}", start=tasks.start)
    await database.open()
    await database.close()
    await tasks.close()
