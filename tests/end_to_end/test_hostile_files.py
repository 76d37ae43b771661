"""Hostile files against the running program: each costs one line, and the bot goes on in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attachments.hostile import HOSTILE
from tests.end_to_end.test_documents import file, send
from tests.harness.program_process import Program
from tests.harness.scene import Scene

MAX_CONTENT = 4_000_000
"""Bytes of the files that are sent here; larger ones are read in the tests of the reader."""
MAX_GROWTH = 64 * 1024
"""Kilobytes that all of them together may add to the program's peak memory: each file is held once while it is read."""


def peak_memory(program: Program) -> int:
    """The largest resident memory of the program itself so far, in kilobytes."""
    status = Path(f"/proc/{program.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_thirty_hostile_files_cost_a_line_each_and_bounded_memory(scene: Scene) -> None:
    made = [(name, make()) for name, make in HOSTILE.values()]
    files = [(name, content) for name, content in made if len(content) <= MAX_CONTENT][:30]
    assert len(files) == 30
    async with scene.program(CHAT_BUDGET="100+100/s") as program:
        await scene.telegram.send("What is a quark?")
        await scene.telegram.reads_answer("You said: What is a quark?")
        before = peak_memory(program)
        for number, (name, content) in enumerate(files):
            await send(scene, file(f"{number}-{name}", content))
            await scene.telegram.reads(f"{number}-{name}")
        await scene.telegram.send("And a lepton?")
        await scene.telegram.reads_answer("You said: And a lepton?")
        assert peak_memory(program) - before < MAX_GROWTH
        assert "Traceback" not in program.log
    assert len(scene.telegram.said()) == len(files) + 2
