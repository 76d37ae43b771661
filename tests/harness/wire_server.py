"""A real HTTP server whose every byte a test decides."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GENEROUS = 60.0
"""Seconds for what happens at once on any machine that is not broken."""
CERTIFICATE = Path(__file__).with_name("localhost.pem")


def server_tls(certificate: Path = CERTIFICATE) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def client_tls() -> ssl.SSLContext:
    """Trusts the certificate of these tests and nothing else."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Exchange:
    """One request, and the answer to it as the test writes it."""

    request: Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        self.sent += len(data)
        await self.writer.drain()

    async def head(self, status: str = "200 OK", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        await self.send("\r\n".join([*lines, "Connection: close", "", ""]).encode())

    async def reply(self, body: bytes = b"", status: str = "200 OK", **headers: str) -> None:
        await self.head(status, Content_Length=str(len(body)), **headers)
        await self.send(body)

    async def chunked(self, **headers: str) -> None:
        await self.head(Transfer_Encoding="chunked", **headers)

    async def chunk(self, data: bytes) -> None:
        if data:
            await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.send(b"0\r\n\r\n")

    def reset(self) -> None:
        """End the connection the hard way."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def wait_gone(self) -> None:
        """Wait until the client has closed the connection."""
        with suppress(ConnectionError):
            while await self.reader.read(1 << 16):
                pass
        self.gone.set()


Script = Callable[[Exchange], Awaitable[None]]


@dataclass
class WireServer:
    url: str
    exchanges: list[Exchange] = field(default_factory=list)
    open: set[asyncio.Task[object]] = field(default_factory=set)

    @property
    def requests(self) -> list[Request]:
        return [exchange.request for exchange in self.exchanges]

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    async def wait_idle(self) -> None:
        """Wait until no connection is left."""
        while self.open:
            await asyncio.wait(self.open, timeout=GENEROUS)


@asynccontextmanager
async def serve(
    script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[WireServer]:
    """Answer every request as `script` does, one a connection."""
    server = WireServer("")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        server.open.add(task)
        try:
            # Asyncio's own callback does not expect a cancelled task.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                exchange = Exchange(await _request(reader), reader, writer)
                server.exchanges.append(exchange)
                await script(exchange)
        finally:
            await close(writer)
            server.open.discard(task)

    listening = await asyncio.start_server(connected, host, 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    shown = "localhost" if tls else f"[{host}]" if ":" in host else host
    server.url = f"{'https' if tls else 'http'}://{shown}:{port}"
    try:
        yield server
    finally:
        listening.close()
        for task in server.open:
            task.cancel()
        await asyncio.gather(*server.open, return_exceptions=True)


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()


async def _request(reader: asyncio.StreamReader) -> Request:
    line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines if text)}
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
