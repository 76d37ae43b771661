"""The program as a process of its own, as an operator runs it: started, watched, stopped, killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.harness.preloaded_processes import Forked, Nursery

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "7000000001:playground-token-for-tests-0123456789"
READY = "Aura is ready"


@dataclass
class Program:
    """A running `python -m bot`, and everything it has logged."""

    process: asyncio.subprocess.Process | Forked
    lines: list[str] = field(default_factory=list)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)
    heard_all: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    async def listen(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            async with self.heard:
                self.lines.append(line.decode(errors="replace").rstrip())
                self.heard.notify_all()
        self.heard_all.set()
        await self.process.wait()
        async with self.heard:
            self.heard.notify_all()

    async def says(self, text: str, *, times: int = 1, seconds: float = 60) -> str:
        """Wait for a log line with this text, the n-th of them, and give it."""

        def found() -> str | None:
            return next(islice((line for line in self.lines if text in line), times - 1, None), None)

        try:
            async with asyncio.timeout(seconds), self.heard:
                await self.heard.wait_for(lambda: found() or self.process.returncode is not None)
        except TimeoutError:
            raise AssertionError(f"the program never said {text!r}:\n{self.log}") from None
        line = found()
        assert line is not None, f"the program ended ({self.process.returncode}) before it said {text!r}:\n{self.log}"
        return line

    async def kill(self) -> None:
        """End it as a power cut does, and wait until it is gone."""
        self.process.kill()
        await self.ends()

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def ends(self, *, seconds: float = 60) -> int:
        """Wait for its end, and until its log has been read to the last line. Gives the exit status."""
        async with asyncio.timeout(seconds):
            status = await self.process.wait()
            await self.heard_all.wait()
            return status

    async def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return await self.ends()


@asynccontextmanager
async def running_program(
    folder: Path,
    environment: Mapping[str, str],
    *,
    command: str = "run",
    ready: str = READY,
    nursery: Nursery | None = None,
) -> AsyncIterator[Program]:
    """Start the program with only these settings, in a folder of its own; kill it at the end of the scene.

    From a `nursery` it starts much sooner, without a new interpreter.
    """
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "CI", "TMPDIR"}}
    whole = {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PROBE_GENERATOR": "false", **environment}
    process = await (
        nursery.start([command], folder=folder, environment=whole) if nursery else _execute(command, folder, whole)
    )
    assert process.stdout is not None
    program = Program(process)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(program.listen(process.stdout))
        try:
            if ready:
                await program.says(ready)
            yield program
        except AssertionError as error:
            error.add_note(f"The program's log:\n{program.log}")
            raise
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await listening


async def _execute(command: str, folder: Path, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        command,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
