"""The program's own small web server: `/healthz` (alive), `/readyz` (of use), and the webhook where there is one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.updates.webhook import MAX_UPDATE_SIZE

Ready = Callable[[], Awaitable[dict[str, bool]]]
"""Asks each part whether it works just now: `{"database": True, "telegram": False}`."""


def health_app(ready: Ready) -> web.Application:
    """An application that answers for the program's health; the webhook is added to it where there is one."""
    app = web.Application(client_max_size=MAX_UPDATE_SIZE)

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def of_use(_request: web.Request) -> web.Response:
        parts = await ready()
        return web.json_response(parts, status=200 if all(parts.values()) else 503)

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", of_use)
    return app
