"""A process that takes over a chat in which another has just written: a strict Telegram refuses none of its calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer

from bot.rate_limits.scheduler import Scheduler
from bot.rendering.entities import Formatted
from bot.telegram.bot_session import TolerantSession
from bot.telegram.destination import Destination
from bot.telegram.rate_limit_middleware import RateLimitMiddleware
from bot.telegram.slot_allocator import SlotAllocator
from tests.harness.telegram_scene import ANNA, TOKEN, TelegramScene, telegram_scene


class SilentHome:
    """The process that keeps the chat's budget, and is gone."""

    def keeps(self, chat: int) -> bool:  # noqa: ARG002  # so the protocol names it
        return False

    async def acquire(self, chat: int) -> bool:  # noqa: ARG002  # so the protocol names it
        return False


@asynccontextmanager
async def another(scene: TelegramScene) -> AsyncIterator[TelegramScene]:
    """Run a second process at the same Telegram, which knows nothing of what the first has spent."""
    session = TolerantSession(api=TelegramAPIServer.from_base(scene.url))
    bot = Bot(TOKEN, session=session)
    slots = SlotAllocator(Scheduler(scene.clock.now()), clock=scene.clock)
    session.middleware(RateLimitMiddleware(slots, broker=SilentHome()))
    process = TelegramScene(scene.playground, scene.url, bot, slots)
    try:
        yield process
    finally:
        await process.tasks.close()
        if session._session is not None:
            await session._session.close()


async def spend(scene: TelegramScene) -> None:
    """Use up what a private chat has."""
    sends = (scene.telegram.send(Destination(ANNA), Formatted(f"first {number}")) for number in range(5))
    await asyncio.gather(*sends)


async def test_a_message_waits_where_nobody_says_what_is_left_of_the_budget() -> None:
    async with telegram_scene(speed=5) as scene, another(scene) as second:
        await spend(scene)
        await asyncio.gather(
            *(second.telegram.send(Destination(ANNA), Formatted(f"second {number}")) for number in range(2))
        )
        assert scene.refused() == []


async def test_an_answer_spares_what_another_process_has_just_spent() -> None:
    async with telegram_scene(speed=5) as scene, another(scene) as second:
        await spend(scene)
        second.live_replies.count_others(ANNA, [(5.0, 0.0)])
        store = await second.stream(["word "] * 12, every=0.25)
        assert scene.refused() == []
        assert len(store.shown) == 1
