"""Connections to a generator: one is used for question after question where the server allows, and none is missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.errors import GeneratorProblem
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Messages
from bot.generators.factory import kind_of
from bot.net.connections import Route
from bot.net.kept_connections import MAX_ROUTES, KeptConnections

HELLO: Messages = [{"role": "user", "content": "Hello"}]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """A generator that notes on which connection each question came."""

    url: str = ""
    transports: list[asyncio.BaseTransport] = field(default_factory=list)
    before_answer: Callable[[web.Request], Awaitable[None]] | None = None

    @property
    def connections(self) -> int:
        return len({id(one) for one in self.transports})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        self.transports.append(request.transport)
        if self.before_answer is not None:
            await self.before_answer(request)
        response = web.StreamResponse()
        if request.path.startswith("/closing"):
            response.force_close()
        await response.prepare(request)
        await response.write(b"An answer")
        if request.path.startswith("/endless"):
            await asyncio.Event().wait()
        await response.write_eof()
        return response


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[GeneratorClient]:
    connections = KeptConnections()
    try:
        yield GeneratorClient(GeneratorConfig(kind=kind_of("aura"), url=url), connections=connections)
    finally:
        await connections.aclose()


async def ask(client: GeneratorClient) -> str:
    pieces = client.answer(HELLO, temperature=0.5, max_tokens=100)
    return "".join([piece async for piece in pieces if isinstance(piece, str)])


@pytest.mark.parametrize(("path", "connections"), [("", 1), ("/closing", 5)])
async def test_questions_one_after_another_share_a_connection_where_the_server_allows(
    path: str, connections: int
) -> None:
    async with serving() as server, asking(server.url + path) as client:
        for _ in range(5):
            assert await ask(client) == "An answer"
        assert (len(server.transports), server.connections) == (5, connections)


async def test_questions_side_by_side_have_a_connection_each() -> None:
    async with serving() as server, asking(server.url) as client:
        all_here = asyncio.Barrier(120)

        async def wait_for_all(_: web.Request) -> None:
            await all_here.wait()

        server.before_answer = wait_for_all
        await asyncio.gather(*(ask(client) for _ in range(120)))
        assert server.connections == 120


async def test_an_answer_that_is_stopped_takes_its_connection_along() -> None:
    async with serving() as server, asking(f"{server.url}/endless") as client:
        for number in (1, 2):
            pieces = client.answer(HELLO, temperature=0.5, max_tokens=100)
            assert await anext(pieces) == "An answer"
            await pieces.aclose()
            assert server.connections == number


async def test_a_connection_that_the_server_closes_just_then_costs_nobody_an_answer() -> None:
    async with serving() as server, asking(server.url) as client:
        await ask(client)

        async def hang_up_once(request: web.Request) -> None:
            server.before_answer = None
            assert request.transport is not None
            request.transport.abort()

        server.before_answer = hang_up_once
        assert await ask(client) == "An answer"
        assert (len(server.transports), server.connections) == (3, 2)


async def test_a_server_that_hangs_up_on_a_new_connection_is_not_asked_again_by_itself() -> None:
    async with serving() as server, asking(server.url) as client:

        async def hang_up(request: web.Request) -> None:
            assert request.transport is not None
            request.transport.abort()

        server.before_answer = hang_up
        with pytest.raises(GeneratorProblem):
            await ask(client)
        assert len(server.transports) == 1


async def test_connections_of_few_routes_are_kept_and_none_that_is_in_use_is_closed() -> None:
    connections = KeptConnections()
    async with connections.borrow(Route("http://in-use.example/api")) as in_use:
        lent: list[aiohttp.TCPConnector] = []
        for number in range(MAX_ROUTES + 3):
            async with connections.borrow(Route(f"http://{number}.example/api")) as connector:
                lent.append(connector)
        assert [one.closed for one in (in_use, *lent)] == [False] + [True] * 4 + [False] * (MAX_ROUTES - 1)
        async with connections.borrow(Route("http://in-use.example/other")) as again:
            assert again is in_use
    await connections.aclose()
    assert all(one.closed for one in (in_use, *lent))
