"""A scene: a strict local Telegram, a generator that says what it is told, and the program between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playground.server import Playground
from tests.harness.preloaded_processes import Nursery
from tests.harness.program_process import READY, TOKEN, Program, running_program
from tests.harness.scripted_generator import Generator
from tests.harness.telegram_people import ANNA, Telegram, watched


@dataclass
class Scene:
    """What a scene plays with."""

    folder: Path
    telegram: Telegram
    generator: Generator
    nursery: Nursery | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The settings of an operator with a token and an Aura server; Anna administers the bot."""
        return {
            "BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": self.telegram.url,
            "AURA_URL": self.generator.url,
            "ADMIN_IDS": str(ANNA),
            "REPLICA": "one",
            "QUESTIONS_PER_MINUTE": "0",
            "CHAT_QUESTIONS_PER_MINUTE": "0",
        }

    def program(self, *, ready: str = READY, **settings: str) -> AbstractAsyncContextManager[Program]:
        """Run the program; what is set here wins."""
        return running_program(self.folder, {**self.environment, **settings}, nursery=self.nursery, ready=ready)

    def replica(self, name: str, database: str, **settings: str) -> AbstractAsyncContextManager[Program]:
        """Run one of several on the same PostgreSQL."""
        return self.program(REPLICA=name, DATABASE_URL=database, **settings)


@asynccontextmanager
async def running_telegram(*, strict: bool = True) -> AsyncIterator[Telegram]:
    """A local Telegram that admits only our token and keeps nothing."""
    playground = Playground(strict=strict, bot_token=TOKEN)
    url = await playground.start()
    try:
        async with watched(url) as telegram:
            telegram.playground = playground
            yield telegram
    finally:
        await playground.stop()
