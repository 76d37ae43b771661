"""Connections that stay open between requests, where the server allows: each route has its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.net.connections import Route

KEEP_ALIVE = 15.0
"""Seconds that an idle connection stays open: a conversation goes on within them, and most servers wait no longer."""
MAX_ROUTES = 16
"""Routes whose connections are kept. Idle ones that were used longest ago are closed first."""


@dataclass(slots=True)
class _Kept:
    connector: aiohttp.TCPConnector
    users: int = 0


class KeptConnections:
    """Lends the connector of a route, and keeps it for the next request. Close it with the program."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self.tracing = aiohttp.TraceConfig()
        """For a session: notes in a request's own context (a dict) that its connection was open before."""
        self.tracing.on_connection_reuseconn.append(_note_reuse)

    @asynccontextmanager
    async def borrow(self, route: Route) -> AsyncIterator[aiohttp.TCPConnector]:
        """Lend a connector as long as a request needs it."""
        key = (route.origin, route.proxy, id(route.context) if route.context is not None else None)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept(route.connector(keep_alive=KEEP_ALIVE))
        self._kept.move_to_end(key)
        kept.users += 1
        try:
            yield kept.connector
        finally:
            kept.users -= 1
            await self._close_beyond(MAX_ROUTES)

    async def aclose(self) -> None:
        """Close every connection that is not in use."""
        await self._close_beyond(0)

    async def _close_beyond(self, number: int) -> None:
        for key in [key for key, kept in self._kept.items() if not kept.users][: max(0, len(self._kept) - number)]:
            await self._kept.pop(key).connector.close()


async def _note_reuse(_session: object, context: Any, _params: object) -> None:  # noqa: ANN401  # aiohttp's own namespace
    context.trace_request_ctx["reused"] = True
