"""Runs the parsing of one file in a process of its own, and ends it at its limits."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bot
from bot.attachments.attachment import FileContent
from bot.attachments.limits import MEGABYTE, ReadLimits
from bot.attachments.problems import AttachmentTooComplex, AttachmentUnreadable, problem_for

logger = logging.getLogger(__name__)

MAX_PROCESSES = 2
"""Children at a time: each may take 512 MB and a whole processor."""
MAX_CHILD_OUTPUT = 16 * MEGABYTE
"""More than the largest text or picture that a child answers with."""
KILL_TIMEOUT = 5.0
"""Seconds until a killed child has ended; one that the kernel cannot end holds nobody up."""
MAX_REASON = 200
"""Characters of a child's reason that are logged."""
_ROOT = str(Path(bot.__file__).resolve().parents[1])
_AT_LIMIT = frozenset({-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGABRT})
"""Ends of a child at its limits: native code aborts where it gets no memory."""


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """Outcome of a child's work on a file."""

    header: dict[str, Any]
    content: bytes


class ChildProcesses:
    """Starts children, a few at a time."""

    def __init__(self, most: int = MAX_PROCESSES, *, module: str = "bot.attachments.child") -> None:
        self._places = asyncio.Semaphore(most)
        self._module = module

    async def run(self, task: str, content: FileContent, limits: ReadLimits) -> ChildAnswer:
        """Let a child do `task` with `content`. Raises AttachmentProblem: its own, or that it reached its limits."""
        async with self._places:
            output, exit_code = await _run(self._module, task, content, limits)
        answer = _parsed(output)
        if answer is None:
            logger.info("A child reading %s ended with %s", task, exit_code)
            if exit_code in _AT_LIMIT:
                raise AttachmentTooComplex(f"the child ended with {exit_code}")
            raise AttachmentUnreadable(f"the child ended with {exit_code}")
        header = answer.header
        if "problem" in header:
            reason = str(header.get("reason"))[:MAX_REASON]
            logger.info("A child could not read %s: %s", task, reason)
            raise problem_for(str(header["problem"]), header.get("details") or {}, reason)
        return answer


async def _run(module: str, task: str, content: FileContent, limits: ReadLimits) -> tuple[bytes, int]:
    """Run a child to its end and give its output. Nothing of it is left afterwards, however this is left."""
    file = await asyncio.to_thread(content.open_unnamed)
    with file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-s", "-m", module, task, limits.to_json()),
            stdin=file,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONPATH": _ROOT, "LANG": "C.UTF-8"},  # no secrets of ours
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(limits.wall_seconds):
            return await _output(process), await process.wait()
    except TimeoutError:
        return b"", -signal.SIGKILL
    finally:
        if process.returncode is None:
            _kill(process.pid)
            await _buried(process)


async def _buried(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a killed child, and drop its output: asyncio waits for ever where a pipe is full."""
    try:
        async with asyncio.timeout(KILL_TIMEOUT):
            while process.stdout is not None and await process.stdout.read(1 << 16):
                continue
            await process.wait()
    except TimeoutError:
        logger.warning("The child %d was killed and has not ended", process.pid)


async def _output(process: asyncio.subprocess.Process) -> bytes:
    """Everything that the child writes, up to the limit."""
    if process.stdout is None:
        raise AttachmentUnreadable("the child has no output")
    output = bytearray()
    while chunk := await process.stdout.read(1 << 16):
        output += chunk
        if len(output) > MAX_CHILD_OUTPUT:
            raise AttachmentUnreadable("the child's answer does not end")
    return bytes(output)


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        logger.debug("The child %s is gone already", pid)


def _parsed(output: bytes) -> ChildAnswer | None:
    """The answer, if it is one."""
    line, found, content = output.partition(b"\n")
    if not found:
        return None
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return ChildAnswer(header, content) if isinstance(header, dict) else None
