"""The process that parses: it ends at its limits, and knows nothing of ours."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from bot.attachments import child_process
from bot.attachments.attachment import FileContent
from bot.attachments.child_process import ChildProcesses
from bot.attachments.limits import ReadLimits
from bot.attachments.problems import AttachmentProblem, AttachmentTooComplex, AttachmentUnreadable


@pytest.fixture
def played_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose content runs in the place of the child."""
    script = tmp_path / "child.sh"
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec /bin/sh {script} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return script


def write(script: Path, text: str) -> None:
    script.write_text(text, encoding="utf-8")


def numbers(*files: Path) -> list[int]:
    return [int(word) for file in files for word in file.read_text(encoding="utf-8").split()]


async def run(limits: ReadLimits | None = None) -> child_process.ChildAnswer:
    return await ChildProcesses().run("plain_text", FileContent(b"words"), limits or ReadLimits())


async def test_it_answers_with_a_header_and_the_content() -> None:
    answer = await run()
    assert answer.content == b"words"
    assert answer.header["total"] == 1
    assert 1 << 20 < answer.header["peak_bytes"] < 64 << 20


async def test_it_inherits_no_secrets(played_child: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "secret")
    write(played_child, "echo '{}'; env")
    assert b"secret" not in (await run()).content


async def test_one_that_hangs_is_killed_with_all_that_it_started(played_child: Path, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    write(played_child, f"sleep 1000 & echo $! >{pids}; echo $$ >>{pids}; wait")
    with pytest.raises(AttachmentTooComplex):
        await run(ReadLimits(wall_seconds=3.0))
    await gone(numbers(pids))


async def test_one_that_nobody_waits_for_any_more_is_killed(played_child: Path, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    write(played_child, f"echo $$ >{pids}; exec sleep 1000")
    task = asyncio.ensure_future(run())
    found = await asyncio.to_thread(numbers, pids)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(found)


async def gone(pids: list[int]) -> None:
    """Wait until processes have ended."""
    assert pids
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended, _, _ = await asyncio.to_thread(select.select, [handle], [], [], 60)
        os.close(handle)
        assert ended


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("", AttachmentUnreadable),
        ("echo nonsense", AttachmentUnreadable),
        ("echo '[]'", AttachmentUnreadable),
        ('echo \'{"problem": "no-such"}\'', AttachmentUnreadable),
        ("kill -SEGV $$", AttachmentUnreadable),
        ("kill -ABRT $$", AttachmentTooComplex),
        ("kill -KILL $$", AttachmentTooComplex),
        ("kill -XCPU $$", AttachmentTooComplex),
        ("exec cat /dev/zero", AttachmentUnreadable),
    ],
)
async def test_however_it_ends_there_is_one_problem(
    played_child: Path, script: str, problem: type[AttachmentProblem]
) -> None:
    write(played_child, script)
    with pytest.raises(problem):
        await run()


async def test_one_that_floods_us_is_ended_while_nobody_reads_its_output(
    played_child: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    write(played_child, f"echo $$ >{pids}; exec cat /dev/zero")
    output = child_process._output

    async def paused(process: asyncio.subprocess.Process) -> bytes:
        transport = process._transport  # type: ignore[attr-defined]  # the reader pauses here, soon or late
        pipe = transport.get_pipe_transport(1)
        while pipe.is_reading():  # noqa: ASYNC110  # a transport tells nobody that it has paused
            await asyncio.sleep(0.001)
        monkeypatch.setattr(child_process, "MAX_CHILD_OUTPUT", 0)
        return await output(process)

    monkeypatch.setattr(child_process, "_output", paused)
    with pytest.raises(AttachmentUnreadable):
        await asyncio.wait_for(run(), 60)
    await gone(numbers(pids))


async def test_only_a_few_run_at_a_time(played_child: Path, tmp_path: Path) -> None:
    write(
        played_child,
        f'touch {tmp_path}/on.$$; ls {tmp_path} | grep -c "^on" >{tmp_path}/seen.$$; sleep 0.2; rm {tmp_path}/on.$$;'
        " echo '{}'",
    )
    children = ChildProcesses(2)
    await asyncio.gather(*(children.run("plain_text", FileContent(b""), ReadLimits()) for _ in range(5)))
    seen = await asyncio.to_thread(lambda: numbers(*tmp_path.glob("seen.*")))
    assert len(seen) == 5 and max(seen) <= 2


def test_a_parser_is_loaded_nowhere_but_in_the_child() -> None:
    parsers = {"PIL", "pypdfium2", "python_calamine", "striprtf", "charset_normalizer"}
    script = f"import sys, bot.attachments.service; print(*({parsers!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()
