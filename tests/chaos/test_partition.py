"""The way to the database can be cut and can stall; a process can live with a wrong clock."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.chaos.partition import Partition, partition
from tests.chaos.replicas import SHIFTED_CLOCK

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def way(tmp_path: Path) -> AsyncIterator[Partition]:
    """A way to a server that says everything again."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line)
        writer.close()

    server = await asyncio.start_unix_server(echo, tmp_path / ".s.PGSQL.5432")
    async with server, partition(f"postgresql://postgres@/name?host={tmp_path}") as way:
        yield way


@asynccontextmanager
async def connected(way: Partition) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def said_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"hello\n")
    return await reader.readline()


async def broken(ends: Connection) -> bool:
    """Wait for the end of a connection; no end is a failure."""
    async with asyncio.timeout(60):
        with suppress(ConnectionError):
            return await ends[0].read(1) == b""
    return True


async def test_what_goes_through_arrives(way: Partition) -> None:
    async with connected(way) as ends:
        assert await said_again(*ends) == b"hello\n"
    assert way.url("postgresql://postgres@/name?host=/anywhere") == f"postgresql://postgres@127.0.0.1:{way.port}/name"


async def test_a_cut_breaks_what_is_open_and_takes_nothing_new_until_it_is_over(way: Partition) -> None:
    async with connected(way) as open_before:
        assert await said_again(*open_before) == b"hello\n"
        cutting = asyncio.create_task(way.cut(3600))
        assert await broken(open_before)
    async with connected(way) as tried:
        assert await broken(tried)
    cutting.cancel()  # it is over
    await asyncio.wait([cutting])
    async with connected(way) as open_again:
        assert await said_again(*open_again) == b"hello\n"


async def test_a_stall_keeps_everything_back_and_loses_nothing(way: Partition) -> None:
    async with connected(way) as ends:
        stalling = asyncio.create_task(way.stall(0.2))
        await asyncio.sleep(0)
        answer = asyncio.create_task(said_again(*ends))
        await stalling
        assert not answer.done()
        assert await answer == b"hello\n"


def test_a_shifted_clock_is_what_the_process_takes_for_the_time() -> None:
    command = [sys.executable, "-c", "from time import time; print(time())"]
    environment = {"PYTHONPATH": str(SHIFTED_CLOCK), "CLOCK_AHEAD": "-3600"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert time.time() - float(done.stdout) == pytest.approx(3600, abs=60)
