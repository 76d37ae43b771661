"""A Telegram on loopback that answers as a scene says, and a bot that talks to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiohttp import web

from bot.runtime.task_supervisor import TaskSupervisor
from bot.updates.health import PollingHealth, server_runner
from bot.updates.polling import Polling, PollTiming
from tests.harness.recording_session import TOKEN

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

Respond = Callable[[], tuple[int, str]]


def message(update: int, **wrong: Any) -> dict[str, Any]:  # any field of a message
    chat = {"id": 1001, "type": "private", "first_name": "Anna"}
    said = {"message_id": update, "date": 1, "chat": chat, "text": f"Question {update}", **wrong}
    return {"update_id": update, "message": said}


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = server_runner(app, shutdown_timeout=0.1)
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


@asynccontextmanager
async def polling(
    answer: Answer, dispatcher: Dispatcher, *, timing: PollTiming | None = None, limit: float = 120.0
) -> AsyncIterator[tuple[asyncio.Task[None], PollingHealth]]:
    """Poll a Telegram whose getUpdates answers so, for the length of a scene: the loop and its health."""

    async def always() -> bool:
        return True

    app = web.Application()
    app.router.add_post("/bot{token}/getUpdates", answer)
    tasks = TaskSupervisor()
    async with served(app) as url, bot_at(url) as bot:
        health = PollingHealth(bot, limit=limit)
        loop = Polling(bot, dispatcher, tasks, elected=always, health=health, timing=timing)
        running = tasks.start(loop.run(), name="poll", awaited=True)
        try:
            yield running, health
        finally:
            await tasks.close()


def json_answer(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="application/json")


def scripted_app(method: str, respond: Respond, **others: Respond) -> web.Application:
    """A Bot API server that has these methods."""

    async def answer(request: web.Request) -> web.Response:
        return json_answer(*{method: respond, **others}[request.match_info["method"]]())

    app = web.Application()
    app.router.add_post("/bot{token}/{method}", answer)
    return app


async def offset_of(request: web.Request) -> int:
    """The offset that a request asks for; 0: none."""
    return int(str((await request.post()).get("offset", 0)))
