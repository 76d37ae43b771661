"""Generators that say nothing, drip, or never end: the chat stays usable, and the memory bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.preloaded_processes import Nursery
from tests.harness.scene import Scene, running_telegram
from tests.harness.scripted_generator import Request, running_generator
from tests.harness.telegram_people import ANNA, BORIS, Json, labels

MEGABYTES = 1 << 20


def memory_of(pid: int) -> int:
    """Bytes that a process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024


async def test_while_a_server_is_silent_others_are_answered_and_the_silence_ends_with_a_clear_line(
    scene: Scene,
) -> None:
    async def script(request: Request) -> AsyncIterator[str]:
        if request.question == "nothing":
            await asyncio.Event().wait()
        yield f"You said: {request.question}"

    scene.generator.script = script
    async with scene.program(HEADERS_TIMEOUT="12", SILENCE_TIMEOUT="12"):
        await scene.telegram.send("nothing", by=ANNA)
        await scene.generator.asked()
        await scene.telegram.send("Hello", by=BORIS)
        await scene.telegram.reads_answer("You said: Hello", chat=BORIS)
        assert scene.telegram.said(ANNA) == []
        silent = await scene.telegram.reads_answer("The model took too long", chat=ANNA, seconds=90)
        assert "↻ Try again" in labels(silent)
        await scene.telegram.send("Something", by=ANNA)
        await scene.telegram.reads_answer("Something", chat=ANNA)


async def test_a_drip_of_single_bytes_grows_and_can_be_stopped(scene: Scene) -> None:
    async def script(_request: Request) -> AsyncIterator[str]:
        for letter in "A very slow answer, byte by byte, that takes far too long to wait for.":
            yield letter
            await asyncio.sleep(0.2)

    scene.generator.script = script
    async with scene.program():
        await scene.telegram.send("Slowly")
        growing = await scene.telegram.reads("A very slow ans")
        await scene.telegram.press(growing, "Stop")
        await scene.telegram.reads_answer("A very slow ans")


@pytest.fixture
async def hasty_scene(tmp_path: Path, nursery: Nursery) -> AsyncIterator[Scene]:
    """One with a Telegram that limits nothing: an answer of so many messages would take a minute else."""
    async with running_telegram(strict=False) as telegram, running_generator() as generator:
        yield Scene(tmp_path, telegram, generator, nursery)


async def test_fifty_megabytes_end_as_a_cut_answer_and_fill_no_memory(hasty_scene: Scene) -> None:
    scene = hasty_scene
    sent = 0

    async def script(request: Request) -> AsyncIterator[str]:
        nonlocal sent
        if request.question != "everything":
            yield f"You said: {request.question}"
            return
        while sent < 50 * MEGABYTES:
            yield "All work and no play makes a dull answer. " * 100
            sent += 4200

    scene.generator.script = script
    async with scene.program(CHAT_BUDGET="100+100/s", BOT_BUDGET="100+100/s") as program:
        before = memory_of(program.process.pid)
        await scene.telegram.send("everything", by=ANNA)
        request = await scene.generator.asked()
        async with asyncio.timeout(60):
            await request.closed.wait()
        assert sent < 10 * MEGABYTES, "the connection is closed long before the end"
        await scene.telegram.send("Hello", by=BORIS)
        await scene.telegram.reads_answer("You said: Hello", chat=BORIS)
        assert memory_of(program.process.pid) - before < 100 * MEGABYTES

        def cut() -> Json | None:
            return next((m for m in scene.telegram.said(ANNA) if "▸ Go on" in labels(m)), None)

        await scene.telegram.until(cut, seconds=110, why="(the text so far, marked as cut)")
        assert len(scene.telegram.said(ANNA)) > 30, "what came before the cut is there"


async def test_an_answer_with_nothing_to_see_is_said_to_be_none(scene: Scene) -> None:
    scene.generator.says("\u200b", "\ufeff\u2800\n")
    async with scene.program():
        await scene.telegram.send("Hello")
        await scene.telegram.until(
            lambda: any("↻ Try again" in labels(said) for said in scene.telegram.said()), why="(a line about it)"
        )
