"""A database that a newer program made: this one does not start, admins hear of it once, and once that it is over."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from tests.harness.scene import Scene


def schema(scene: Scene, revision: str = "") -> str:
    """The schema that the database says it has; `revision` puts another one there before."""
    with closing(sqlite3.connect(scene.folder / "aura.db")) as database, database:
        row: Any = database.execute("SELECT version_num FROM alembic_version").fetchone()
        if revision:
            database.execute("UPDATE alembic_version SET version_num = ?", [revision])
            # and as a newer program might: tables and columns that this one has never heard of
            database.execute("CREATE TABLE IF NOT EXISTS of_tomorrow (id INTEGER PRIMARY KEY)")
    return str(row[0])


async def test_admins_hear_once_that_the_program_is_too_old_and_once_that_it_runs_again(scene: Scene) -> None:
    async with scene.program() as program:
        await scene.telegram.send("/start")
        await scene.telegram.reads("Ask me anything")
        await program.stop()
    before = len(scene.telegram.said())
    mine = schema(scene, "9999")
    for _ in range(2):
        async with scene.program(ready="") as program:
            assert await program.ends(seconds=60) == 1
            assert "schema is 9999, which this program does not know" in program.log
            assert "Traceback" not in program.log
    await scene.telegram.reads("I cannot start: the d")
    assert [text[:21] for text in scene.telegram.texts()[before:]] == ["I cannot start: the d"]
    schema(scene, mine)
    async with scene.program():
        await scene.telegram.reads("I run again: ")
    assert len(scene.telegram.said()) == before + 2
