"""Statements of one question: few, in one transaction before its request, and none that is put together anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.messages import Message
from bot.storage import prepared
from bot.storage.sqlite.driver import Connection, Cursor
from tests.harness.bot_scene import ANNA, Harness, open_harness

MAX_STATEMENTS = 8
"""Before the request for an answer; BEGIN and COMMIT are counted apart."""


@dataclass
class Heard:
    """What a database was asked, in order."""

    said: list[str] = field(default_factory=list)

    def hear(self, statement: str) -> None:
        self.said.append(" ".join(statement.split()))

    @property
    def statements(self) -> list[str]:
        return [one for one in self.said if one.split()[0] not in {"BEGIN", "COMMIT", "ROLLBACK"}]


class Begun(list[list[Message]]):
    """The conversations of answers, and what was asked of the database when the newest of them was known."""

    def __init__(self, paths: list[list[Message]], heard: Heard) -> None:
        super().__init__(paths)
        self.heard = heard
        self.before: list[str] = []

    def append(self, path: list[Message]) -> None:
        self.before = of_the_question(self.heard.said)
        super().append(path)


def of_the_question(said: list[str]) -> list[str]:
    """Give what was asked from the update on, without the worker's own looks for turns: one may come any moment."""
    begin = next(at for at, one in enumerate(said) if one.startswith("INSERT INTO updates"))
    looks = [at for at, one in enumerate(said) if one.startswith("SELECT turns.id, turns.bot, turns.conversation")]
    left_out = {*looks, *(at + 1 for at in looks if said[at + 1 : at + 2] == ["COMMIT"])}
    return [one for at, one in enumerate(said) if at >= begin and at not in left_out]


@contextmanager
def listening() -> Iterator[Heard]:
    """Hear what SQLite's driver is handed, whoever hands it over."""
    heard, run, execute = Heard(), Connection.run, Cursor.execute
    begin, commit = Connection.begin, Connection.commit

    async def heard_run(self: Connection, operation: str, parameters: Sequence[Any] = ()) -> tuple[list[Any], int]:
        heard.hear(operation)
        return await run(self, operation, parameters)

    async def heard_execute(self: Cursor, operation: str, parameters: Sequence[Any] = ()) -> Cursor:
        heard.hear(operation)
        return await execute(self, operation, parameters)

    async def heard_begin(self: Connection) -> None:
        heard.hear("BEGIN")
        await begin(self)

    async def heard_commit(self: Connection) -> None:
        await commit(self)
        heard.hear("COMMIT")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "run", heard_run)
        patch.setattr(Cursor, "execute", heard_execute)
        patch.setattr(Connection, "begin", heard_begin)
        patch.setattr(Connection, "commit", heard_commit)
        yield heard


async def talked(harness: Harness, rounds: int) -> None:
    for number in range(rounds):
        await harness.message(ANNA, f"Question {number}")
        await harness.answered(number + 1)
        await harness.at_rest()


@pytest.mark.parametrize("rounds", [0, 1, 3])
async def test_a_question_takes_eight_statements_and_one_commit_before_its_request(tmp_path: Path, rounds: int) -> None:
    async with open_harness(tmp_path, questions_per_minute=100, chat_questions_per_day=1000) as harness:
        await harness.message(ANNA, "/start")
        await talked(harness, rounds)
        harness.may_write.clear()
        with listening() as heard:
            harness.paths = begun = Begun(harness.paths, heard)
            await harness.message(ANNA, "The question")
            await harness.written_to(rounds + 1)
        before = begun.before
        asked = Heard(before).statements
        made = 3 if rounds == 0 else 0  # the first one reads who asks, and makes the conversation
        assert len(asked) <= MAX_STATEMENTS + made, asked
        assert before.count("COMMIT") == 1
        harness.may_write.set()
        await harness.answered(rounds + 1)


async def test_nothing_is_compiled_anew_for_another_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    class Compiled(prepared._SqliteStatement):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(prepared, "_SqliteStatement", Compiled)
    async with open_harness(tmp_path, questions_per_minute=100) as harness:
        await talked(harness, 3)
        engines = [engine.sync_engine for engine in (harness.database._writes, harness.database._relaxed) if engine]
        caches = [engine._compiled_cache for engine in engines]
        sizes = [len(made) + sum(len(cache) for cache in caches if cache is not None)]
        for number in range(3, 9):
            await harness.message(ANNA, f"Question {number}")
            await harness.answered(number + 1)
            await harness.at_rest()
            sizes.append(len(made) + sum(len(cache) for cache in caches if cache is not None))
        grown = [after - before for before, after in pairwise(sizes)]
        # A turn may be ended or renewed by another statement than the ones before, each compiled once.
        assert grown.count(0) >= len(grown) // 2, grown
