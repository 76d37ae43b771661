"""Every earlier schema is upgraded with its data. A new step adds a line to EARLIER."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.conversation.messages import ChatKey
from bot.errors import SchemaNewer
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.engine import database_url as read_url
from bot.storage.engine import make_engine
from bot.storage.errors import ErrorTranslator
from bot.storage.migration import migrate, newest_revision
from bot.storage.migrations.upgrade import migrations
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.schema import metadata

C = "id, conversation, parent, placed, screen, role, text, thoughts, ending, author, author_id, at"
FIRST = (
    "INSERT INTO conversations (id, bot, chat, topic, newest) VALUES (1, 1, 5, 0, 2)",
    f"INSERT INTO messages ({C}) VALUES (1, 1, NULL, true, NULL, 'user', 'one', '', 'complete', '', 5, 1.0)",  # noqa: S608  # our own columns
    f"INSERT INTO messages ({C}) VALUES (2, 1, 1, true, 2, 'assistant', 'two', '', 'complete', '', NULL, 2.0)",  # noqa: S608  # our own columns
    "INSERT INTO shown (bot, chat, message_id, message, position, part, sealed) VALUES (1, 5, 10, 1, 0, '{}', true)",
    "INSERT INTO preferences (bot, chat, topic, name, value) VALUES (1, 5, 0, 'persona', 'pirate')",
    (
        "INSERT INTO chats (bot, id, kind, title, allowed, greeted, refused, writable, hold_until)"
        " VALUES (1, 5, 'group', 'F', true, true, false, true, 0)"
    ),
    "INSERT INTO people (bot, id, name, username, language, standing, admin) VALUES (1, 5, 'A', '', '', 'new', true)",
)
"""What a database of the first schema held."""

SECOND = (
    *FIRST,
    (
        "INSERT INTO chats (bot, id, kind, title, language, allowed, greeted, refused, writable, hold_until)"
        " VALUES (1, 6, 'group', 'G', 'ru', true, true, false, true, 0)"
    ),
)
"""The second knows the language of groups."""

FIFTH = (*SECOND, "UPDATE chats SET tempo = 0.25 WHERE id = 6")
"""The fifth knows how lively a group is."""

EARLIER: dict[str, tuple[str, ...]] = {
    "0001": FIRST,
    "0002": SECOND,
    "0003": SECOND,
    "0004": SECOND,
    "0005": FIFTH,
    "0006": FIFTH,
    "0007": FIFTH,
    "0008": FIFTH,
    "0009": FIFTH,
    "0010": FIFTH,
    "0013": FIFTH,
    "0014": FIFTH,
    "0015": FIFTH,
    "0016": FIFTH,
    "0017": FIFTH,
    "0018": FIFTH,
    "0019": FIFTH,
    "0020": FIFTH,
    "0021": FIFTH,
    "0022": FIFTH,
}
"""Each schema there ever was, and rows that it held."""


def test_every_schema_is_in_the_table() -> None:
    known = {step.revision for step in ScriptDirectory.from_config(migrations()).walk_revisions()}
    assert known == set(EARLIER)
    assert ScriptDirectory.from_config(migrations()).get_heads() == [newest_revision()]


@pytest.mark.parametrize("revision", EARLIER)
async def test_an_earlier_schema_is_upgraded_with_its_data(
    revision: str, database_url: str, tasks: TaskSupervisor
) -> None:
    await migrate(read_url(database_url), ErrorTranslator(), to=revision)
    await run(database_url, lambda connection: [connection.execute(text(row)) for row in EARLIER[revision]])

    database = Database(database_url, start=tasks.start)
    await database.open()
    said = await ConversationRepository(database).history(ChatKey(1, 5))
    assert [message.text for message in said] == ["one", "two"]
    at = await ConversationRepository(database).at(ChatKey(1, 5), 10)
    assert at == said[0]
    await database.close()


async def test_the_steps_lead_to_the_tables_of_the_program(database_url: str) -> None:
    await migrate(read_url(database_url), ErrorTranslator())
    differences: list[object] = []
    await run(
        database_url,
        lambda connection: differences.extend(compare_metadata(MigrationContext.configure(connection), metadata)),
    )
    assert differences == []


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    await migrate(read_url(database_url), ErrorTranslator())
    await migrate(read_url(database_url), ErrorTranslator())


async def test_a_newer_schema_is_refused(database_url: str, tasks: TaskSupervisor) -> None:
    await migrate(read_url(database_url), ErrorTranslator())
    await run(
        database_url, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num='9999'"))
    )
    database = Database(database_url, start=tasks.start)
    with pytest.raises(SchemaNewer, match="9999"):
        await database.open()


async def test_replicas_that_start_together_migrate_once(database_url: str, tasks: TaskSupervisor) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("one process alone holds a SQLite file")
    stores = [Database(database_url, start=tasks.start) for _ in range(3)]
    opening = [tasks.start(database.open(), name="open", awaited=True) for database in stores]
    for task in opening:
        await task
    for database in stores:
        await database.ping()
        await database.close()


def test_the_steps_travel_with_the_package() -> None:
    folder = Path(ScriptDirectory.from_config(migrations()).dir)
    assert (folder / "env.py").is_file()
    assert (folder / "versions" / "__init__.py").is_file()


async def run(url: str, work: Callable[[Connection], object]) -> None:
    engine = make_engine(read_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(work)
    await engine.dispose()
