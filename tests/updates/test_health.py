"""Whether updates come in, as /readyz tells it; and polls that hang."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientSession, web

from bot.updates.health import PollingHealth, Readiness, WebhookHealth, health_app
from bot.updates.polling import PollTiming
from tests.harness.recording_session import LIMIT
from tests.updates.scripted_telegram import bot_at, json_answer, listener, message, polling, scripted_app, served


class Time:
    def __init__(self) -> None:
        self.now = 10_000.0

    def __call__(self) -> float:
        return self.now


ME = json.dumps({"ok": True, "result": {"id": 7, "is_bot": True, "first_name": "Aura"}})


async def test_polling_that_stands_still_is_told_though_telegram_answers() -> None:
    time = Time()
    async with served(scripted_app("getMe", lambda: (200, ME))) as url, bot_at(url) as bot:
        health = PollingHealth(bot, limit=120, clock=time)
        assert (await health.check()).parts == {"telegram": True, "updates": True}, "it has only just begun"
        time.now += 121
        standing_still = await health.check()
        assert standing_still.parts == {"telegram": True, "updates": False}
        assert standing_still.details["last_answer_age"] == 121.0
        health.answered()
        assert (await health.check()).parts["updates"]


async def test_a_replica_that_does_not_poll_is_of_use() -> None:
    time = Time()
    async with served(scripted_app("getMe", lambda: (200, ME))) as url, bot_at(url) as bot:
        health = PollingHealth(bot, limit=120, clock=time)
        health.stand_by()
        time.now += 1000
        readiness = await health.check()
        assert readiness.parts["updates"] and readiness.details["updates_by"] == "standby"


INFO: dict[str, Any] = {"url": "https://x.example", "has_custom_certificate": False, "pending_update_count": 0}
WRONG = {"last_error_date": 9_990, "last_error_message": "Wrong response from the webhook: 502 Bad Gateway"}


@pytest.mark.parametrize(
    ("info", "delivered", "ready"),
    [
        (INFO, False, True),
        ({**INFO, "pending_update_count": 3}, False, True),
        ({**INFO, **WRONG}, False, True),
        ({**INFO, **WRONG, "pending_update_count": 3}, False, False),
        ({**INFO, **WRONG, "pending_update_count": 3}, True, True),
        ({**INFO, **WRONG, "last_error_date": 9_000, "pending_update_count": 3}, False, True),
    ],
)
async def test_the_webhook_is_judged_by_what_telegram_reports(
    info: dict[str, Any], delivered: bool, ready: bool
) -> None:
    answer = json.dumps({"ok": True, "result": info})
    async with (
        served(scripted_app("getWebhookInfo", lambda: (200, answer), getMe=lambda: (200, ME))) as url,
        bot_at(url) as bot,
    ):
        health = WebhookHealth(bot, limit=120, clock=Time())
        if delivered:
            health.delivered()
        readiness = await health.check()
    assert readiness.parts == {"telegram": True, "updates": ready}
    assert readiness.details["pending_updates"] == info["pending_update_count"]
    assert readiness.details["last_error"] == info.get("last_error_message")


async def test_a_webhook_that_somebody_took_away_is_told_unless_the_program_has_just_begun() -> None:
    time = Time()
    answer = json.dumps({"ok": True, "result": {**INFO, "url": ""}})
    app = scripted_app("getWebhookInfo", lambda: (200, answer), getMe=lambda: (200, ME))
    async with served(app) as url, bot_at(url) as bot:
        health = WebhookHealth(bot, limit=120, clock=time)
        assert (await health.check()).parts["updates"]
        time.now += 121
        assert not (await health.check()).parts["updates"]


async def test_telegram_out_of_reach_is_told() -> None:
    async with bot_at("http://127.0.0.1:9") as bot:
        for health in (PollingHealth(bot, limit=120), WebhookHealth(bot, limit=120)):
            assert not (await health.check()).parts["telegram"]


async def test_the_answer_says_which_part_fails() -> None:
    async def ready() -> Readiness:
        return Readiness({"database": True, "updates": False}, {"last_answer_age": 300.0})

    async with served(health_app(ready)) as url, ClientSession() as people, people.get(f"{url}/readyz") as response:
        assert response.status == 503
        expected = {"database": True, "updates": False, "details": {"last_answer_age": 300.0}}
        assert await response.json() == expected


async def test_a_poll_that_hangs_is_made_again_on_a_new_connection(caplog: pytest.LogCaptureFixture) -> None:
    connections: list[object] = []
    heard: list[str] = []
    again = asyncio.Event()

    async def get_updates(request: web.Request) -> web.Response:
        connections.append(request.transport)
        if len(connections) == 1:
            return json_answer(200, '{"ok": true, "result": []}')
        if len(connections) == 2:
            await asyncio.sleep(LIMIT)
        again.set()
        return json_answer(200, json.dumps({"ok": True, "result": [message(1)]}))

    timing = PollTiming(timeout=0, margin=3, empty_poll_delay=0.01)
    async with asyncio.timeout(LIMIT), polling(get_updates, listener(heard), timing=timing):
        await again.wait()
    assert connections[0] is connections[1] is not connections[2]
    assert any("a poll hung for 3 s" in record.getMessage() for record in caplog.records)
