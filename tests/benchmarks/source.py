"""The scripted generator of a bench: writes each answer on time, and notes when each piece went."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.benchmarks.scripts import Script
from tests.harness.scripted_generator import Generator, Request

_NAME = re.compile(r"\bstream (\S+)")


def question(name: str) -> str:
    """The question that is answered by the script of this name."""
    return f"please write stream {name}"


@dataclass
class Written:
    """One answer as it was really written; times of `time.monotonic`."""

    script: Script
    asked: float
    """When the request had arrived."""
    request: Request
    times: list[float] = field(default_factory=list)
    """When each piece was handed to the connection."""

    @property
    def characters(self) -> list[float]:
        """When each character was written."""
        return [at for at, piece in zip(self.times, self.script.pieces, strict=True) for _ in piece]

    @property
    def whole(self) -> bool:
        return len(self.times) == len(self.script.pieces)


@dataclass
class Source:
    """Answers every question whose script it has."""

    scripts: dict[str, Script] = field(default_factory=dict)
    written: dict[str, list[Written]] = field(default_factory=dict)
    """By name; more than one where an answer was begun again."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def attach(self, generator: Generator) -> None:
        generator.script = self.write

    async def write(self, request: Request) -> AsyncIterator[str]:
        now = time.monotonic()
        found = _NAME.search(request.question)
        assert found is not None, f"a question without a script: {request.question}"
        name = found[1]
        written = Written(self.scripts[name], now, request)
        self.written.setdefault(name, []).append(written)
        await self._tell()
        for number, piece in enumerate(written.script.pieces):
            await asyncio.sleep(now + written.script.due(number) - time.monotonic())
            written.times.append(time.monotonic())
            yield piece
        await self._tell()

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def asked(self, name: str, *, times: int = 1, seconds: float = 60) -> Written:
        """Wait until an answer was asked for, for the n-th time."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: len(self.written.get(name, ())) >= times)
        return self.written[name][times - 1]

    async def wrote(self, name: str, *, seconds: float = 120) -> Written:
        """Wait until an answer is written."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: name in self.written and self.written[name][-1].whole)
        return self.written[name][-1]
