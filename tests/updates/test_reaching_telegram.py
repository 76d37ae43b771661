"""The first call to Telegram: who the bot is."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from bot.runtime.task_supervisor import TaskSupervisor
from bot.updates.receiving import NO_BOT_API, reach_telegram
from tests.updates.scripted_telegram import bot_at, served

ME = {"id": 7, "is_bot": True, "first_name": "Aura", "username": "aura_bot"}


@pytest.mark.parametrize(
    "result",
    [True, [], {}, {"id": "seven"}, {"id": 7}, None, "aura"],
    ids=["true", "a list", "nothing in it", "a wrong id", "half of it", "null", "a name"],
)
async def test_an_answer_that_is_no_bot_is_told_as_such_and_asked_again(
    result: object, tasks: TaskSupervisor, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [result, ME]

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": answers.pop(0)})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with served(app) as url, bot_at(url) as bot:
        asking = tasks.start(reach_telegram(bot), name="reach Telegram", awaited=True)
        async with asyncio.timeout(30):
            assert (await asking).username == "aura_bot"
    assert NO_BOT_API in caplog.text
    assert "deserialize" not in caplog.text
