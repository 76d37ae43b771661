"""Telegram's answers that cannot be read: the program goes on, and nothing comes for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiohttp import ClientSession, web

from bot.runtime.task_supervisor import TaskSupervisor
from bot.updates.polling import Polling
from bot.updates.webhook import add_webhook, webhook_path
from tests.recording import BOT_ID, LIMIT, TOKEN

SECRET = "a-secret-of-the-scene"


def message(update: int, **wrong: Any) -> dict[str, Any]:  # any field of a message
    chat = {"id": 1001, "type": "private", "first_name": "Anna"}
    said = {"message_id": update, "date": 1, "chat": chat, "text": f"Question {update}", **wrong}
    return {"update_id": update, "message": said}


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bot_at(url: str) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    try:
        yield Bot(TOKEN, session=session)
    finally:
        await session.close()


def listener(heard: list[str]) -> Dispatcher:
    dispatcher = Dispatcher(disable_fsm=True)

    @dispatcher.message()
    async def hear(message: Message) -> None:
        heard.append(message.text or "")

    return dispatcher


async def polled(answers: list[list[dict[str, Any]] | str]) -> tuple[list[str], list[int]]:
    """Poll a Telegram that gives these answers; gives what was heard, and the offsets asked for."""
    heard: list[str] = []
    offsets: list[int] = []
    asked_all = asyncio.Event()

    async def get_updates(request: web.Request) -> web.Response:
        offsets.append(int(str((await request.post()).get("offset", 0))))
        if not answers:
            asked_all.set()
            return web.json_response({"ok": True, "result": []})
        answer = answers.pop(0)
        if isinstance(answer, str):
            return web.Response(status=502, text=answer, content_type="text/html")
        return web.json_response({"ok": True, "result": answer})

    async def always() -> bool:
        return True

    app = web.Application()
    app.router.add_post("/bot{token}/getUpdates", get_updates)
    background = TaskSupervisor()
    async with served(app) as url, bot_at(url) as bot, asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(Polling(bot, listener(heard), background, elected=always).run())
        async with asyncio.timeout(LIMIT):
            await asyncio.wait(
                {polling, asked := tasks.create_task(asked_all.wait())}, return_when=asyncio.FIRST_COMPLETED
            )
        polling.cancel()
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
        add_webhook(app, listener(heard), bot, secret=SECRET)
        async with served(app) as url, ClientSession() as people:
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            path = webhook_path(BOT_ID, SECRET)
            async with people.post(url + path, json=update, headers=headers) as response:
                assert response.status == 200


async def test_answers_can_still_be_shown_when_the_webhooks_server_has_ended() -> None:
    app = web.Application()
    async with bot_at("http://127.0.0.1:9") as bot:
        add_webhook(app, listener([]), bot, secret=SECRET)
        async with served(app):
            session = await bot.session.create_session()  # type: ignore[attr-defined]  # aiohttp's, as made above
        assert not session.closed
