"""Delivery of updates to the bot's own server: in order within a chat, side by side otherwise, again until taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from playground.access import is_loopback
from playground.errors import bad_request
from playground.world.update_queue import PendingUpdate, UpdateQueue, Webhook

Json = dict[str, Any]

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the name of a header
WEBHOOK_TIMEOUT: Final = 30.0
"""Seconds that the bot's server has to answer."""
MIN_RETRY_DELAY: Final = 0.5
MAX_RETRY_DELAY: Final = 5.0


def check_url(url: str) -> None:
    """Raise 400 for an address that cannot be a webhook's, or is not on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise bad_request("bad webhook: the URL cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not is_loopback(parts.hostname):
        raise bad_request("bad webhook: the playground delivers to loopback addresses only")


class WebhookDelivery:
    """Posts pending updates while a webhook is set. `answered` gets a method that the bot put into its answer."""

    def __init__(
        self, updates: UpdateQueue, *, answered: Callable[[str, Mapping[str, Any]], None], wall: Callable[[], float]
    ) -> None:
        self._updates = updates
        self._answered = answered
        self._wall = wall
        self._busy: set[int] = set()
        self._waits: dict[int, float] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        timeout = aiohttp.ClientTimeout(total=WEBHOOK_TIMEOUT)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            while True:
                await self._updates.more.wait()
                self._updates.more.clear()
                if self._updates.webhook.url:
                    for update in self._free():
                        self._busy.add(_chat(update))
                        group.create_task(self._deliver(session, self._updates.webhook, update))

    def _free(self) -> list[PendingUpdate]:
        """Return the oldest update of every chat that is not being delivered to, as many as may go at once."""
        chosen: dict[int, PendingUpdate] = {}
        for update in self._updates.pending:
            if len(self._busy) + len(chosen) >= self._updates.webhook.connections:
                break
            if _chat(update) not in self._busy:
                chosen.setdefault(_chat(update), update)
        return list(chosen.values())

    async def _deliver(self, session: aiohttp.ClientSession, webhook: Webhook, update: PendingUpdate) -> None:
        chat = _chat(update)
        try:
            problem = await self._post(session, webhook, update)
            if problem:
                webhook.last_error, webhook.last_error_date = problem, int(self._wall())
                wait = self._waits[chat] = min(self._waits.get(chat, MIN_RETRY_DELAY / 2) * 2, MAX_RETRY_DELAY)
                await asyncio.sleep(wait)
            else:
                self._waits.pop(chat, None)
                self._updates.delivered(update)
        finally:
            self._busy.discard(chat)
            self._updates.more.set()

    async def _post(self, session: aiohttp.ClientSession, webhook: Webhook, update: PendingUpdate) -> str:
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers[SECRET_HEADER] = webhook.secret
        try:
            async with session.post(
                webhook.url, data=json.dumps(update.update), headers=headers, allow_redirects=False
            ) as response:
                if not 200 <= response.status < 300:  # noqa: PLR2004  # the HTTP range of success
                    return f"Wrong response from the webhook: {response.status} {response.reason}"
                body = await response.read()
        except TimeoutError:
            return "Read timeout expired"
        except aiohttp.ClientError as error:
            return f"Connection failed: {type(error).__name__}"
        self._take_answer(body)
        return ""

    def _take_answer(self, body: bytes) -> None:
        try:
            answer = json.loads(body) if body.strip() else None
        except ValueError:
            return
        if isinstance(answer, dict) and isinstance(answer.get("method"), str):
            self._answered(answer["method"], answer)


def _chat(pending: PendingUpdate) -> int:
    """Return the chat of an update, 0 where it has none: updates of one chat are delivered one after another."""
    update = pending.update if isinstance(pending.update, dict) else {}
    payload: Json = next((value for value in update.values() if isinstance(value, dict)), {})
    message = payload.get("message")
    chat = payload.get("chat") or (message.get("chat") if isinstance(message, dict) else None)
    identity = chat.get("id") if isinstance(chat, dict) else None
    return identity if isinstance(identity, int) else 0
