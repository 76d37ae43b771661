"""The way of one replica to PostgreSQL, which can be cut or stall while the others' ways are sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import make_url

CHUNK = 65_536


@dataclass
class Partition:
    """A relay from a port of the loopback to the server's socket."""

    socket: str
    port: int = 0
    is_open: bool = True
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    relays: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection, as long as there is this way."""
        task = asyncio.current_task()
        assert task is not None
        self.relays.add(task)
        try:
            await self._accept(reader, writer)
        finally:
            writer.transport.abort()  # also where it was cancelled before anything was relayed
            self.relays.discard(task)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            await _abort(writer)
            return
        try:
            behind, to_behind = await asyncio.open_unix_connection(self.socket)
        except OSError:
            await _abort(writer)  # the server itself is away
            return
        ends = {writer, to_behind}
        self.writers |= ends
        ways = [asyncio.create_task(way) for way in (self._relay(reader, to_behind), self._relay(behind, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.writers -= ends
            for way in ways:
                way.cancel()
            for end in ends:
                end.transport.abort()
            await asyncio.wait(ways)
            for end in ends:
                await _abort(end)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self.flowing.wait()
                writer.write(data)
                await writer.drain()

    async def cut(self, seconds: float) -> None:
        """Break every connection, and take none for so long."""
        self.is_open = False
        for writer in list(self.writers):
            writer.transport.abort()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.is_open = True

    async def stall(self, seconds: float) -> None:
        """Let nothing through for so long, with every connection open."""
        self.flowing.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.flowing.set()

    def url(self, database: str) -> str:
        """The address of a database as seen through here."""
        way = make_url(database).set(host="127.0.0.1", port=self.port, query={})
        return way.render_as_string(hide_password=False)


@asynccontextmanager
async def partition(database: str) -> AsyncIterator[Partition]:
    """Open a way to the server of a database, whose address names its socket."""
    folder = make_url(database).query["host"]
    assert isinstance(folder, str)
    way = Partition(f"{folder}/.s.PGSQL.5432")
    way.flowing.set()
    server = await asyncio.start_server(way.serve, "127.0.0.1", 0)
    way.port = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
        await asyncio.sleep(0)  # those that were just accepted begin, too
        while relays := list(way.relays):
            for relay in relays:
                relay.cancel()
            await asyncio.gather(*relays, return_exceptions=True)
        await asyncio.sleep(0)  # what was aborted is closed


async def _abort(end: asyncio.StreamWriter) -> None:
    end.transport.abort()
    with suppress(OSError):
        await end.wait_closed()
