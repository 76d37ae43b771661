"""The database fails for a while: it is said clearly, nothing confirmed is lost, and no restart is needed."""

from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.stored import all_kept, shown_and_kept
from tests.harness.databases import PostgreSQL
from tests.harness.program_process import Program
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Slowly
from tests.harness.telegram_people import ANNA, BORIS

HALF = "The first half of the answer"
REST = ", and the second."


def locked(scene: Scene) -> sqlite3.Connection:
    """Another program writes into the file and does not come to an end."""
    connection = sqlite3.connect(scene.folder / "aura.db", isolation_level=None, timeout=10)
    connection.execute("BEGIN IMMEDIATE")
    return connection


async def test_a_second_start_on_the_same_file_is_refused_clearly(scene: Scene) -> None:
    async with scene.program() as first:
        async with scene.program(ready="") as second:
            assert await second.ends(seconds=60) == 1
            assert "another process uses aura.db" in second.log
            assert "Traceback" not in second.log
        await scene.telegram.send("Still there?")
        await scene.telegram.reads_answer("You said: Still there?")
        assert first.process.returncode is None


async def test_a_database_that_cannot_be_written_is_named_and_comes_back_by_itself(scene: Scene) -> None:
    scene.generator.script = script = Slowly(HALF, REST)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        half = await shown_and_kept(scene, HALF)
        other = locked(scene)
        script.more.set()
        await scene.telegram.send("And me", by=BORIS)
        await program.says("The database cannot be used")
        other.execute("ROLLBACK")
        other.close()
        whole = await scene.telegram.reads_answer(HALF + REST, seconds=60)
        assert whole["message_id"] == half["message_id"]
        await scene.telegram.reads_answer(HALF + REST, chat=BORIS, seconds=60)
        await program.says("The database works again")
        assert "Traceback" not in program.log
    assert len([text for text in scene.telegram.texts(BORIS) if HALF in text]) == 1


async def test_a_full_disk_loses_nothing_that_was_confirmed(scene: Scene) -> None:
    """A limit on the size of files stands for the disk: no write gets through."""
    scene.generator.script = script = Slowly(HALF, REST)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        half = await shown_and_kept(scene, HALF)
        full = resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        await scene.telegram.send("And me", by=BORIS)
        script.more.set()
        await program.says("The database cannot be used")
        resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, full)
        whole = await scene.telegram.reads_answer(HALF + REST, seconds=60)
        assert whole["message_id"] == half["message_id"]
        await scene.telegram.reads_answer(HALF + REST, chat=BORIS, seconds=60)
        assert "Traceback" not in program.log
        assert await program.stop() == 0
    assert len([text for text in scene.telegram.texts(BORIS) if HALF in text]) == 1


async def test_a_read_only_disk_loses_nothing_and_tells_the_person_once(scene: Scene) -> None:
    """Files that nobody may change, not even who has opened them, stand for the disk."""
    scene.generator.script = script = Slowly(HALF, REST)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        half = await shown_and_kept(scene, HALF)
        with read_only(scene.folder / "aura.db", scene.folder / "aura.db-wal"):
            await scene.telegram.send("And me", by=BORIS)
            script.more.set()
            await program.says("The database cannot be used")
            await scene.telegram.reads("Сейчас не получается ничего сохранить", chat=BORIS)
            await asyncio.sleep(2)  # the update comes again and again meanwhile
            assert len(scene.telegram.said(BORIS)) == 1
        whole = await scene.telegram.reads_answer(HALF + REST, seconds=60)
        assert whole["message_id"] == half["message_id"]
        await scene.telegram.reads_answer(HALF + REST, chat=BORIS, seconds=60)
        await program.says("The database works again")
        assert "Traceback" not in program.log
        assert await program.stop() == 0
    assert len([text for text in scene.telegram.texts(BORIS) if HALF in text]) == 1


async def test_a_database_in_a_place_that_cannot_be_written_is_named_at_the_start(scene: Scene) -> None:
    async with scene.program(DATABASE_URL="sqlite+aiosqlite:////sys/aura.db", ready="") as program:
        await _ends_with_a_line(program)
        assert "aura.db" in program.log


@contextmanager
def read_only(*files: Path) -> Iterator[None]:
    """Let nobody change these files; skip the test where that cannot be done here."""
    if shutil.which("chattr") is None:
        pytest.skip("there is no chattr")
    try:
        for file in files:
            done = subprocess.run(["chattr", "+i", file], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"files cannot be made immutable here: {done.stderr.strip()}")
        yield
    finally:
        for file in files:
            subprocess.run(["chattr", "-i", file], capture_output=True, check=False)


async def test_a_lost_connection_to_postgresql_loses_no_answer(scene: Scene, postgresql: PostgreSQL) -> None:
    database = postgresql.new_database()
    scene.generator.script = script = Slowly(HALF, REST)
    async with scene.program(DATABASE_URL=database) as program:
        await scene.telegram.send("Tell me")
        half = await scene.telegram.reads(HALF)
        await all_kept(database, {ANNA: half["message_id"]})
        for _ in range(3):
            postgresql.end_connections(database)
            await scene.telegram.send("And me", by=BORIS)
        script.more.set()
        await scene.telegram.reads_answer(HALF + REST)
        await _answered(scene, BORIS, 3)
        await scene.telegram.send("And again")
        await _answered(scene, ANNA, 2)
        assert "Traceback" not in program.log
        assert await program.stop() == 0


async def _answered(scene: Scene, person: int, times: int) -> None:
    await scene.telegram.until(
        lambda: [text for text in scene.telegram.texts(person) if "half" in text] == [HALF + REST] * times, seconds=60
    )


async def test_an_unreachable_database_is_named_at_the_start(scene: Scene) -> None:
    async with scene.program(DATABASE_URL="postgresql://nobody:hidden@127.0.0.1:9/none", ready="") as program:
        await _ends_with_a_line(program)
        assert "hidden" not in program.log


async def _ends_with_a_line(program: Program) -> None:
    assert await program.ends(seconds=60) == 1
    assert "Traceback" not in program.log
    assert program.log.strip()
