"""Several replicas answer with one token: together they stay within the bot's budget, whoever comes and goes."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import pytest
from aiogram import Bot
from aiogram.methods import Response, SendMessage, TelegramMethod

from bot.rate_limits.meter import MAX_FLIGHT
from bot.rate_limits.scheduler import Scheduler
from bot.runtime.clock import Clock
from bot.telegram.rate_limit_middleware import RateLimitMiddleware
from bot.telegram.slot_allocator import SlotAllocator
from tests.harness.recording_session import TOKEN

CHATS = 1000
"""As many calls wait in each replica, each in a chat of its own: nothing but the bot's budget keeps them."""
STEP = 0.05


class MovedClock(Clock):
    """Time that the scene moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1000.0
        self._numbers = count()
        self._timers: list[tuple[float, int, asyncio.TimerHandle, Callable[[], None]]] = []

    def now(self) -> float:
        return self.at

    def call_later(self, seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(0.0, do, (), asyncio.get_running_loop())
        heapq.heappush(self._timers, (self.at + seconds, next(self._numbers), handle, do))
        return handle

    async def move(self, seconds: float) -> None:
        """Let time pass, and everybody do what it is time for."""
        until = self.at + seconds
        while self.at < until:
            self.at = min(until, self.at + STEP)
            while self._timers and self._timers[0][0] <= self.at:
                _, _, handle, do = heapq.heappop(self._timers)
                if not handle.cancelled():
                    do()
            for _ in range(5):
                await asyncio.sleep(0)


class Scene:
    """Replicas with so much to say that they never come to an end."""

    def __init__(self) -> None:
        self.clock = MovedClock()
        self.bot = Bot(TOKEN)
        self.sent: dict[SlotAllocator, list[float]] = {}
        self.tasks: list[asyncio.Task[object]] = []

    def replica(self) -> SlotAllocator:
        slots = SlotAllocator(Scheduler(self.clock.now()), clock=self.clock)
        self.sent[slots] = []
        for chat in range(1, CHATS):
            self.tasks.append(asyncio.get_running_loop().create_task(self._say(slots, chat * 100 + len(self.sent))))
        return slots

    async def _say(self, slots: SlotAllocator, chat: int) -> None:
        async def made(bot: Bot, method: TelegramMethod[Any]) -> Response[Any]:  # noqa: ARG001  # aiogram's own signature
            self.sent[slots].append(self.clock.now())
            return Response[Any](ok=True)

        await RateLimitMiddleware(slots)(made, self.bot, SendMessage(chat_id=chat, text="text"))

    def rate(self, since: float, *replicas: SlotAllocator) -> float:
        """Messages a second since then."""
        sent = sum(at > since for slots in replicas for at in self.sent[slots])
        return sent / (self.clock.at - since)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    for task in scene.tasks:
        task.cancel()
    await asyncio.gather(*scene.tasks, return_exceptions=True)


async def test_replicas_that_come_and_go_share_the_whole_budget_and_no_more(scene: Scene) -> None:
    whole = 30.0  # messages a second over all chats: core.telegram.org/bots/faq
    first = scene.replica()
    await scene.clock.move(5)
    second = scene.replica()
    for slots in (first, second):
        slots.share(2)
    await scene.clock.move(2)  # the burst with which the second began is over
    began = scene.clock.at
    await scene.clock.move(6)
    assert 0.9 * whole <= scene.rate(began, first, second) <= whole * 1.02
    for slots in (first, second):
        assert 0.45 * whole <= scene.rate(began, slots) <= 0.51 * whole
    second.share(1)  # the first has died
    began = scene.clock.at
    await scene.clock.move(6)
    assert 0.45 * whole <= scene.rate(began, second) <= 0.51 * whole, "calls of the first may still be on their way"
    await scene.clock.move(MAX_FLIGHT - 6)
    began = scene.clock.at
    await scene.clock.move(6)
    assert 0.9 * whole <= scene.rate(began, second) <= whole * 1.02 + 30 / 6


@pytest.mark.parametrize("replicas", [1, 2, 3, 7])
async def test_all_replicas_together_begin_within_the_burst(scene: Scene, replicas: int) -> None:
    for slots in [scene.replica() for _ in range(replicas)]:
        slots.share(replicas)
    began = scene.clock.at - 1e-6
    await scene.clock.move(10)
    sent = scene.rate(began, *scene.sent) * 10
    assert 0.9 * 300 <= sent <= 30 + 300 + 2
