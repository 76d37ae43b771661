"""A Telegram of the scene's own: a playground in this process, its people, and a real aiogram Bot that talks to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Update

from playground.server import BotProfile, Playground
from tests.playground.call_models import problem_of

Json = dict[str, Any]
T = TypeVar("T")

TOKEN = "7000000001:playground-token-for-tests-0123456789"
ANNA, BORIS = 1001, 1002


class Clock:
    """Time that the scene moves."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class LocalTelegram:
    """A running playground and a bot."""

    def __init__(self, playground: Playground, url: str, bot: Bot, session: aiohttp.ClientSession) -> None:
        self.playground = playground
        self.hub = playground.hub
        self.url = url
        self.bot = bot
        self.session = session
        self._offset = 0

    @property
    def friends(self) -> int:
        """The group of both, a forum."""
        return next(chat.id for chat in self.hub.world.chats.values() if chat.title == "Friends")

    @property
    def ideas(self) -> int:
        """Its topic."""
        return next(topic for topic in self.hub.world.chats[self.friends].topics if topic != 1)

    async def post(self, path: str, *, status: int = 200, **body: Any) -> Json:  # JSON
        """Do something on the people's side."""
        async with self.session.post(f"{self.url}/{path}", json=body) as response:
            answer: Json = await response.json()
            assert response.status == status, answer
            return answer

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.url}/{path}") as response:
            assert response.status == 200
            return await response.json()

    async def send(self, text: str = "", *, by: int = ANNA, chat: int | None = None, **more: Any) -> Json:  # JSON
        """Write a message; gives it."""
        answer = await self.post(f"people/{by}/send", chat_id=chat or by, text=text, **more)
        message: Json = answer["message"]
        return message

    async def group(self, kind: str = "supergroup", title: str = "Group", **more: Any) -> int:  # JSON
        """Make a group of both, with the bot in it."""
        chat = await self.post("chats", type=kind, title=title, members=[ANNA, BORIS], **more)
        return int(chat["id"])

    async def updates(self, **more: Any) -> list[Update]:
        """Get and confirm what has come so far."""
        news = await self.bot.get_updates(offset=self._offset, timeout=0, **more)
        if news:
            self._offset = news[-1].update_id + 1
            await self.bot.get_updates(offset=self._offset, timeout=0)
        return news

    async def raw(self, method: str, **parameters: object) -> Json:
        """Call the Bot API with a JSON body; gives the whole answer, refusals too."""
        url = f"{self.url}/bot{TOKEN}/{method}"
        async with self.session.post(url, json=parameters) as response:
            answer: Json = await response.json()
            assert answer["ok"] or answer["error_code"] == response.status
            return answer

    async def complaint(self, method: str, **parameters: object) -> str:
        """Call the Bot API and give the description of its refusal."""
        answer = await self.raw(method, **parameters)
        assert not answer["ok"], answer
        return str(answer["description"])

    async def sees(self, condition: Callable[[], T], *, seconds: float = 60) -> T:
        """Wait until this is true; gives what it gave."""
        async with asyncio.timeout(seconds):
            while True:
                seen = self.hub.events.last
                result = condition()
                if result:
                    return result
                await self.hub.events.wait(seen, 0.1)


@asynccontextmanager
async def local_telegram(
    *,
    keep: Path | None = None,
    strict: bool = False,
    can_read_all_group_messages: bool = False,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
) -> AsyncIterator[LocalTelegram]:
    """Run a playground; every request that it accepted must have been one that aiogram's models can make."""
    wrong: list[str] = []

    def hear(method: str, values: Mapping[str, Any], accepted: bool) -> None:
        if accepted and (problem := problem_of(method, values)):
            wrong.append(problem)

    playground = Playground(
        keep=keep,
        strict=strict,
        bot_token=TOKEN,
        profile=BotProfile(can_read_all_group_messages=can_read_all_group_messages),
        clock=clock,
        wall=wall,
        on_call=hear,
    )
    url = await playground.start()
    session_of_bot = AiohttpSession(api=TelegramAPIServer.from_base(url))
    bot = Bot(TOKEN, session=session_of_bot)
    try:
        async with aiohttp.ClientSession() as session:
            telegram = LocalTelegram(playground, url, bot, session)
            yield telegram
    finally:
        # aiogram's own close() waits a quarter of a second for TLS, which nothing here uses.
        await (await session_of_bot.create_session()).close()
        await playground.stop()
    assert wrong == []
