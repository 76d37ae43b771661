"""The playground as one HTTP server: the bot's side, the people's side, the page."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from playground.access import AccessPolicy, is_loopback, url_host
from playground.bot_api.budgets import Budgets
from playground.bot_api.call_log import CallLog
from playground.bot_api.endpoint import BotApi, OnCall
from playground.bot_api.faults import Faults
from playground.bot_api.webhook_delivery import WebhookDelivery
from playground.people_api.endpoint import PeopleApi
from playground.world.callback_queries import CallbackQueries
from playground.world.event_stream import EventStream
from playground.world.files import FileStore
from playground.world.hub import Hub
from playground.world.persistence import NullPersistence, SqlitePersistence
from playground.world.state import BotAccount, default_world
from playground.world.update_queue import UpdateQueue

logger = logging.getLogger(__name__)

PAGE: Final = Path(__file__).parent / "page"
DEFAULT_BOT_ID: Final = 7_000_000_001
TOKEN_BYTES: Final = 26
"""Random bytes of a drawn token: 35 characters, as many as BotFather's have."""
SHUTDOWN_TIMEOUT: Final = 2.0
SWEEP_INTERVAL: Final = 1.0
_TYPES: Final = MappingProxyType(
    {
        ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
        ".png": "image/png", ".ico": "image/x-icon", ".webmanifest": "application/manifest+json",
    }
)  # fmt: skip
_POLICY: Final = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class BotProfile:
    """The bot as getMe describes it."""

    username: str = "aura_bot"
    can_read_all_group_messages: bool = False


class Playground:
    """A local Telegram with one bot. Nothing happens before `start`.

    `keep` is the SQLite file that holds the world over restarts (None: memory only). `strict` enforces the budgets.
    `bot_token` is the only token that is admitted (None: one that is drawn, see `token`).
    `allowed_hosts` are names that it may be reached by beside its own. `clock` gives the seconds that budgets and
    lifetimes are counted in, `wall` the time that messages carry. `on_call` hears of every Bot API call: its method,
    parameters, and whether it was accepted.
    """

    def __init__(
        self,
        *,
        keep: Path | None = None,
        strict: bool = False,
        bot_token: str | None = None,
        allowed_hosts: Iterable[str] = (),
        profile: BotProfile | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        on_call: OnCall | None = None,
    ) -> None:
        self.token = bot_token or f"{DEFAULT_BOT_ID}:{secrets.token_urlsafe(TOKEN_BYTES)}"
        """The only token that is admitted."""
        profile = profile or BotProfile()
        identity = int(self.token.partition(":")[0])
        self._account = BotAccount(
            identity, username=profile.username, can_read_all_group_messages=profile.can_read_all_group_messages
        )
        self._keep = keep
        self.budgets = Budgets(strict=strict)
        self._allowed_hosts = tuple(allowed_hosts)
        self._clock, self._wall = clock, wall
        self._on_call = on_call
        self._persistence: SqlitePersistence | None = None
        self._runner: web.ServerRunner | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Load the world, listen, and return the base URL. Port 0 takes a free one. Raises OSError where that fails."""
        self._access = AccessPolicy(host, self._allowed_hosts)
        self._page_files = frozenset(file.name for file in PAGE.iterdir())
        if not is_loopback(host):
            logger.warning(
                "The playground listens on %s: whoever reaches that address reads along and acts as any person in it",
                host or "every address",
            )
        self._closing = asyncio.Event()
        self.hub = self._assemble()
        self.calls, self._faults = CallLog(), Faults()
        self._api = BotApi(
            self.hub,
            self.budgets,
            self._faults,
            self.calls,
            token=self.token,
            closing=self._closing,
            on_call=self._on_call,
        )
        self.sides = PeopleApi(self.hub, self.budgets, self._faults, self.calls, self._closing)
        self._background = asyncio.TaskGroup()
        await self._background.__aenter__()
        delivery = WebhookDelivery(self.hub.updates, answered=self._api.answered_webhook, wall=self._wall)
        self._delivering = self._background.create_task(delivery.run(), name="playground webhook")
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_TIMEOUT)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError:
            await self.stop()
            raise
        self._tick()
        bound: int = self._runner.addresses[0][1]
        return f"http://{url_host(host)}:{bound}"

    def _assemble(self) -> Hub:
        updates, files = UpdateQueue(), FileStore()
        world = None
        if self._keep is not None:
            self._persistence = SqlitePersistence(self._keep)
            world = self._persistence.load(self._account, updates, files)
        hub = Hub(
            world or default_world(self._account, int(self._wall())),
            updates=updates,
            events=EventStream(int(self._wall() * 1000)),
            queries=CallbackQueries(),
            files=files,
            persistence=self._persistence or NullPersistence(),
            clock=self._clock,
            wall=self._wall,
        )
        if self._persistence is not None:
            self._persistence.watch(hub)
            if world is None:
                for chat in hub.world.chats.values():
                    for message in chat.messages:
                        self._persistence.mark_message(chat.id, message)
        return hub

    def _tick(self) -> None:
        self.hub.expire()
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self._tick)

    async def stop(self) -> None:
        """Stop listening, end every wait, write what is to be kept."""
        if self._runner is None:
            return
        self._closing.set()
        self.hub.updates.interrupt()
        self.hub.events.wake()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self._delivering.cancel()
        await self._runner.cleanup()
        self._runner = None
        await self._background.__aexit__(None, None, None)
        if self._persistence is not None:
            self._persistence.close()
            self._persistence = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = request.path
        refused = self._access.refusal(request)
        if refused is not None:
            logger.warning("Refused %s: %s", request.method, refused)
            return web.json_response(
                {"ok": False, "error_code": 403, "description": f"Forbidden: {refused}", "error": refused}, status=403
            )
        if raw.startswith("/bot") and "/" in raw[4:]:
            token, _, name = raw[4:].partition("/")
            return await self._api.handle(request, token, name)
        if raw.startswith("/file/bot"):
            token, _, path = raw[9:].partition("/")
            return self._api.file(token, unquote(path))
        parts = [part for part in raw.split("/") if part]
        page = self._page(parts) if request.method == "GET" else None
        return page or await self.sides.handle(request, parts)

    def _page(self, path: list[str]) -> web.Response | None:
        """Return a file of the page, None for what is not one."""
        name = path[0] if path else "index.html"
        if len(path) > 1 or Path(name).suffix not in _TYPES:
            return None
        if name not in self._page_files:
            return None
        content = (PAGE / name).read_bytes()
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=content, content_type=_TYPES[Path(name).suffix], charset="utf-8", headers=headers)
