"""The webhook: Telegram posts updates here; 200 is answered only after their effect is stored."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging

from aiogram import Bot, Dispatcher
from aiogram.exceptions import ClientDecodeError, TelegramBadRequest, TelegramUnauthorizedError
from aiogram.types import Update
from aiohttp import web

from bot.errors import SettingsProblem, StorageUnavailable, Unauthorized
from bot.logs import LogThrottle
from bot.updates.health import WebhookHealth
from bot.updates.retry import Sleep, retry_after, until_it_succeeds
from bot.updates.update_reader import UnreadableUpdate, read_update

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 40
"""Updates that Telegram may deliver side by side (setWebhook's `max_connections`, 1–100)."""
MAX_UNREADABLE_REQUESTS_REPORTED = 20
"""Lines about requests that cannot be read, in ten minutes."""
MAX_LOGGED_PATH = 200
"""Characters of a wrong path that the log repeats."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the name of a header


class WebhookEndpoint:
    """Answers Telegram's requests.

    200: the update is stored, or cannot be read; anything else would make Telegram repeat it for a day and hold back
    what follows in that chat, and it would never become readable. 503: it could not be stored now, and comes again.
    401: not from Telegram. 404: a path that is not ours. 413: larger than any update, so not from Telegram either.
    """

    def __init__(self, dispatcher: Dispatcher, bot: Bot, *, secret: str, health: WebhookHealth) -> None:
        self._dispatcher = dispatcher
        self._bot = bot
        self._secret = secret.encode()
        self._path = webhook_path(bot.id, secret)
        self._health = health
        self._unreadable = LogThrottle(logger, burst=MAX_UNREADABLE_REQUESTS_REPORTED)
        self._outage = LogThrottle(logger)
        self._wrong_paths: set[bool] = set()

    async def handle(self, request: web.Request) -> web.Response:
        """Take one request, on whatever path a proxy handed it on."""
        known = hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(errors="replace"), self._secret)
        if request.method != "POST" or not request.path.endswith(self._path):
            self._report_wrong_path(request, from_telegram=known)
            return web.Response(status=404)
        if not known:
            return web.Response(text="Unauthorized", status=401)
        try:
            update = read_update(await self._read(request), self._bot)
        except web.HTTPRequestEntityTooLarge:
            return self._pass_over("it is too large", status=413)
        except UnreadableUpdate as error:
            return self._pass_over(str(error))
        return web.Response(status=await self._store(update))

    async def _read(self, request: web.Request) -> object:
        """Read the body, whatever type of content it claims to be. Raises UnreadableUpdate."""
        try:
            body: object = json.loads(await request.read())
        except (ValueError, RecursionError, web.RequestPayloadError) as error:
            raise UnreadableUpdate(f"it is no JSON ({type(error).__name__})") from None
        return body

    async def _store(self, update: Update) -> int:
        """Handle an update. Returns the status of the answer."""
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except StorageUnavailable as error:
            self._outage.log(logging.ERROR, "outage", "Update %d is not confirmed: %s", update.update_id, error)
            return 503
        except Exception:
            logger.exception("Update %d is passed over, because a handler broke", update.update_id)
        self._outage.reset()
        self._health.delivered()
        return 200

    def _pass_over(self, problem: str, *, status: int = 200) -> web.Response:
        self._unreadable.log(logging.ERROR, "unreadable", "A webhook request is passed over: %s", problem)
        return web.Response(status=status)

    def _report_wrong_path(self, request: web.Request, *, from_telegram: bool) -> None:
        """Say once which path is right; once more where it was Telegram that knocked at a wrong one."""
        if request.method != "POST" or from_telegram in self._wrong_paths:
            return
        self._wrong_paths.add(from_telegram)
        logger.warning(
            "A request%s to %.200r is answered 404: the webhook is at %s, below any path that a proxy puts before it",
            " from Telegram" if from_telegram else "",
            request.path[:MAX_LOGGED_PATH],
            self._path,
        )


def webhook_path(bot_id: int, secret: str) -> str:
    """A path that neither the token nor the bot's id gives away: it hangs on the secret alone."""
    mark = hmac.new(secret.encode(), f"webhook of {bot_id}".encode(), hashlib.sha256).hexdigest()
    return f"/telegram/{mark[:40]}"


def add_webhook(app: web.Application, dispatcher: Dispatcher, bot: Bot, *, secret: str, health: WebhookHealth) -> None:
    """Serve the webhook on `app`, on every path that is not taken yet: a proxy may hand on a prefix or strip it."""
    endpoint = WebhookEndpoint(dispatcher, bot, secret=secret, health=health)
    app.router.add_route("*", "/{path:.*}", endpoint.handle)


async def announce_webhook(
    bot: Bot, dispatcher: Dispatcher, *, url: str, secret: str, sleep: Sleep = asyncio.sleep
) -> None:
    """Tell Telegram where the webhook is (setWebhook), however long it takes; every replica says the same.

    Raises SettingsProblem where Telegram does not take the address, and Unauthorized.
    """
    trouble = LogThrottle(logger)

    async def announce() -> None:
        try:
            await bot.set_webhook(
                url + webhook_path(bot.id, secret),
                secret_token=secret,
                allowed_updates=dispatcher.resolve_used_update_types(),
                max_connections=MAX_CONNECTIONS,
                drop_pending_updates=False,
            )
        except TelegramBadRequest as error:
            raise SettingsProblem(f"WEBHOOK_URL: Telegram does not take it: {error.message}") from error
        except TelegramUnauthorizedError as error:
            raise Unauthorized("Telegram does not know this BOT_TOKEN") from error
        except (TypeError, ValueError) as error:  # aiogram's own, of answers that it did not expect
            raise ClientDecodeError("the answer makes no sense", error, None) from error

    async def report(error: BaseException) -> None:
        seconds = retry_after(error)
        if seconds is not None:
            trouble.log(logging.WARNING, "held", "Telegram asks to announce the webhook again in %d s", seconds)
        else:
            message = getattr(error, "message", error)
            trouble.log(logging.WARNING, "refused", "The webhook cannot be announced yet: %s", message)

    await until_it_succeeds(report, sleep=sleep)(announce)
    logger.info("The webhook is announced at %s", url)
