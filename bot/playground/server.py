"""The playground as one HTTP server: the bot's side, the people's side, the page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from aiohttp import web

from bot.playground.botapi import BotApi, OnCall
from bot.playground.budgets import Budgets, Limits
from bot.playground.calls import Calls
from bot.playground.events import Events
from bot.playground.exchange import Exchange
from bot.playground.faults import Faults
from bot.playground.files import Files
from bot.playground.keeping import Forgetful, Keeping
from bot.playground.queries import Queries
from bot.playground.sides import Sides
from bot.playground.updates import Updates
from bot.playground.webhooks import Delivery
from bot.playground.world import BotAccount, default_world

PAGE: Final = Path(__file__).parent / "page"
DEFAULT_BOT_ID: Final = 7_000_000_001
SHUTDOWN_WITHIN: Final = 2.0
SWEEP_EVERY: Final = 1.0
_TYPES: Final = MappingProxyType(
    {
        ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
        ".png": "image/png", ".ico": "image/x-icon", ".webmanifest": "application/manifest+json",
    }
)  # fmt: skip
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_POLICY: Final = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"


class Playground:
    """A local Telegram with one bot. Nothing happens before `start`.

    `keep` is the SQLite file that holds the world over restarts (None: memory only). `strict` enforces the budgets.
    `bot_token` is the only token that is admitted (None: any, and the bot's id is taken from it). `clock` gives the
    seconds that budgets and lifetimes are counted in, `wall` the time that messages carry. `on_call` hears of every
    Bot API call: its method, parameters, and whether it was accepted.
    """

    def __init__(
        self,
        *,
        keep: Path | None = None,
        strict: bool = False,
        bot_token: str | None = None,
        username: str = "aura_bot",
        can_read_all_group_messages: bool = False,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        on_call: OnCall | None = None,
    ) -> None:
        identity = int(bot_token.partition(":")[0]) if bot_token else DEFAULT_BOT_ID
        self._account = BotAccount(identity, username=username, can_read_all_group_messages=can_read_all_group_messages)
        self._keep = keep
        self._budgets = Budgets(limits, strict=strict)
        self._token = bot_token
        self._clock, self._wall = clock, wall
        self._on_call = on_call
        self._keeping: Keeping | None = None
        self._runner: web.ServerRunner | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._host = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Load the world, listen, and return the base URL. Port 0 takes a free one. Raises OSError where that fails."""
        self._host = host
        self._closing = asyncio.Event()
        self.exchange = self._assemble()
        self.calls, self._faults = Calls(), Faults()
        self._api = BotApi(
            self.exchange, self._faults, self.calls, token=self._token, closing=self._closing, on_call=self._on_call
        )
        self.sides = Sides(self.exchange, self._faults, self.calls, self._closing)
        self._background = asyncio.TaskGroup()
        await self._background.__aenter__()
        delivery = Delivery(self.exchange.updates, answered=self._api.answered_webhook, wall=self._wall)
        self._delivering = self._background.create_task(delivery.run(), name="playground webhook")
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_WITHIN)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError:
            await self.stop()
            raise
        self._tick()
        bound: int = self._runner.addresses[0][1]
        return f"http://{host}:{bound}"

    def _assemble(self) -> Exchange:
        updates, files = Updates(), Files()
        world = None
        if self._keep is not None:
            self._keeping = Keeping(self._keep)
            world = self._keeping.load(self._account, updates, files)
        exchange = Exchange(
            world or default_world(self._account, int(self._wall())),
            updates=updates,
            events=Events(int(self._wall() * 1000)),
            budgets=self._budgets,
            queries=Queries(),
            files=files,
            keeper=self._keeping or Forgetful(),
            clock=self._clock,
            wall=self._wall,
        )
        if self._keeping is not None:
            self._keeping.watch(exchange)
            if world is None:
                for chat in exchange.world.chats.values():
                    for message in chat.messages:
                        self._keeping.note_message(chat.id, message)
        return exchange

    def _tick(self) -> None:
        self.exchange.expire()
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_EVERY, self._tick)

    async def stop(self) -> None:
        """Stop listening, end every wait, write what is to be kept."""
        if self._runner is None:
            return
        self._closing.set()
        self.exchange.updates.interrupt()
        self.exchange.events.wake()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self._delivering.cancel()
        await self._runner.cleanup()
        self._runner = None
        await self._background.__aexit__(None, None, None)
        if self._keeping is not None:
            self._keeping.close()
            self._keeping = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = request.path
        if raw.startswith("/bot") and "/" in raw[4:]:
            token, _, name = raw[4:].partition("/")
            return await self._api.handle(request, token, name)
        if raw.startswith("/file/bot"):
            token, _, path = raw[9:].partition("/")
            return self._api.file(token, unquote(path))
        refused = self._foreign(request)
        if refused is not None:
            return refused
        parts = [part for part in raw.split("/") if part]
        page = self._page(parts) if request.method == "GET" else None
        return page or await self.sides.handle(request, parts)

    def _foreign(self, request: web.BaseRequest) -> web.Response | None:
        """Refuse requests that some web page in the same browser makes, by name or by address."""
        host = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
        if host not in _LOOPBACK and host != self._host and self._host not in ("0.0.0.0", "::"):  # noqa: S104  # compared
            return web.json_response({"error": "unknown host"}, status=403)
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
            return web.json_response({"error": "another origin"}, status=403)
        return None

    def _page(self, path: list[str]) -> web.Response | None:
        """Return a file of the page, None for what is not one."""
        name = path[0] if path else "index.html"
        if len(path) > 1 or Path(name).suffix not in _TYPES:
            return None
        try:
            content = (PAGE / name).read_bytes()
        except OSError:
            return None
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=content, content_type=_TYPES[Path(name).suffix], charset="utf-8", headers=headers)
