"""Backups, restoring and moving: every row arrives, new ids begin after the old ones, and nothing is written over."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.errors import DatabaseInUse, Problem
from bot.operating.copies import BadCopy, back_up, move, restore
from bot.runtime.task_supervisor import TaskSupervisor
from bot.settings import Settings
from bot.storage.copying import BATCH, CopyDiffers, NotEmpty, compare_all
from bot.storage.database import Database
from bot.storage.engine import database_url as read_url
from bot.storage.engine import make_engine
from bot.storage.schema import conversations, messages, metadata, outbox, people, spent, turns
from tests.harness.given_settings import given

MANY = BATCH + 10
"""Messages: more than go in one batch."""

Rows = dict[str, list[tuple[Any, ...]]]
Open = Callable[[str], Awaitable[Database]]


@pytest.fixture
def open_database(tasks: TaskSupervisor) -> Open:
    async def open_it(url: str) -> Database:
        database = Database(url, start=tasks.start)
        await database.open()
        return database

    return open_it


def settings_for(url: str) -> Settings:
    return given(database_url=url)


def message(number: int, parent: int | None = None) -> dict[str, Any]:
    return {
        "id": number,
        "conversation": 1,
        "parent": parent,
        "placed": True,
        "role": "user",
        "text": f"Message {number}: «ё» 👩‍👩‍👧",
        "thoughts": "",
        "ending": "complete",
        "author": "",
        "at": 1.25 + number,
    }


async def fill(database: Database) -> None:
    """Rows of every awkward kind: parents that come later, no key, JSON, ids that were used and are gone."""
    turn = {"id": 7, "bot": 1, "conversation": 1, "kind": "answer", "state": "done", "open": False, "attempt": 1}
    turn |= {"question": 1, "asker": 5, "private": True, "language": "en", "note": "", "shown": [{"message_id": 3}]}
    person = {"bot": 1, "id": 2**52, "name": "Anna", "username": "", "language": "", "standing": "new", "admin": True}
    letter = {"bot": 1, "chat": 5, "message": {"text": "ü", "keyboard": [[1]]}, "owner": "a/1", "lease_until": 0.5}
    async with database.transaction() as connection:
        await connection.execute(insert(conversations), [{"id": 1, "bot": 1, "chat": 5, "topic": 0, "newest": MANY}])
        await connection.execute(insert(messages), [message(number) for number in range(1, MANY + 1)])
        await connection.execute(messages.update().where(messages.c.id == 1).values(parent=MANY))
        await connection.execute(messages.update().where(messages.c.id == MANY).values(parent=2))
        await connection.execute(insert(turns), [{**turn, "asked_at": 3.5}])
        await connection.execute(insert(people), [person])
        await connection.execute(insert(outbox), [{**letter, "at": 4.5}])
        await connection.execute(insert(spent), [{"bot": 1, "asker": 5, "chat": 5, "at": 2.0}] * 2)
        await connection.execute(messages.delete().where(messages.c.id == MANY - 1))
        gone = (await connection.execute(insert(messages).values({**message(0), "id": MANY + 5}))).inserted_primary_key
        assert gone is not None
        await connection.execute(messages.delete().where(messages.c.id == MANY + 5))


def files_with(part: str, folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if part in one.name)


async def rows_of(database: Database) -> Rows:
    async with database.reading() as connection:
        return {
            table.name: sorted(map(tuple, await connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


async def test_a_backup_is_made_while_the_bot_runs_and_restored_when_it_does_not(
    database_url: str, tmp_path: Path, open_database: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "backup.db"
    database = await open_database(database_url)
    await fill(database)
    before = await rows_of(database)
    assert await back_up(settings_for(database_url), str(file)) == 0
    assert f"{MANY - 1} messages" in capsys.readouterr().out
    await database.close()
    assert file.stat().st_mode & 0o077 == 0
    assert files_with("backup", tmp_path) == [file], "it is one file"

    again = f"sqlite+aiosqlite:///{tmp_path / 'again.db'}"
    assert await restore(settings_for(again), str(file)) == 0
    restored = await open_database(again)
    assert await rows_of(restored) == before
    await restored.close()


async def test_a_database_moves_into_an_empty_one_and_ids_go_on_after_the_old_ones(
    database_url: str, tmp_path: Path, open_database: Open
) -> None:
    old = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    database = await open_database(old)
    await fill(database)
    before = await rows_of(database)
    with pytest.raises(DatabaseInUse):
        await move(settings_for(old), database_url)
    await database.close()
    assert await move(settings_for(old), database_url) == 0
    moved = await open_database(database_url)
    assert await rows_of(moved) == before
    async with moved.transaction() as connection:
        new = {name: value for name, value in message(0).items() if name != "id"}
        put = await connection.execute(insert(messages).values(new).returning(messages.c.id))
        assert put.scalar_one() > MANY
    await moved.close()
    with pytest.raises(NotEmpty):
        await move(settings_for(old), database_url)


async def test_a_restored_database_keeps_what_was_there_aside(tmp_path: Path, open_database: Open) -> None:
    url, file = f"sqlite+aiosqlite:///{tmp_path / 'aura.db'}", tmp_path / "backup.db"
    database = await open_database(url)
    await back_up(settings_for(url), str(file))
    await fill(database)
    with pytest.raises(DatabaseInUse):
        await restore(settings_for(url), str(file))
    before = await rows_of(database)
    await database.close()
    await restore(settings_for(url), str(file))
    restored = await open_database(url)
    assert (await rows_of(restored))["messages"] == []
    await restored.close()
    [aside] = files_with(".before-", tmp_path)
    kept = await open_database(f"sqlite+aiosqlite:///{aside}")
    assert await rows_of(kept) == before
    await kept.close()


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100, "foreign"])
async def test_what_is_no_backup_is_not_restored(content: bytes | str | None, tmp_path: Path) -> None:
    file, url = tmp_path / "backup.db", f"sqlite+aiosqlite:///{tmp_path / 'aura.db'}"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content:
        with sqlite3.connect(file) as foreign:
            foreign.execute("CREATE TABLE recipes (name)")
    with pytest.raises(BadCopy):
        await restore(settings_for(url), str(file))
    assert not (tmp_path / "aura.db").exists()


async def test_a_backup_writes_over_nothing(tmp_path: Path, open_database: Open) -> None:
    url, file = f"sqlite+aiosqlite:///{tmp_path / 'aura.db'}", tmp_path / "backup.db"
    file.write_text("something dear", encoding="utf-8")
    database = await open_database(url)
    with pytest.raises(BadCopy, match="already"):
        await back_up(settings_for(url), str(file))
    with pytest.raises(Problem):
        await back_up(settings_for(url), str(tmp_path / "nowhere" / "backup.db"))
    await database.close()
    assert file.read_text(encoding="utf-8") == "something dear"


@pytest.mark.parametrize(
    "change", ["UPDATE messages SET text = 'x' WHERE id = 3", "DELETE FROM spent", "DELETE FROM people"]
)
async def test_a_difference_is_seen(change: str, tmp_path: Path, open_database: Open) -> None:
    url, file = f"sqlite+aiosqlite:///{tmp_path / 'aura.db'}", tmp_path / "backup.db"
    database = await open_database(url)
    await fill(database)
    await back_up(settings_for(url), str(file))
    with sqlite3.connect(file) as copy:
        copy.execute(change)
    copy.close()
    engine = make_engine(read_url(f"sqlite+aiosqlite:///{file}"))
    async with database.reading() as mine, engine.connect() as theirs:
        with pytest.raises(CopyDiffers):
            await compare_all(mine, theirs)
    await engine.dispose()
    await database.close()
