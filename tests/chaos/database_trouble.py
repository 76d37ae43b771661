"""What happens to the database: PostgreSQL restarts, connections end, a SQLite file is locked, full or read-only."""

from __future__ import annotations

import asyncio
import random
import resource
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.databases import PostgreSQL
from tests.harness.program_process import Program
from tests.soak.counting import Interruptions

CALM = (8.0, 20.0)
"""Seconds between two troubles."""
LASTING = (2.0, 8.0)
"""Seconds that a file cannot be written."""


@dataclass
class PostgreSQLTrouble:
    """The server of all replicas is restarted, or ends their connections."""

    server: PostgreSQL
    url: str
    chance: random.Random
    interruptions: Interruptions
    tally: Counter[str] = field(default_factory=Counter)

    async def bother(self, until: float) -> None:
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(*CALM))
            what = self.chance.choice(("immediate", "fast", "connections"))
            began = time.monotonic()
            if what == "connections":
                await asyncio.to_thread(self.server.end_connections, self.url)
            else:
                await asyncio.to_thread(self.server.restart, what)
            name = "ended connections" if what == "connections" else f"a database restart ({what})"
            self.interruptions.note(name, began, time.monotonic())
            self.tally[name] += 1


@dataclass
class SQLiteTrouble:
    """The file of the one process cannot be written for some seconds. `running`: the process at this moment."""

    folder: Path
    running: Callable[[], Program | None]
    chance: random.Random
    interruptions: Interruptions
    tally: Counter[str] = field(default_factory=Counter)

    async def bother(self, until: float) -> None:
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(*CALM))
            what, seconds = self.chance.choice(("locked", "full", "read-only")), self.chance.uniform(*LASTING)
            program = self.running()
            if program is None or program.process.returncode is not None:
                continue
            with self._unwritable(what, program) as name:
                self.interruptions.note(name, time.monotonic())
                self.tally[name] += 1
                await asyncio.sleep(seconds)

    @contextmanager
    def _unwritable(self, what: str, program: Program) -> Iterator[str]:
        if what == "full":
            with full_disk(program.process.pid):
                yield "a full disk"
        elif what == "read-only" and shutil.which("chattr"):
            with immutable(self.folder / "aura.db", self.folder / "aura.db-wal"):
                yield "a read-only disk"
        else:
            with locked(self.folder / "aura.db"):
                yield "a locked file"


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """Let no write of a process get through; a limit on the size of files stands for the disk."""
    try:
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    except ProcessLookupError:
        yield  # it has just been killed
        return
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it was killed meanwhile
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def immutable(*files: Path) -> Iterator[None]:
    """Let nobody change these files, where that can be done here."""
    try:
        for file in files:
            subprocess.run(["chattr", "+i", file], capture_output=True, check=False)
        yield
    finally:
        for file in files:
            subprocess.run(["chattr", "-i", file], capture_output=True, check=False)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Write into the file and do not come to an end."""
    connection = sqlite3.connect(file, isolation_level=None, timeout=0.1)
    try:
        with suppress(sqlite3.OperationalError):  # somebody else writes at this very moment
            connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()
