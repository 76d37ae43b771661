"""Real proxies on loopback: http and https (CONNECT and whole URLs), socks5, each with or without a password."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from tests.harness.wire_server import close, server_tls

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class LocalProxy:
    kind: str
    user: str = ""
    password: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    seen: list[str] = field(default_factory=list)
    """Where people went through it, once for each connection: `host:port`."""
    ports: set[int] = field(default_factory=set)
    """From where it went on: tells which requests came through it, also where a connection carries several."""
    refused: int = 0
    """How often somebody came with a wrong password, or none."""

    @property
    def url(self) -> str:
        host = "localhost" if self.kind == "https" else f"[{self.host}]" if ":" in self.host else self.host
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{self.kind}://{login}{host}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                upstream = await (self._socks(reader, writer) if self.kind == "socks5" else self._http(reader, writer))
                if upstream is not None:
                    try:
                        await asyncio.gather(_copy(reader, upstream[1]), _copy(upstream[0], writer))
                    finally:
                        await close(upstream[1])
        finally:
            await close(writer)

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Streams | None:
        line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        headers = [text for text in lines if text]
        login = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.user and f"proxy-authorization: {login}".lower() not in [text.lower() for text in headers]:
            self.refused += 1
            writer.write(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            return None
        where = urlsplit(f"//{target}" if method == "CONNECT" else target)
        upstream = await self._open(writer, where.hostname or "", where.port or 80)
        if upstream is None:
            return None
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return upstream
        kept = [text for text in headers if not text.lower().startswith("proxy-")]
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        upstream[1].write("\r\n".join([f"{method} {path} HTTP/1.1", *kept, "", ""]).encode("latin-1"))
        return upstream

    async def _open(self, writer: asyncio.StreamWriter, host: str, port: int) -> Streams | None:
        self.seen.append(f"{host}:{port}")
        try:
            return await self._connect(host, port)
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None

    async def _connect(self, host: str, port: int) -> Streams:
        reader, writer = await asyncio.open_connection(host, port)
        self.ports.add(writer.get_extra_info("sockname")[1])
        return reader, writer

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Streams | None:
        methods = await reader.readexactly((await reader.readexactly(2))[1])
        wanted = 2 if self.user else 0
        if wanted not in methods:
            self.refused += 1
            writer.write(b"\x05\xff")
            return None
        writer.write(bytes([5, wanted]))
        if self.user and not await self._logged_in(reader, writer):
            return None
        host, port = await _destination(reader)
        self.seen.append(f"{host}:{port}")
        try:
            upstream = await self._connect(host, port)
        except OSError:
            writer.write(b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")
            return None
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        return upstream

    async def _logged_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.readexactly(1)
        user = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        right = (user.decode(), password.decode()) == (self.user, self.password)
        self.refused += not right
        writer.write(b"\x01\x00" if right else b"\x01\x01")
        return right


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port for a server that starts later, and sets SO_REUSEADDR; meanwhile the system gives it to nobody else."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@contextmanager
def closed_port() -> Iterator[int]:
    """A port at which nobody listens, and which nobody else can take meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@asynccontextmanager
async def local_proxy(
    kind: str, *, user: str = "", password: str = "", host: str = "127.0.0.1"
) -> AsyncIterator[LocalProxy]:
    proxy = LocalProxy(kind, user, password, host)
    tasks: set[asyncio.Task[object]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(asyncio.CancelledError):  # asyncio's own callback does not expect it
                await proxy.serve(reader, writer)
        finally:
            tasks.discard(task)

    listening = await asyncio.start_server(connected, host, 0, ssl=server_tls() if kind == "https" else None)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _destination(reader: asyncio.StreamReader) -> tuple[str, int]:
    kind = (await reader.readexactly(4))[3]
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    else:
        host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
    return host, int.from_bytes(await reader.readexactly(2), "big")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
