"""A question over HTTP: posted within its limits, and closed whatever happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from typing import Any

import aiohttp

from bot.errors import GeneratorSilent, GeneratorUnreachable
from bot.generators.deadline import Deadline
from bot.generators.error_classifier import error_text
from bot.net.connections import Route
from bot.net.kept_connections import KeptConnections

MAX_STALE_CONNECTIONS = 3
"""Kept connections that may turn out to be closed by the server before a request fails."""
MAX_ERROR_BYTES = 1 << 16
"""Bytes of an error body that are read."""
GATE_STATUSES = {HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE}
"""Answers of a gate that checks browsers (Cloudflare's and others)."""

PAGE_FOR_BROWSERS = "(a page for browsers instead of an answer)"
"""The words for such an answer, in an error."""


@asynccontextmanager
async def open_stream(
    route: Route,
    payload: Mapping[str, Any],
    deadline: Deadline,
    *,
    headers: Mapping[str, str],
    cookies: Mapping[str, str] | None = None,
    connections: KeptConnections | None = None,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Post JSON to the route's URL and give the response as soon as its headers are there; leaving closes it.

    Of `connections` one is used again that is open already, and left open once the response was read to its end.

    Redirects are not followed, because a question would be lost on the way, or told to somebody else. Raises
    aiohttp.ClientError, GeneratorUnreachable, and when the headers do not come in time, GeneratorSilent.
    """
    limit = deadline.timeouts.headers
    connect = min(limit, deadline.timeouts.connect) if route.proxy is None else limit
    async with AsyncExitStack() as stack:
        connector = await stack.enter_async_context(connections.borrow(route)) if connections else route.connector()
        session = aiohttp.ClientSession(
            connector=connector,
            connector_owner=connections is None,
            # Cookies go out as they are: unquoted, and to a bare address too.
            cookie_jar=aiohttp.CookieJar(unsafe=True, quote_cookie=False),
            cookies=cookies,
            headers={**headers, "Accept-Encoding": "identity"},  # compressing holds a stream back
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect),
            trace_configs=[connections.tracing] if connections else None,
        )
        await stack.enter_async_context(session)
        asking = _post(session, route, payload, connect)
        response = await deadline.wait_for(asking, limit, missing="no headers")
        await stack.enter_async_context(response)
        stack.enter_context(_ending_with_connection(response))
        with deadline.watching(response.content):
            yield response


async def _post(
    session: aiohttp.ClientSession, route: Route, payload: Mapping[str, Any], connect: float
) -> aiohttp.ClientResponse:
    """Post JSON. Raises GeneratorUnreachable where no connection was made in `connect` seconds."""
    stale = 0
    while True:
        reuse: dict[str, bool] = {}
        posting = session.post(
            route.url, json=payload, allow_redirects=False, trace_request_ctx=reuse, **route.routing()
        )
        try:
            return await posting
        except aiohttp.ConnectionTimeoutError:
            kind = "encrypted " if route.encrypted else ""
            hint = "; is its address http:// instead of https://?" if route.encrypted else ""
            raise GeneratorUnreachable(f"no {kind}connection within {connect:g} s{hint}") from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # A kept connection may be closed by the server in the moment in which it is used: then nobody was asked.
            if not reuse or stale == MAX_STALE_CONNECTIONS:
                raise
            stale += 1


async def error_words(response: aiohttp.ClientResponse, deadline: Deadline) -> str:
    """Give what went wrong, in the server's words: from a JSON body, else the reason phrase."""
    body = b""
    with suppress(TimeoutError, GeneratorSilent, aiohttp.ClientError, ValueError):
        async with deadline.within(deadline.timeouts.silence):
            body = await read_whole(response, MAX_ERROR_BYTES)
    words: str | None = None
    with suppress(ValueError, RecursionError):
        words = error_text(json.loads(body))
    if words is None and response.status in GATE_STATUSES and body.lstrip()[:1] == b"<":
        return f"{response.reason or ''} {PAGE_FOR_BROWSERS}".strip()
    return words or response.reason or ""


async def read_whole(response: aiohttp.ClientResponse, longest: int) -> bytes:
    """Read a body whole. Raises ValueError when it is longer than `longest` bytes."""
    body = bytearray()
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > longest:
            raise ValueError("the body is too long")
    return bytes(body)


@contextmanager
def _ending_with_connection(response: aiohttp.ClientResponse) -> Iterator[None]:
    """Let broken chunked encoding be an error at once: aiohttp 3.14 closes the connection but lets its reader wait."""
    protocol = response.connection.protocol if response.connection is not None else None
    closed = protocol.closed if protocol is not None else None  # a protocol is a queue, and an empty one is false

    def tell_reader(_: object) -> None:
        if not response.content.is_eof() and response.content.exception() is None:
            response.content.set_exception(aiohttp.ClientPayloadError("the server's HTTP makes no sense"))

    if closed is not None:
        closed.add_done_callback(tell_reader)
    try:
        yield
    finally:
        if closed is not None:
            closed.remove_done_callback(tell_reader)  # the connection may outlive the response
