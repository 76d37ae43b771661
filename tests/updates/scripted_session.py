"""A Telegram without a network, and a time that only the waits of the program move."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from aiogram import Bot
from aiogram.methods import GetUpdates, TelegramMethod

from bot.runtime.task_supervisor import TaskSupervisor
from bot.telegram.bot_session import TolerantSession
from bot.updates.health import PollingHealth
from bot.updates.polling import Polling
from tests.harness.recording_session import LIMIT, TOKEN
from tests.updates.scripted_telegram import listener

T = TypeVar("T")
Respond = Callable[[GetUpdates], tuple[int, str]]
Others = Callable[[], tuple[int, str]]
"""Answers everything but getUpdates."""


@dataclass
class World:
    """The moved time, and what was asked when."""

    now: float = 1_000.0
    requests: list[tuple[float, int | None]] = field(default_factory=list)
    """When each getUpdates was asked, and its offset."""
    heard: list[str] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 3600
        self.now += seconds
        await asyncio.sleep(0)


class ScriptedSession(TolerantSession):
    """Answers getUpdates with a status and a text, and everything else so, too, or with True."""

    def __init__(self, world: World, respond: Respond, others: Others | None) -> None:
        super().__init__()
        self._world = world
        self._respond = respond
        self._others = others

    async def make_request(self, bot: Bot, method: TelegramMethod[T], timeout: int | None = None) -> T:  # noqa: ARG002, ASYNC109  # aiogram's own signature
        await asyncio.sleep(0)
        if not isinstance(method, GetUpdates):
            return cast("T", self.check_response(bot, method, *self._others()).result if self._others else True)
        self._world.requests.append((self._world.now, method.offset))
        status, content = self._respond(method)
        return cast("T", self.check_response(bot, method, status, content).result)

    async def stream_content(
        self,
        url: str,  # noqa: ARG002  # aiogram's own signature
        headers: dict[str, Any] | None = None,  # noqa: ARG002  # the same
        timeout: int = 30,  # noqa: ARG002, ASYNC109  # the same
        chunk_size: int = 65536,  # noqa: ARG002  # the same
        raise_for_status: bool = True,  # noqa: ARG002  # the same
    ) -> AsyncGenerator[bytes, None]:
        yield b""

    async def close(self) -> None: ...


async def poll(respond: Respond, until: Callable[[World], bool], *, others: Others | None = None) -> World:
    """Poll until something is true of the world. Fails where the loop ends before."""
    world = World()

    async def always() -> bool:
        return True

    tasks = TaskSupervisor()
    bot = Bot(TOKEN, session=ScriptedSession(world, respond, others))
    loop = Polling(
        bot,
        listener(world.heard),
        tasks,
        elected=always,
        health=PollingHealth(bot, limit=120, clock=world.clock),
        clock=world.clock,
        sleep=world.sleep,
    )
    running = tasks.start(loop.run(), name="poll", awaited=True)
    try:
        async with asyncio.timeout(LIMIT):
            while not until(world):
                await asyncio.sleep(0)
                if running.done():
                    running.result()
    finally:
        await tasks.close()
    return world


@dataclass
class UpdateServer:
    """The queue of a Bot API server, by either reading of what an offset does.

    `letter`: whatever is below the offset is confirmed and dropped, whenever it comes. `open source`: an offset more
    than ten beyond the newest id is answered from the head of the queue, and confirms nothing.
    """

    reading: Literal["letter", "open source"]
    newest: int = 0
    pending: list[dict[str, Any]] = field(default_factory=list)

    def put(self, update: dict[str, Any]) -> None:
        self.newest = update["update_id"]
        self.pending.append(update)

    def respond(self, method: GetUpdates) -> tuple[int, str]:
        offset = method.offset or 0
        far_beyond = self.reading == "open source" and offset > self.newest + 10
        if not far_beyond:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]
        return 200, json.dumps({"ok": True, "result": self.pending[:100]})
