"""The stage of a bench: the playground and the bot as processes of their own, the generator and the observer here."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.scripts import prose, script
from tests.benchmarks.source import Source, question
from tests.harness.program_process import ROOT, TOKEN, Program, running_program
from tests.harness.scripted_generator import running_generator
from tests.harness.telegram_people import ANNA, Telegram, watched

Json = dict[str, Any]
CALLS_INTERVAL = 2.0
"""Seconds."""
WARM_UP = 3
"""Questions after which a program that has just started is as quick as it will be."""


@dataclass
class Stage:
    """A playground that enforces the budgets, a generator, and where a bot gets its settings from."""

    folder: Path
    telegram: Telegram
    source: Source
    environment: dict[str, str]
    _calls: list[Json] = field(default_factory=list)

    @asynccontextmanager
    async def bot(self, **settings: str) -> AsyncIterator[Program]:
        """Run the bot with these settings too. A failure brings the end of the bot's log along."""
        async with running_program(self.folder, {**self.environment, **settings}) as program:
            try:
                yield program
            except Exception as error:
                error.add_note("\n".join(["the bot said at last:", *program.lines[-20:]]))
                raise

    async def warm_up(self, *, by: int = ANNA) -> None:
        """Ask, and wait for the answers, so that nothing after it is anybody's first time."""
        for _ in range(WARM_UP):
            name = f"warm-up-{by}-{len(self.source.written)}"
            self.source.scripts[name] = script(prose(120, begin=name), pieces=40, seconds=1)
            await self.telegram.send(question(name), by=by)
            await self.telegram.reads_answer(f"Answer {name} begins", chat=by)

    async def people(self, number: int) -> list[int]:
        """Let so many new people join. Gives their ids."""
        joined = [await self.telegram.post("people", first_name=f"Person {one}") for one in range(number)]
        return [person["id"] if "id" in person else person["person"]["id"] for person in joined]

    def know_tempo(self, chat: int, tempo: float) -> None:
        """Let a group have the past that a tempo stands for, 0 to 1."""
        with contextlib.closing(sqlite3.connect(self.folder / "aura.db")) as database, database:
            database.execute(
                "INSERT INTO chats"
                " (bot, id, kind, title, allowed, greeted, refused, writable, present, hold_until, tempo)"
                " VALUES (?, ?, 'group', '', 1, 1, 0, 1, 1, 0, ?)"
                " ON CONFLICT (bot, id) DO UPDATE SET tempo = excluded.tempo",
                (int(TOKEN.partition(":")[0]), chat, tempo),
            )

    async def calls(self) -> list[Json]:
        """Every call of the bot so far; parameters are decoded."""
        newer = await self.telegram.calls(len(self._calls))
        assert not newer or newer[0]["seq"] == len(self._calls) + 1, "the playground has forgotten calls"
        self._calls += newer
        return self._calls

    @asynccontextmanager
    async def keeping_calls(self) -> AsyncIterator[None]:
        """Fetch the calls again and again meanwhile: the playground keeps only the newest 10,000."""

        async def fetch() -> None:
            while True:
                await asyncio.sleep(CALLS_INTERVAL)
                await self.calls()

        fetching = asyncio.create_task(fetch())
        try:
            yield
        finally:
            fetching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await fetching


class Deliveries:
    """When the playground gave the bot its updates: the times at which `getUpdates` was answered."""

    def __init__(self, calls: list[Json]) -> None:
        self._times = [call["time"] for call in calls if call["method"] == "getUpdates"]

    def first_after(self, sent: float) -> float:
        return float(self._times[bisect.bisect_left(self._times, sent)])


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Set everything up but the bot."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aura-bench-")))
        url = await stack.enter_async_context(_playground(folder))
        telegram = await stack.enter_async_context(watched(url))
        generator = await stack.enter_async_context(running_generator())
        source = Source()
        source.attach(generator)
        environment = {
            "BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": url,
            "AURA_URL": generator.url,
            "ADMIN_IDS": str(ANNA),
            "REPLICA": "one",
            "QUESTIONS_PER_MINUTE": "0",
            "CHAT_QUESTIONS_PER_MINUTE": "0",
        }
        yield Stage(folder, telegram, source, environment)


@asynccontextmanager
async def _playground(folder: Path) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "playground", "--port", "0", "--strict", "--token", TOKEN,
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            url = (await process.stdout.readline()).decode().strip()
        yield url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
