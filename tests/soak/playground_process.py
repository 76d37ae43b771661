"""The strict playground as a process of its own, which can stop in mid-air."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.harness.program_process import TOKEN


@dataclass(frozen=True)
class PlaygroundProcess:
    """A running playground."""

    url: str
    process: asyncio.subprocess.Process

    async def freeze(self, seconds: float) -> None:
        """Let every call wait for so long."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def running_playground() -> AsyncIterator[PlaygroundProcess]:
    """Start one on a free port, with the budgets enforced; end it with the block."""
    command = ("-m", "playground", "--port", "0", "--strict", "--token", TOKEN)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield PlaygroundProcess((await process.stdout.readline()).decode().strip(), process)
    finally:
        process.terminate()
        await process.wait()
