"""What the drivers raise is told by its cause, through however many wrappings."""

from __future__ import annotations

import asyncio
import struct

import pytest

from bot.errors import StorageUnavailable
from bot.storage.inspection import inspect


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, code: str, words: str) -> None:
    """Answer a client's start as a PostgreSQL server does that takes nobody (its protocol, version 3)."""
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    (kind,) = struct.unpack("!i", await reader.readexactly(4))
    await reader.readexactly(length - 8)
    if kind == 80877103:  # the client asks for TLS first
        writer.write(b"N")
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        await reader.readexactly(length - 4)
    fields = f"SFATAL\0C{code}\0M{words}\0\0".encode()
    writer.write(b"E" + struct.pack("!i", len(fields) + 4) + fields)
    await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        ("57P01", "terminating connection due to administrator command", "^no connection to the database "),
        ("57P03", "the database system is shutting down", "^no connection to the database "),
        ("57P03", "the database system is starting up", "^no connection to the database "),
        ("53300", "sorry, too many clients already", "^TooManyConnectionsError: "),
        ("28P01", "password authentication failed", "^InvalidPasswordError: "),
    ],
)
async def test_a_server_that_is_gone_differs_from_one_that_refuses(code: str, words: str, said: str) -> None:
    server = await asyncio.start_server(lambda r, w: _refuse(r, w, code=code, words=words), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StorageUnavailable, match=said) as raised:
            await inspect(f"postgresql+asyncpg://bot:secret@127.0.0.1:{port}/bot")
    assert words in str(raised.value)
