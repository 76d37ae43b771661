"""A question over HTTP: posted within its limits, and closed whatever happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from bot.errors import GeneratorSilent
from bot.generators.deadline import Deadline
from bot.generators.error_classifier import error_text
from bot.net.connections import Route

MAX_ERROR_BYTES = 1 << 16
"""Bytes of an error body that are read."""


@asynccontextmanager
async def open_stream(
    route: Route,
    address: str,
    payload: Mapping[str, Any],
    deadline: Deadline,
    *,
    headers: Mapping[str, str],
    cookies: Mapping[str, str] | None = None,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Post JSON and give the response as soon as its headers are there; leaving closes the connection.

    Redirects are not followed, because a question would be lost on the way, or told to somebody else. Raises
    aiohttp.ClientError and, when the headers do not come in time, GeneratorSilent.
    """
    limit = deadline.timeouts.headers
    session = aiohttp.ClientSession(
        connector=route.connector(),
        # Cookies go out as they are: unquoted, and to a bare address too.
        cookie_jar=aiohttp.CookieJar(unsafe=True, quote_cookie=False),
        cookies=cookies,
        headers={**headers, "Accept-Encoding": "identity"},  # compressing holds a stream back
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=limit),
    )
    async with session:
        try:
            async with deadline.within(limit):
                response = await session.post(address, json=payload, allow_redirects=False, **route.routing())
        except TimeoutError:
            raise GeneratorSilent(f"no headers within {limit:g} s") from None
        async with response:
            _end_with_connection(response)
            yield response


async def error_words(response: aiohttp.ClientResponse, deadline: Deadline) -> str:
    """What went wrong, in the server's words: from a JSON body, else the reason phrase."""
    words: str | None = None
    if response.content_type == "application/json":
        with suppress(TimeoutError, aiohttp.ClientError, ValueError):
            async with deadline.within(deadline.timeouts.silence):
                words = error_text(json.loads(await read(response, MAX_ERROR_BYTES)))
    return words or response.reason or ""


async def read(response: aiohttp.ClientResponse, longest: int) -> bytes:
    """Read a body whole. Raises ValueError when it is longer than `longest` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > longest:
            raise ValueError("the body is too long")
    return bytes(body)


def _end_with_connection(response: aiohttp.ClientResponse) -> None:
    """Let broken chunked encoding be an error at once: aiohttp 3.14 closes the connection but lets its reader wait."""
    protocol = response.connection.protocol if response.connection is not None else None
    closed = protocol.closed if protocol is not None else None  # a protocol is a queue, and an empty one is false
    if closed is None:
        return

    def tell_reader(_: object) -> None:
        if not response.content.is_eof() and response.content.exception() is None:
            response.content.set_exception(aiohttp.ClientPayloadError("the server's HTTP makes no sense"))

    closed.add_done_callback(tell_reader)
