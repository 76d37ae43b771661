"""A small local proxy that carries a browser through any of ours: Chromium itself takes no user and no password.

Chromium ── HTTP proxy on loopback, without password ──▶ ProxyRelay ── http, https, socks5, password ──▶ the server
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import python_socks
from python_socks.async_.asyncio.v2 import Proxy as SocksProxy

from bot.errors import GeneratorProblem, ProxyRefused, ProxyUnreachable
from bot.net.connections import Route
from bot.net.errors import proxy_problem
from bot.net.proxy_url import ProxyURL

PROXY_CONNECT_TIMEOUT = 30.0
"""Seconds to get through the proxy."""
MAX_HEAD_BYTES = 1 << 16
"""Bytes of a request's head, and of what is read at once."""
_BROKEN = (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)
_HOP_BY_HOP = re.compile(rb"\r\n(?:proxy-[a-z]+|connection|keep-alive):[^\r\n]*", re.IGNORECASE)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class _Request:
    """The head of a browser's request to its proxy."""

    method: bytes
    host: str
    port: int
    target: bytes
    """The target in the request line: an authority for CONNECT, else a whole URL."""
    path: bytes
    """The same as an origin server wants it."""
    headers: bytes
    """With the line end before them, without those that are meant for a proxy, and with the empty line."""

    @property
    def is_tunnel(self) -> bool:
        return self.method == b"CONNECT"


class ProxyRelay:
    """Listens on loopback while its context is open. `failure` is what kept the browser from the page's own host."""

    def __init__(self, route: Route) -> None:
        if route.proxy is None:
            raise ValueError("there is nothing to forward to")
        self._route = route
        self._proxy: ProxyURL = route.proxy
        self._host = (urlsplit(route.url).hostname or "").lower()
        self._serving: dict[asyncio.Task[object], asyncio.Timeout] = {}
        self.port = 0
        self.failure: GeneratorProblem | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for life in self._serving.values():
            # A timeout, not a cancellation: the callback of asyncio's streams does not expect one.
            with suppress(RuntimeError):  # it has just come to its end by itself
                life.reschedule(0)
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine of a server runs in a task
        try:
            async with asyncio.timeout(None) as life:
                self._serving[task] = life
                async with asyncio.timeout(PROXY_CONNECT_TIMEOUT):
                    request = _read(await reader.readuntil(b"\r\n\r\n"))
                await self._forward(request, reader, writer)
        except _BROKEN:
            pass  # the browser sees its connection closed, and `failure` has what matters
        finally:
            await _close(writer)
            self._serving.pop(task, None)

    async def _forward(self, request: _Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PROXY_CONNECT_TIMEOUT):
                upstream = await self._open(request)
        except (*_BROKEN, python_socks.ProxyError) as error:
            self._note(request, proxy_problem(error))
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        try:
            await self._send_head(request, upstream, writer)
            await asyncio.gather(_copy(reader, upstream[1]), _copy(upstream[0], writer))
        finally:
            await _close(upstream[1])

    async def _open(self, request: _Request) -> Streams:
        proxy = self._proxy
        if proxy.scheme != "socks5":
            tls = self._route.tls if proxy.scheme == "https" else None
            return await asyncio.open_connection(proxy.host, proxy.port, ssl=tls, limit=MAX_HEAD_BYTES)
        socks = SocksProxy(
            proxy_type=python_socks.ProxyType.SOCKS5,
            host=proxy.host,
            port=proxy.port,
            username=proxy.user or None,
            password=proxy.password or None,
            rdns=True,
        )
        stream = await socks.connect(request.host, request.port, timeout=PROXY_CONNECT_TIMEOUT)
        return stream.reader, stream.writer

    async def _send_head(self, request: _Request, upstream: Streams, writer: asyncio.StreamWriter) -> None:
        """Pass the request on in the way this kind of proxy wants it, and watch the first line of the answer."""
        if self._proxy.scheme == "socks5":
            if request.is_tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                upstream[1].write(b"%b %b HTTP/1.1\r\nConnection: close" % (request.method, request.path))
                upstream[1].write(request.headers)
            return
        # One request a connection: a second one would go out without the password.
        upstream[1].write(b"%b %b HTTP/1.1" % (request.method, request.target))
        if not request.is_tunnel:
            upstream[1].write(b"\r\nConnection: close")
        if self._proxy.authorization is not None:
            upstream[1].write(b"\r\nProxy-Authorization: " + self._proxy.authorization.encode("ascii"))
        upstream[1].write(request.headers)
        if request.is_tunnel:
            line = await upstream[0].readuntil(b"\r\n")
            self._note_status(request, line)
            writer.write(line)
        else:
            await self._watch(request, upstream[0], writer)

    async def _watch(self, request: _Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass the first bytes of an untunneled answer on; only 407 is the proxy's word for sure."""
        start = await reader.read(MAX_HEAD_BYTES)
        if start[9:12] == b"407":
            self._note_status(request, start)
        writer.write(start)

    def _note_status(self, request: _Request, line: bytes) -> None:
        status = line[9:12]
        if status == b"407":
            self._note(request, ProxyRefused("the proxy does not accept the user name and password (407)"))
        elif not status.startswith(b"2"):
            self._note(request, ProxyUnreachable(f"the proxy answered {status.decode('ascii', 'replace')}"))

    def _note(self, request: _Request, failure: GeneratorProblem) -> None:
        if request.host.lower() == self._host:
            self.failure = failure


def _read(head: bytes) -> _Request:
    """Take a request's head apart. Raises ValueError for what no browser sends."""
    line, _, headers = head.partition(b"\r\n")
    method, target, _version = line.split(b" ")
    where = urlsplit(("//" if method == b"CONNECT" else "") + target.decode("ascii"))
    if not where.hostname:
        raise ValueError("no host in the request")
    path = (where.path or "/") + (f"?{where.query}" if where.query else "")
    headers = _HOP_BY_HOP.sub(b"", b"\r\n" + headers)
    return _Request(method, where.hostname, where.port or 80, target, path.encode("ascii"), headers)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way; the end of one way ends the other."""
    try:
        while data := await reader.read(MAX_HEAD_BYTES):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()
