"""A generator whose answers a scene decides: a real HTTP server that speaks openchat's `/api/chat`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.generators.prefill import TRIAL

Script = Callable[["Request"], AsyncIterator[str]]


@dataclass
class Request:
    """One question as it reached the generator."""

    body: dict[str, Any]
    port: int = 0
    """From where its connection came: a proxy knows its own ports."""
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the connection is over, whoever ended it."""
    finished: bool = False
    """Whether the whole script was sent."""

    async def is_over(self, *, seconds: float = 60) -> None:
        """Wait until the connection is over."""
        async with asyncio.timeout(seconds):
            await self.closed.wait()

    @property
    def messages(self) -> list[dict[str, str]]:
        return list(self.body["messages"])

    @property
    def question(self) -> str:
        return self.messages[-1]["content"]

    @property
    def prompt(self) -> str:
        return str(self.body["prompt"])


class Refusal(Exception):
    """Raised by a script before its first piece: the server answers with this status and reason."""

    def __init__(self, status: int, reason: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


class Cut(Exception):
    """Raised by a script: the connection breaks here."""


async def echo(request: Request) -> AsyncIterator[str]:
    """The script of a generator nobody told anything: it repeats the question."""
    yield f"You said: {request.question}"


def failing(problem: Exception | None) -> Script:
    """A script that ends before its first piece."""

    async def script(_request: Request) -> AsyncIterator[str]:
        if problem is not None:
            raise problem
        yield ""

    return script


class Slowly:
    """A script: the first part at once, the rest when the scene says so."""

    def __init__(self, first: str, rest: str) -> None:
        self.first, self.rest = first, rest
        self.more = asyncio.Event()

    async def __call__(self, _request: Request) -> AsyncIterator[str]:
        yield self.first
        await self.more.wait()
        yield self.rest


@dataclass
class Generator:
    """The running server: its address, what it was asked, what it will answer."""

    url: str = ""
    script: Script = echo
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def says(self, *pieces: str) -> None:
        """Answer every question with these pieces."""

        async def script(_request: Request) -> AsyncIterator[str]:
            for piece in pieces:
                yield piece

        self.script = script

    async def asked(self, count: int = 1, *, seconds: float = 60) -> Request:
        """Wait until so many questions have arrived, and give the newest of them."""
        async with asyncio.timeout(seconds), self.arrived:
            await self.arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests[count - 1]

    async def answer(self, web_request: web.Request) -> web.StreamResponse:
        peer = web_request.transport.get_extra_info("peername") if web_request.transport else None
        request = Request(await web_request.json(), port=peer[1] if peer else 0)
        if request.messages == TRIAL:
            return web.Response(text="Friday.")  # it begins a new message, as openchat-ui's servers do
        async with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()
        pieces = self.script(request)
        response = web.StreamResponse()
        try:
            async for piece in pieces:
                if not response.prepared:
                    await response.prepare(web_request)
                await response.write(piece.encode())
            if not response.prepared:
                await response.prepare(web_request)
            await response.write_eof()
            request.finished = True
        except Refusal as refusal:
            return web.Response(status=refusal.status, reason=refusal.reason, headers=refusal.headers, text="Error")
        except Cut:
            assert web_request.transport is not None
            web_request.transport.abort()
        except ConnectionResetError:
            pass  # whoever asked is gone
        finally:
            request.closed.set()
        return response


@asynccontextmanager
async def running_generator() -> AsyncIterator[Generator]:
    """A generator on a free port of the loopback."""
    generator = Generator()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/api/chat", generator.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    generator.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield generator
    finally:
        await runner.cleanup()
