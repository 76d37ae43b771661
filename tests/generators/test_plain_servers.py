"""An https:// address of a server that speaks plain HTTP: told soon, and in words that help."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from bot.errors import GeneratorUnreachable
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Timeouts
from bot.generators.factory import kind_of

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait for the end of a request's headers, which encrypted bytes never are."""
    while await reader.read(1000):
        pass
    writer.close()
    await writer.wait_closed()


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer whatever comes with a plain refusal."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await keep_silent(reader, writer)


@pytest.mark.parametrize("serve", [keep_silent, refuse])
@pytest.mark.parametrize("kind", ["aura", "openai"])
async def test_it_is_told_that_the_server_speaks_no_https(kind: str, serve: Serve) -> None:
    ended = asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()
            ended.set()

    listening = await asyncio.start_server(served, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    timeouts = Timeouts(headers=30, connect=3, silence=30, answer=60)
    config = GeneratorConfig(kind=kind_of(kind), url=f"https://127.0.0.1:{port}", timeouts=timeouts)
    async with asyncio.timeout(60):
        with pytest.raises(GeneratorUnreachable, match="http:// instead of https://"):
            await GeneratorClient(config).probe(timeouts=timeouts)
        await ended.wait()
        listening.close()
        await listening.wait_closed()
