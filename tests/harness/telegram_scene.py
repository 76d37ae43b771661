"""A strict local Telegram, a real bot behind the rate-limit middleware, and a journal in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer

from bot.conversation.messages import Shown
from bot.errors import LeaseLost, StorageUnavailable
from bot.rate_limits.scheduler import Scheduler
from bot.rendering.reply import Reply
from bot.runtime.task_supervisor import TaskSupervisor
from bot.streaming.live_reply import LiveReply
from bot.streaming.live_reply_factory import LiveReplyFactory
from bot.streaming.outbox import Outbox
from bot.telegram.bot_session import TolerantSession
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button, Keyboard
from bot.telegram.rate_limit_middleware import RateLimitMiddleware
from bot.telegram.slot_allocator import PacingStore, SlotAllocator
from playground.server import Playground
from playground.world.state import Message
from tests.harness.steady_clock import steady_clock

TOKEN = "7000000001:playground-token-for-tests-0123456789"
ANNA = 1001
STOP: Keyboard = ((Button("Stop", data="stop:1"),),)
AGAIN: Keyboard = ((Button("Again", data="again:1"),),)


@dataclass
class MemoryJournalStore:
    """An answer's journal, in memory."""

    shown: tuple[Shown, ...] = ()
    history: list[tuple[Shown, ...]] = field(default_factory=list)
    lost: bool = False
    fails: bool = False
    stores: bool = True
    rests: int = 0

    async def keep(self, shown: tuple[Shown, ...]) -> None:
        self.check()
        if self.fails:
            raise StorageUnavailable("a test ended it")
        self.shown = shown
        self.history.append(shown)

    def check(self) -> None:
        if self.lost:
            raise LeaseLost

    def resting(self) -> AbstractContextManager[None]:
        self.rests += 1
        return nullcontext()


@dataclass
class MemoryPacingStore:
    """What pacing has learned, in memory."""

    stored: dict[int, float] = field(default_factory=dict)
    tempos: dict[int, float] = field(default_factory=dict)
    noted: list[int] = field(default_factory=list)
    """The chats of the calls that were noted."""
    others: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    """The calls of other processes to each group: number, and seconds ago."""

    async def hold(self, chat: int, until: float) -> None:
        self.stored[chat] = until

    async def holds(self) -> dict[int, float]:
        return dict(self.stored)

    async def tempo(self, chat: int) -> float | None:
        return self.tempos.get(chat)

    async def set_tempo(self, chat: int, tempo: float) -> None:
        self.tempos[chat] = tempo

    async def note_call(self, chat: int) -> None:
        self.noted.append(chat)

    async def calls_of_others(self, chat: int, *, after: int, lately: float) -> list[tuple[int, float]]:
        return [(number, ago) for number, ago in self.others.get(chat, []) if number > after and ago <= lately]


class TelegramScene:
    """A running local Telegram and everything that streaming needs to talk to it."""

    def __init__(self, playground: Playground, url: str, bot: Bot, slots: SlotAllocator) -> None:
        self.playground, self.url, self.bot, self.slots = playground, url, bot, slots
        self.clock = slots.clock
        self.telegram = Telegram(bot)
        self.tasks = TaskSupervisor()
        self.live_replies = LiveReplyFactory(self.telegram, slots, self.tasks.start)
        self.outbox = Outbox(self.telegram, self.tasks.start, clock=self.clock)

    @property
    def group(self) -> int:
        return next(chat.id for chat in self.playground.hub.world.chats.values() if chat.title == "Friends")

    def fault(self, **fault: object) -> None:
        """Plan a fault, or a hold."""
        if fault.get("kind") == "hold":
            chat = fault.get("chat_id")
            seconds = fault["retry_after"]
            assert isinstance(seconds, int)
            assert chat is None or isinstance(chat, int)
            self.playground.budgets.hold(chat, seconds, self.clock.now())
        else:
            self.playground._faults.add(fault)

    def destination(self, chat: int = ANNA) -> Destination:
        return Destination(chat, private=chat > 0)

    def open(self, reply: Reply, store: MemoryJournalStore, *, chat: int = ANNA, **more: Any) -> LiveReply:
        """Open a reply: edits in Anna's chat, unless the scene wants it otherwise."""
        to = Destination(chat, more.pop("thread", None), more.pop("reply_to", None), chat > 0)
        streaming = more.pop("streaming", "edit")
        return self.live_replies.open(to, store, reply, streaming=streaming, keyboard=STOP, draft_id=7, **more)

    async def stream(
        self, pieces: Iterable[str], *, every: float, store: MemoryJournalStore | None = None, **more: Any
    ) -> MemoryJournalStore:
        """Show an answer whose pieces come evenly."""
        store = store or MemoryJournalStore()
        reply = Reply()
        live = self.open(reply, store, **more)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(live.run())
            await self.write(reply, live, pieces, every=every)
        return store

    async def write(self, reply: Reply, live: LiveReply, pieces: Iterable[str], *, every: float) -> None:
        """Be the generator."""
        start = self.clock.now()
        for number, piece in enumerate(pieces):
            await self.clock.sleep(start + every * number - self.clock.now())
            reply.write(piece)
            live.notify()
        reply.end()
        live.end(AGAIN)

    def messages(self, chat: int = ANNA) -> list[Message]:
        """The bot's messages in a chat, oldest first."""
        found = self.playground.hub.world.chats[chat].messages.values()
        return [message for message in found if message.sender == 0]

    def texts(self, chat: int = ANNA) -> list[str]:
        return [str(message.content.get("text", "")) for message in self.messages(chat)]

    def calls(self, *methods: str) -> list[dict[str, Any]]:
        """What was called, oldest first."""
        return [call for call in self.playground.calls.since(0) if not methods or call["method"] in methods]

    def refused(self) -> list[dict[str, Any]]:
        """The calls that flood control refused."""
        return [call for call in self.calls() if call["error_code"] == 429]

    async def people(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do something on the people's side."""
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/{path}", json=body) as answer:
            assert answer.status == 200
            given: dict[str, Any] = await answer.json()
            return given

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to be true in the world."""
        events = self.playground.hub.events
        async with asyncio.timeout(60):
            while not condition():
                await events.wait(events.last, 0.05)


@asynccontextmanager
async def telegram_scene(
    *, strict: bool = True, speed: float = 20.0, pacing: PacingStore | None = None
) -> AsyncIterator[TelegramScene]:
    """Run a scene whose time is faster than the world's, as far as the machine keeps up."""
    with steady_clock(speed) as clock:
        playground = Playground(strict=strict, bot_token=TOKEN, clock=clock.now)
        url = await playground.start()
        session = TolerantSession(api=TelegramAPIServer.from_base(url))
        bot = Bot(TOKEN, session=session)
        slots = SlotAllocator(Scheduler(clock.now()), store=pacing, clock=clock)
        bot.session.middleware(RateLimitMiddleware(slots))
        await slots.load()
        scene = TelegramScene(playground, url, bot, slots)
        await scene.people(f"people/{ANNA}/start", {})
        try:
            yield scene
        finally:
            await scene.tasks.close()
            if session._session is not None:
                await session._session.close()  # aiogram's own close waits for TLS, a quarter of a second
            await playground.stop()
