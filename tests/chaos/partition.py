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

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection until either end closes it."""
        if not self.is_open:
            writer.transport.abort()
            return
        try:
            behind, to_behind = await asyncio.open_unix_connection(self.socket)
        except OSError:
            writer.transport.abort()  # the server itself is away
            return
        ends = {writer, to_behind}
        self.writers |= ends
        try:
            ways = self._relay(reader, to_behind), self._relay(behind, writer)
            await asyncio.wait([asyncio.ensure_future(way) for way in ways], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.writers -= ends
            for end in ends:
                end.transport.abort()

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
    server = await asyncio.start_server(way.accept, "127.0.0.1", 0)
    way.port = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
        for writer in list(way.writers):
            writer.transport.abort()
