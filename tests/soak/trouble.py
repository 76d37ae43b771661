"""What goes wrong in a soak: the process dies, Telegram floods and breaks off, the generator fails."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field

from tests.harness.checked_answers import SURE, answer_to, pieces_of
from tests.harness.program_process import Program
from tests.harness.scripted_generator import Cut, Refusal, Request
from tests.harness.telegram_people import Telegram
from tests.soak.counting import Interruptions

LONG_EVERY = 12
"""Every so many answers one needs several messages."""
SHORT, LONG = 40, 900
"""Words of an answer that fits one message, and of one that does not."""
LIFETIME = (0.5, 18.0)
"""Seconds between two kills; sooner, and what takes long would count as deadly (three attempts)."""
OUTAGES = ("refuse", "stall", "break")
"""The generator refuses every question, goes silent, or breaks off in the middle."""

_NAME = re.compile(r"\b(p\d+n\d+)\s*$")


@dataclass
class Script:
    """A generator that mostly answers, and fails at times."""

    chance: random.Random
    short: Collection[str] = ()
    """Beginnings of the names whose answers fit one message, because their chats have little budget."""
    failing: bool = True
    outage: str = ""
    """One of OUTAGES while it lasts."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when an outage ends."""
    failed: Counter[str] = field(default_factory=Counter)
    """How often it failed at each question."""

    async def __call__(self, request: Request) -> AsyncIterator[str]:
        name = _asked(request)
        trouble = self.chance.random() if self.failing else 1.0
        long = self.chance.randrange(LONG_EVERY) == 0 and not name.startswith(tuple(self.short))
        if trouble < 0.05 or self.outage == "refuse":
            self.failed[name] += 1
            raise Refusal(self.chance.choice((429, 500, 502, 503)), "Trouble")
        if trouble < 0.07:
            self.failed[name] += 1
            raise Cut
        for number, piece in enumerate(pieces_of(_rest(request, name, long=long), 300)):
            if number and self.outage:
                await self._break_off(name)
            yield piece
            await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def fail(self, outage: str, seconds: float) -> None:
        """Fail at every question for so long."""
        self.outage = outage
        self.over.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.outage = ""
            self.over.set()

    async def _break_off(self, name: str) -> None:
        if self.outage == "stall":
            await self.over.wait()
        self.failed[name] += 1
        raise Cut


def _asked(request: Request) -> str:
    """The name of the question: the last word of what a person said; who goes on with an answer says none."""
    said = [message["content"] for message in request.messages if message["role"] == "user"]
    return next(name[1] for name in map(_NAME.search, reversed(said)) if name is not None)


def _rest(request: Request, name: str, *, long: bool) -> str:
    """The right answer, or what is missing of it where it is to go on."""
    if _NAME.search(request.question) is not None:
        return answer_to(name, LONG if long else SHORT)
    end = request.messages[-2]["content"].strip()[-SURE:]
    for words in (LONG, SHORT) if long else (SHORT, LONG):
        _, found, rest = answer_to(name, words).partition(end)
        if found:
            return rest
    return answer_to(name)


@dataclass
class Life:
    """Keeps the program running, and kills it."""

    start: Callable[[], AbstractAsyncContextManager[Program]]
    chance: random.Random
    interruptions: Interruptions
    restarts: int = 0
    said: list[str] = field(default_factory=list)

    async def go_on(self, until: float) -> None:
        """Kill at random moments until then, now and then end it properly."""
        while time.monotonic() < until:
            async with self.start() as program:
                await asyncio.sleep(self.chance.uniform(*LIFETIME))
                if self.chance.random() < 0.2:
                    assert await program.stop() == 0, program.log
                    self.restarts += 1
                else:
                    before = time.monotonic()
                    await program.kill()
                    self.interruptions.note("a kill", before, time.monotonic())
                self.keep(program)

    async def last(self, stack: AsyncExitStack) -> Program:
        return await stack.enter_async_context(self.start())

    def keep(self, program: Program) -> None:
        """Keep the lines of a log that nobody expects."""
        self.said += unexpected(program)


def unexpected(program: Program) -> list[str]:
    """The lines of a log that nobody expects."""
    return [line for line in program.lines if "Traceback" in line or " ERROR " in line]


async def bother(telegram: Telegram, chats: list[int], chance: random.Random, until: float) -> int:
    """Let Telegram hold chats and break off calls until then. Gives how often."""
    times = 0
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.3, 1.5))
        times += 1
        chat = chance.choice(chats)
        match chance.randrange(4):
            case 0:
                await telegram.fault(kind="hold", chat_id=chat, retry_after=chance.randint(1, 6))
            case 1:
                await telegram.fault(kind="drop_after", method="editMessageText", chat_id=chat)
            case 2:
                await telegram.fault(kind="drop_before", method="sendMessage", chat_id=chat)
            case _:
                await telegram.fault(kind="error", error_code=502, method="editMessageText", chat_id=chat, count=2)
    return times
