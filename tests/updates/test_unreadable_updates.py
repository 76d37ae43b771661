"""Telegram's answers that cannot be read: the program goes on, and nothing comes for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientSession, web

from bot.updates.health import WebhookHealth
from bot.updates.webhook import add_webhook, webhook_path
from tests.harness.recording_session import BOT_ID, LIMIT
from tests.updates.scripted_telegram import bot_at, listener, message, offset_of, polling, served

SECRET = "a-secret-of-the-scene"


async def polled(answers: list[list[dict[str, Any]] | str]) -> tuple[list[str], list[int]]:
    """Poll a Telegram that gives these answers; gives what was heard, and the offsets asked for."""
    heard: list[str] = []
    offsets: list[int] = []
    asked_all = asyncio.Event()

    async def get_updates(request: web.Request) -> web.Response:
        offsets.append(await offset_of(request))
        if not answers:
            asked_all.set()
            return web.json_response({"ok": True, "result": []})
        answer = answers.pop(0)
        if isinstance(answer, str):
            return web.Response(status=502, text=answer, content_type="text/html")
        return web.json_response({"ok": True, "result": answer})

    async with asyncio.timeout(LIMIT), polling(get_updates, listener(heard)) as (running, _):
        await asyncio.wait({running, asked := asyncio.ensure_future(asked_all.wait())}, return_when="FIRST_COMPLETED")
        asked.cancel()
    return heard, offsets


async def test_a_gateways_page_does_not_end_the_polling() -> None:
    heard, _ = await polled(["<html>502 Bad Gateway</html>", [message(1)]])
    assert heard == ["Question 1"]


async def test_an_update_that_cannot_be_read_is_passed_over() -> None:
    heard, offsets = await polled([[message(1), message(2, date="yesterday"), message(3)], [message(4, chat=7)]])
    assert heard == ["Question 1", "Question 3"]
    assert offsets[:3] == [0, 4, 5]


@pytest.mark.parametrize("update", [message(1), message(2, date="yesterday")])
async def test_the_webhook_confirms_what_cannot_be_read(update: dict[str, Any]) -> None:
    heard: list[str] = []
    app = web.Application()
    async with bot_at("http://127.0.0.1:9") as bot:
        add_webhook(app, listener(heard), bot, secret=SECRET, health=WebhookHealth(bot, limit=60))
        async with served(app) as url, ClientSession() as people:
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            path = webhook_path(BOT_ID, SECRET)
            async with people.post(url + path, json=update, headers=headers) as response:
                assert response.status == 200


async def test_answers_can_still_be_shown_when_the_webhooks_server_has_ended() -> None:
    app = web.Application()
    async with bot_at("http://127.0.0.1:9") as bot:
        add_webhook(app, listener([]), bot, secret=SECRET, health=WebhookHealth(bot, limit=60))
        async with served(app):
            session = await bot.session.create_session()  # type: ignore[attr-defined]  # aiohttp's, as made above
        assert not session.closed
