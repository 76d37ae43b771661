"""A network link that a scene can cut: TCP handed on from one port of the loopback to another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.harness.wire_server import close

BLOCK = 1 << 16


@dataclass
class Link:
    """The address at this end of the link, and its switch."""

    url: str
    _server: asyncio.Server
    _open: set[asyncio.Task[object]] = field(default_factory=set)

    async def cut(self) -> None:
        """Break every connection, and take no new one: the port is closed."""
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


@asynccontextmanager
async def link_to(url: str) -> AsyncIterator[Link]:
    """Hand on to the address in `url` until the link is cut, or the block ends."""
    there = urlsplit(url)
    tasks: set[asyncio.Task[object]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(asyncio.CancelledError, OSError):  # asyncio's own callback does not expect them
                far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
                try:
                    await asyncio.gather(_hand_on(reader, far_writer), _hand_on(far_reader, writer))
                finally:
                    await close(far_writer)
        finally:
            await close(writer)
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    link = Link(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", server, tasks)
    try:
        yield link
    finally:
        await link.cut()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()
    writer.close()
