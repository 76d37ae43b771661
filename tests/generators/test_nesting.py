"""How many asynchronous generators a piece climbs: each costs a resumption a piece, and has to be closed."""

from __future__ import annotations

import asyncio
import gc
import types
from collections.abc import AsyncIterator

import pytest

from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Messages
from bot.generators.factory import kind_of
from tests.contracts.generators.kinds import ALL, Kind
from tests.harness.wire_server import Exchange, serve

HELLO: Messages = [{"role": "user", "content": "Hello"}]
MAX_NESTING = 2
"""The generator's own and the client's; the answerer adds one. A class of somebody else's runs in its own thread."""


def nesting(awaited: object) -> int:
    """Count the asynchronous generators that wait for each other, from the outermost."""
    found = 0
    for _ in range(100):
        if isinstance(awaited, types.AsyncGeneratorType):
            found += 1
            awaited = awaited.ag_await
        elif isinstance(awaited, types.CoroutineType):
            awaited = awaited.cr_await
        else:
            # What `async for` makes of a generator shows it only to the garbage collector.
            awaited = next(
                (one for one in gc.get_referents(awaited) if isinstance(one, types.AsyncGeneratorType)), None
            )
            if awaited is None:
                return found
    return found


async def inner() -> AsyncIterator[int]:
    await asyncio.Event().wait()
    yield 1


async def outer(depth: int) -> AsyncIterator[int]:
    async for number in inner() if depth == 1 else outer(depth - 1):
        yield number


@pytest.mark.parametrize("depth", [0, 1, 3, 8])
async def test_the_count_sees_every_generator(depth: int) -> None:
    pieces = outer(depth) if depth else inner()
    waiting = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    assert nesting(pieces) == depth + 1
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize("kind", ALL, ids=str)
async def test_a_piece_climbs_few_generators(kind: Kind) -> None:
    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        await exchange.chunk(kind.encode("first"))
        await exchange.wait_gone()

    async with serve(script) as server:
        client = GeneratorClient(GeneratorConfig(kind=kind_of(kind.config_kind), url=server.url, model="some"))
        pieces = client.answer(HELLO, temperature=0.5, max_tokens=100)
        assert await anext(pieces) == "first"
        waiting = asyncio.ensure_future(anext(pieces))
        for _ in range(50):
            await asyncio.sleep(0)  # lets it come to rest where it waits for the socket
        assert 1 <= nesting(pieces) <= MAX_NESTING
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await pieces.aclose()
