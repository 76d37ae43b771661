from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.errors import DatabaseInUse, SettingsProblem, StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.engine import POOL_SIZE, database_url
from tests.harness.turn_bench import PRIVATE, Bench, until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "aura.db"


@pytest.fixture
async def database(file: Path, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{file}", start=tasks.start)
    await database.open()
    yield database
    await database.close()


async def test_a_second_process_is_told_that_the_file_is_in_use(database: Database, file: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from bot.runtime.task_supervisor import TaskSupervisor\n"
        "from bot.errors import DatabaseInUse\n"
        "from bot.storage.database import Database\n"
        "try:\n"
        "    asyncio.run(Database(sys.argv[1], start=TaskSupervisor().start).open())\n"
        "except DatabaseInUse as error:\n"
        "    print(error)\n"
    )
    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, f"sqlite:///{file}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert second.stdout == "another process uses aura.db: only one may\n"
    await database.ping()


async def test_the_file_is_free_again_after_closing(file: Path, tasks: TaskSupervisor) -> None:
    first = Database(f"sqlite:///{file}", start=tasks.start)
    await first.open()
    second = Database(f"sqlite:///{file}", start=tasks.start)
    with pytest.raises(DatabaseInUse):
        await second.open()
    await first.first_time(1, 1)
    await first.close()
    await second.open()
    assert not await second.first_time(1, 1)
    await second.close()


async def test_what_is_committed_is_on_the_disk(database: Database) -> None:
    async with database.reading() as connection:
        assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await connection.scalar(text("PRAGMA synchronous")) == 2
        assert await connection.scalar(text("PRAGMA foreign_keys")) == 1


async def test_a_full_disk_is_reported_and_recovered_from(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    async with database.transaction() as connection:
        pages = await connection.scalar(text("PRAGMA page_count"))
    await everywhere(database, f"PRAGMA max_page_count={pages}")

    async def write_much(start: int) -> None:
        async with database.transaction():
            for number in range(start, start + 2000):
                await database.first_time(number, number)

    with pytest.raises(StorageUnavailable, match="full"):
        await write_much(0)
    assert caplog.text.count("The database cannot be used") == 1
    await everywhere(database, "PRAGMA max_page_count=1000000")
    caplog.set_level("INFO")
    await write_much(10)
    assert "The database works again" in caplog.text
    assert await database.first_time(1, 1), "nothing of the failed transaction is left"


async def test_a_disk_that_became_read_only_is_reported_and_recovered_from(database: Database) -> None:
    await everywhere(database, "PRAGMA query_only=ON")
    with pytest.raises(StorageUnavailable, match="readonly"):
        await database.first_time(1, 1)
    await database.ping()
    await everywhere(database, "PRAGMA query_only=OFF")
    assert await database.first_time(1, 1)


async def everywhere(database: Database, pragma: str) -> None:
    """Say a PRAGMA on every connection of the pool."""
    engine = database._reads
    assert engine is not None
    for kept in database._kept.values():
        await kept.close()  # it is in the pool again
    connections = [await engine.connect() for _ in range(POOL_SIZE)]
    for connection in connections:
        await connection.exec_driver_sql(pragma)
        await connection.rollback()
    for connection in connections:
        await connection.close()


async def test_a_place_where_no_file_can_be_is_named(tmp_path: Path, tasks: TaskSupervisor) -> None:
    (tmp_path / "plain").write_text("a file, not a folder")
    database = Database(f"sqlite:///{tmp_path}/plain/aura.db", start=tasks.start)
    with pytest.raises(StorageUnavailable, match=r"aura\.db"):
        await database.open()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite+aiosqlite:///:memory:", "not a url"])
def test_an_address_without_a_file_is_refused(url: str, tasks: TaskSupervisor) -> None:
    with pytest.raises(SettingsProblem, match="DATABASE_URL"):
        Database(url, start=tasks.start)


async def test_a_store_that_is_not_open_says_so(file: Path, tasks: TaskSupervisor) -> None:
    database = Database(f"sqlite:///{file}", start=tasks.start)
    with pytest.raises(StorageUnavailable, match="not open"):
        await database.ping()


async def test_the_files_are_for_their_owner_alone(database: Database, file: Path) -> None:
    await database.first_time(1, 1)
    modes = modes_beside(file)
    assert set(modes) >= {"aura.db", "aura.db-wal", "aura.db-shm", "aura.db.lock"}
    assert set(modes.values()) == {"-rw-------"}


async def test_a_file_that_everybody_could_read_is_closed_to_them(file: Path, tasks: TaskSupervisor) -> None:
    open_to_everybody(file)
    database = Database(f"sqlite:///{file}", start=tasks.start)
    await database.open()
    assert modes_beside(file)["aura.db"] == "-rw-rw----"
    await database.close()


async def test_erased_text_is_gone_from_the_files_at_once(database: Database, file: Path) -> None:
    bench = Bench(database)
    await bench.turns.start()
    await bench.answered("my secret plan")
    await until(lambda: bench.turns.in_progress() == 0)
    assert places_of(b"secret plan", file) > 0
    await bench.turns.forget(1, PRIVATE.chat)
    await until(lambda: places_of(b"secret plan", file) == 0)
    await bench.turns.close(0)
    await bench.tasks.close()


def modes_beside(file: Path) -> dict[str, str]:
    return {one.name: stat.filemode(one.stat().st_mode) for one in file.parent.iterdir()}


def open_to_everybody(file: Path) -> None:
    file.touch()
    file.chmod(0o664)


def places_of(what: bytes, file: Path) -> int:
    """How often it stands in the database's files."""
    return sum(one.read_bytes().count(what) for one in file.parent.iterdir())


@pytest.mark.parametrize("port", ["notaport", "54x32", "1e3", "-1x"])
def test_a_port_that_is_no_number_is_named_in_one_line_without_the_password(port: str) -> None:
    with pytest.raises(SettingsProblem, match=r"^DATABASE_URL: .*postgresql://") as raised:
        database_url(f"postgresql://u:p4ss@127.0.0.1:{port}/x")
    assert "p4ss" not in str(raised.value)
    assert "\n" not in str(raised.value)
