"""An engine on loopback that says what a test wants, in the form that llama.cpp's server has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

DONE = b"data: [DONE]\n\n"


def event(text: str) -> bytes:
    """One piece of an answer, as it goes over the wire."""
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]}, ensure_ascii=False)}\n\n".encode()


@dataclass
class ScriptedEngine:
    """Sends `wire` chunk by chunk, waits for `go_on` where a chunk is None, and remembers what it was asked."""

    wire: list[bytes | None] = field(default_factory=lambda: [event("Hello"), DONE])
    refusal: dict[str, Any] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    left: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    address: str = ""
    ready: bool = True

    def launch(self) -> None:
        """There is nothing to load."""

    async def url(self, wait_limit: float) -> str:
        assert wait_limit > 0
        return self.address

    async def stop(self) -> None:
        self.go_on.set()

    async def tokenize(self, request: web.Request) -> web.Response:
        """A word is a token."""
        return web.json_response({"tokens": (await request.json())["content"].split()})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.arrived.release()
        if self.refusal is not None:
            return web.json_response({"error": self.refusal}, status=400)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            for chunk in self.wire:
                if chunk is None:
                    await self.go_on.wait()
                else:
                    await response.write(chunk)
        except asyncio.CancelledError:
            self.left.set()
            raise
        if self.wire[-1] != DONE and request.transport is not None:
            request.transport.abort()
        return response


@asynccontextmanager
async def scripted_engine(engine: ScriptedEngine) -> AsyncIterator[ScriptedEngine]:
    app = web.Application()
    app.router.add_post("/tokenize", engine.tokenize)
    app.router.add_post("/v1/chat/completions", engine.complete)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    engine.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield engine
    finally:
        await runner.cleanup()
