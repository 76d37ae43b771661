"""`python -m tests.image`: builds the image, has it answer a question, kills it, starts it again on the same volume.

Exit status 1: something did not work. Where nothing can build an image, it says so and ends with 0 (with
IMAGE_TEST=required: 1).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Protocol

from tests.harness.program_process import TOKEN
from tests.harness.scene import running_telegram
from tests.harness.telegram_people import ANNA, Telegram, is_being_written, labels
from tests.image import buildah, docker
from tests.image.workplace import CannotBuild, TimeLimit, workplace

START_TIMEOUT = 120.0
"""Seconds until the image is ready: two cores, nothing in memory yet."""
BUILD_LIMIT, PATIENT_LIMIT = 300.0, 3600.0
"""Seconds for the build: where one that takes longer is left out, and where it is required."""


class Container(Protocol):
    """A container of the image, whatever runs it."""

    def start(self) -> None: ...

    def runs(self) -> bool: ...

    def healthy(self) -> bool: ...

    def end(self, sign: signal.Signals) -> None: ...


def main() -> int:
    with workplace() as folder:
        return _test(folder)


def _test(folder: Path) -> int:
    data, log = folder / "data", folder / "container.log"
    shutil.rmtree(data, ignore_errors=True)
    log.unlink(missing_ok=True)
    data.mkdir()
    (data / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    started = time.monotonic()
    required = os.environ.get("IMAGE_TEST") == "required"
    try:
        container, environment = _built(folder, data, log, TimeLimit(PATIENT_LIMIT if required else BUILD_LIMIT))
    except CannotBuild as reason:
        _say(f"skipped: {reason}")
        return 1 if required else 0
    except subprocess.CalledProcessError as error:
        _say(f"FAILED: the image cannot be built: {error}")
        return 1
    _say(f"built in {time.monotonic() - started:.0f} s")
    try:
        asyncio.run(_scene(container, environment, data))
    except (AssertionError, TimeoutError) as error:
        _say(f"FAILED: {error}\n{log.read_text(encoding='utf-8', errors='replace') if log.exists() else ''}")
        return 1
    _say("the image answers, is healthy, survives a kill and keeps what was said")
    return 0


def _built(folder: Path, data: Path, log: Path, limit: TimeLimit) -> tuple[Container, dict[str, str]]:
    """Build with what there is. Raises CannotBuild, and CalledProcessError: the image is broken."""
    environment = {"BOT_TOKEN_FILE": "/data/token", "LISTEN": f"127.0.0.1:{_free_port()}", "ADMIN_IDS": str(ANNA)}
    environment |= {"TEMPERATURE": "0", "MAX_TOKENS": "64"}  # the packaged model says the same each time, and little
    for file in (data, *data.iterdir()):
        if os.geteuid() == 0:
            os.chown(file, buildah.USER, buildah.USER)
    no_docker = docker.missing()
    if not no_docker:
        docker.build()
        return docker.Container(data, environment, log), environment
    if why := buildah.missing():
        raise CannotBuild(f"{no_docker}, and {why}")
    builder = buildah.Buildah(folder, limit)
    builder.build()
    return buildah.Container(builder, data, environment, log), environment


async def _scene(container: Container, environment: dict[str, str], data: Path) -> None:
    async with running_telegram() as telegram:
        environment["TELEGRAM_API_URL"] = telegram.url
        await _until_healthy(container)
        await _is_answered(telegram, "What is the capital of France?", data)
        container.end(signal.SIGKILL)
        _say("answered; killed")
        await _until_healthy(container)
        await _is_answered(telegram, "And of Italy?", data)
        container.end(signal.SIGTERM)
    _say("answered again; stopped")
    with sqlite3.connect(data / "aura.db") as database:
        questions = database.execute("SELECT text FROM messages WHERE role = 'user' ORDER BY id").fetchall()
        conversations = database.execute("SELECT count(*) FROM conversations").fetchone()
        answers = database.execute("SELECT ending FROM messages WHERE role = 'assistant' AND text != ''").fetchall()
        troubles = database.execute("SELECT kind, cause FROM troubles").fetchall()
    assert [text for (text,) in questions] == ["What is the capital of France?", "And of Italy?"], questions
    assert conversations == (1,), conversations
    assert not troubles, troubles
    assert len(answers) == len(questions), answers
    assert {ending for (ending,) in answers} <= {"complete", "length"}, answers
    assert (data / "aura.db").stat().st_uid == buildah.USER, "the program did not run as the image's own user"


async def _until_healthy(container: Container) -> None:
    began = time.monotonic()
    container.start()
    while not await asyncio.to_thread(container.healthy):
        assert container.runs(), "the container has ended"
        assert time.monotonic() - began < START_TIMEOUT, "the container never became healthy"
        await asyncio.sleep(0.5)
    _say(f"healthy after {time.monotonic() - began:.1f} s")


async def _is_answered(telegram: Telegram, question: str, data: Path) -> None:
    """Ask, and wait until the answer is complete and stored: one that is killed a moment before is sent again."""
    before = len(telegram.said())
    await telegram.send(question)

    def answered() -> bool:
        """Tell by ↻, which a whole answer bears; what the program tells its admin bears nothing."""
        new = telegram.said()[before:]
        return any("↻" in " ".join(labels(message)) and not is_being_written(message) for message in new)

    await telegram.until(answered, seconds=START_TIMEOUT, why="(waited for an answer)")
    async with asyncio.timeout(START_TIMEOUT):
        while await asyncio.to_thread(_open_turns, data):  # noqa: ASYNC110  # another process writes there
            await asyncio.sleep(0.1)


def _open_turns(data: Path) -> int:
    with closing(sqlite3.connect(f"file:{data}/aura.db?mode=ro", uri=True)) as database:
        number: int = database.execute("SELECT count(*) FROM turns WHERE open").fetchone()[0]
        return number


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def _say(words: str) -> None:
    print(f"image-test: {words}", file=sys.stderr, flush=True)  # noqa: T201  # what this command is for


if __name__ == "__main__":
    sys.exit(main())
