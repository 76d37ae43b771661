"""A load balancer that does not wait for ever for a replica that is frozen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.end_to_end.test_webhook_replicas import Balancer

REPLICA_TIMEOUT = 4.0
"""Seconds after which a replica counts as away; Telegram then brings the update again, to another."""


class ImpatientBalancer(Balancer):
    """Gives each update to the next of the replicas, and gives up on one that is silent."""

    async def pass_on(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(REPLICA_TIMEOUT):
                return await super().pass_on(request)
        except TimeoutError:
            return web.Response(status=504)


@asynccontextmanager
async def running_balancer(replicas: list[str]) -> AsyncIterator[str]:
    """Listen on a free port of the loopback. Gives the address."""
    async with aiohttp.ClientSession() as session:
        balancer = ImpatientBalancer(replicas, session)
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_post("/{path:.*}", balancer.pass_on)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
