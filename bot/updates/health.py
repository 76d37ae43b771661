"""The program's own small web server: `/healthz` (alive), `/readyz` (of use), and the webhook where there is one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiogram import Bot
from aiogram.types import WebhookInfo
from aiohttp import web

from bot.telegram.bot_session import TELEGRAM_ERRORS
from bot.updates.trouble import Conflict, TroubleHeard

MAX_UPDATE_SIZE = 1024 * 1024
"""Bytes of a request's body; an update with a full message and all its entities stays far below."""
TELEGRAM_TIMEOUT = 5
"""Seconds that a question to Telegram may take while somebody waits for `/readyz`."""

MonotonicClock = Callable[[], float]
Details = dict[str, str | float | None]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state of each part, and figures that say more: `{"updates": False}`, `{"last_answer_age": 300.0}`."""

    parts: dict[str, bool]
    details: Details = field(default_factory=dict)


class PollingHealth:
    """The age of the last answered `getUpdates`: polling may stand still while every other call is answered."""

    def __init__(
        self,
        bot: Bot,
        *,
        limit: float,
        clock: MonotonicClock = time.monotonic,
        heard: TroubleHeard = lambda _kind, _cause: None,
    ) -> None:
        """`limit` is the age in seconds from which on updates count as not coming in."""
        self._bot = bot
        self._limit = limit
        self._clock = clock
        self._answered_at = clock()
        self._standby = False
        self._conflict = Conflict(heard, now=self._answered_at)

    def answered(self) -> None:
        """Note that a `getUpdates` was answered."""
        self._answered_at = self._clock()
        self._standby = False
        self._conflict.not_seen(self._answered_at)

    def conflicted(self, cause: str) -> None:
        """Note that Telegram answered another instance instead (409)."""
        self._conflict.seen(cause, self._clock())

    def stand_by(self) -> None:
        """Note that another replica polls: nothing is to be expected here."""
        self._answered_at = self._clock()
        self._standby = True

    @property
    def age(self) -> float:
        """Seconds since the last answer; before the first one, since the start."""
        return self._clock() - self._answered_at

    async def check(self) -> Readiness:
        """Ask Telegram whether it answers, and tell how old the last poll is."""
        reached = await _reaches_telegram(self._bot)
        details: Details = {"updates_by": "standby"} if self._standby else {"updates_by": "polling"}
        details |= {"last_answer_age": round(self.age, 1), "age_limit": self._limit}
        return Readiness({"telegram": reached, "updates": self._standby or self.age <= self._limit}, details)


class WebhookHealth:
    """The age of the last delivery, and what Telegram reports of those that failed (`getWebhookInfo`)."""

    def __init__(self, bot: Bot, *, limit: float, clock: MonotonicClock = time.time) -> None:
        """`limit`: updates that wait for so many seconds after a failure, with no delivery here, do not come in."""
        self._bot = bot
        self._limit = limit
        self._clock = clock
        self._delivered_at: float | None = None
        self._set_at = clock()

    def delivered(self) -> None:
        """Note that an update was delivered and stored."""
        self._delivered_at = self._clock()

    async def check(self) -> Readiness:
        """Ask Telegram how the deliveries go."""
        details: Details = {"updates_by": "webhook", "last_delivery_age": self._rounded_age()}
        try:
            reached, info = await asyncio.gather(_reaches_telegram(self._bot), self._asked())
        except TELEGRAM_ERRORS:
            return Readiness({"telegram": False, "updates": False}, details)
        failed_at = info.last_error_date
        details |= {
            "pending_updates": info.pending_update_count,
            "last_error": info.last_error_message,
            "last_error_age": None if failed_at is None else round(self._clock() - failed_at.timestamp(), 1),
        }
        return Readiness({"telegram": reached, "updates": not self._fails(info)}, details)

    async def problem(self) -> str | None:
        """Ask Telegram why deliveries fail; empty: they do not. None: it did not answer."""
        try:
            info = await self._asked()
        except TELEGRAM_ERRORS:
            return None
        if not self._fails(info):
            return ""
        return info.last_error_message or "Telegram knows of no webhook"

    async def _asked(self) -> WebhookInfo:
        """Raises TELEGRAM_ERRORS."""
        info = await self._bot.get_webhook_info(request_timeout=TELEGRAM_TIMEOUT)
        if info.url:
            self._set_at = self._clock()
        return info

    @property
    def age(self) -> float | None:
        """Seconds since the last delivery. None: there was none yet."""
        return None if self._delivered_at is None else self._clock() - self._delivered_at

    def _rounded_age(self) -> float | None:
        age = self.age
        return None if age is None else round(age, 1)

    def _fails(self, info: WebhookInfo) -> bool:
        """Judge by what Telegram reports: no webhook for long, or failures while updates wait and none comes here."""
        if not info.url:
            return self._clock() - self._set_at > self._limit
        if not info.pending_update_count or info.last_error_date is None:
            return False
        failed_lately = self._clock() - info.last_error_date.timestamp() <= self._limit
        age = self.age
        return failed_lately and (age is None or age > self._limit)


async def _reaches_telegram(bot: Bot) -> bool:
    try:
        await bot.get_me(request_timeout=TELEGRAM_TIMEOUT)
    except TELEGRAM_ERRORS:
        return False
    return True


def server_runner(app: web.Application, *, shutdown_timeout: float) -> web.AppRunner:
    """The server of an application. It unpacks no bodies: Telegram packs none, and an archive may hold anything."""
    return web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=shutdown_timeout)


def health_app(ready: Callable[[], Awaitable[Readiness]]) -> web.Application:
    """An application that answers for the program's health; the webhook is added to it where there is one."""
    app = web.Application(client_max_size=MAX_UPDATE_SIZE)

    async def answer_alive(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def answer_ready(_request: web.Request) -> web.Response:
        now = await ready()
        body = {**now.parts, "details": now.details} if now.details else now.parts
        return web.json_response(body, status=200 if all(now.parts.values()) else 503)

    app.router.add_get("/healthz", answer_alive)
    app.router.add_get("/readyz", answer_ready)
    return app
