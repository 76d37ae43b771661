"""`/metrics` beside the health endpoints: for this machine alone, or for whoever has the token."""

from __future__ import annotations

import hmac
import ipaddress
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.settings import Settings

logger = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format, as its library writes it."""

Scrape = Callable[[float | None], Awaitable[bytes]]
"""Gives every figure; it is told how many seconds ago the last sign of updates came."""


def add_metrics(
    app: web.Application, scrape: Scrape, updates_age: Callable[[], float | None], settings: Settings
) -> None:
    """Serve `/metrics`, unless others could read it without a token; with one it wants `Authorization: Bearer …`."""
    token = None if settings.metrics_token is None else settings.metrics_token.get_secret_value()
    if token is None and not _only_this_machine(settings):
        logger.info("/metrics is not served: with a webhook, or where others reach LISTEN, it wants METRICS_TOKEN")
        return

    async def answer_metrics(request: web.Request) -> web.Response:
        if token is not None and not _is_authorized(request, token):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return web.Response(body=await scrape(updates_age()), headers={"Content-Type": CONTENT_TYPE})

    app.router.add_get("/metrics", answer_metrics)


def _only_this_machine(settings: Settings) -> bool:
    """Tell whether nobody else reaches the address, directly or through the proxy before a webhook."""
    if settings.listen is None or settings.webhook_url is not None:
        return False
    host, _ = settings.listen
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_authorized(request: web.Request, token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
