"""The unit of work of an update, over a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.conversation.messages import ChatKey
from bot.runtime.task_supervisor import TaskSupervisor
from bot.runtime.unit_of_work import AlreadyHandled, UpdateUnitOfWork
from bot.storage.database import Database
from bot.storage.repositories.preferences import PreferenceRepository

BOT = 7
CHAT = ChatKey(BOT, 1001)


@dataclass
class Parts:
    unit: UpdateUnitOfWork
    preferences: PreferenceRepository

    async def stored(self) -> dict[str, str]:
        return (await self.preferences.scopes(CHAT)).get(CHAT, {})


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    tasks = TaskSupervisor()
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'unit.db'}", start=tasks.start)
    await database.open()
    yield Parts(UpdateUnitOfWork(database, bot=BOT), PreferenceRepository(database))
    await database.close()
    await tasks.close()


async def test_an_update_is_remembered_with_its_effects_and_acts_once(parts: Parts) -> None:
    async with parts.unit.handling(1), parts.unit.transaction():
        await parts.preferences.put(CHAT, "model", "one")
    with pytest.raises(AlreadyHandled):
        async with parts.unit.handling(1), parts.unit.transaction():
            await parts.preferences.put(CHAT, "model", "two")
    assert await parts.stored() == {"model": "one"}


async def test_a_failure_leaves_neither_effects_nor_a_trace_of_the_update(parts: Parts) -> None:
    heard: list[str] = []

    async def fail() -> None:
        async with parts.unit.handling(1):
            parts.unit.after_commit(lambda: heard.append("failed"))
            async with parts.unit.transaction():
                await parts.preferences.put(CHAT, "model", "one")
                raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with parts.unit.handling(1), parts.unit.transaction():
        await parts.preferences.put(CHAT, "model", "again")
    assert await parts.stored() == {"model": "again"}
    assert heard == []


async def test_whoever_only_speaks_is_heard_after_the_update_is_remembered_and_once(parts: Parts) -> None:
    heard: list[str] = []
    async with parts.unit.handling(1):
        parts.unit.after_commit(lambda: heard.append("hello"))
        assert heard == []
    assert heard == ["hello"]
    with pytest.raises(AlreadyHandled):
        async with parts.unit.handling(1):
            parts.unit.after_commit(lambda: heard.append("hello again"))
    assert heard == ["hello"]


async def test_what_is_said_before_in_and_after_the_transaction_comes_in_that_order(parts: Parts) -> None:
    heard: list[str] = []
    async with parts.unit.handling(1):
        parts.unit.after_commit(lambda: heard.append("before"))
        async with parts.unit.transaction():
            async with parts.unit.transaction():  # a use case inside another one joins it
                parts.unit.after_commit(lambda: heard.append("inside"))
            assert heard == []
        parts.unit.after_commit(lambda: heard.append("after"))
    assert heard == ["before", "inside", "after"]


async def test_without_an_update_a_transaction_is_a_plain_one(parts: Parts) -> None:
    for model in ("one", "two"):
        async with parts.unit.transaction():
            await parts.preferences.put(CHAT, "model", model)
    assert await parts.stored() == {"model": "two"}


async def test_each_update_is_one_of_its_own(parts: Parts) -> None:
    for update in (1, 2):
        async with parts.unit.handling(update), parts.unit.transaction():
            await parts.preferences.put(CHAT, "model", str(update))
    assert await parts.stored() == {"model": "2"}


@dataclass
class Spoken:
    """Words that know how they were said."""

    parts: Parts
    stored: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.parts.unit.say(lambda: self._store(text), lambda: self.sent.append(text))

    async def _store(self, text: str) -> None:
        await self.parts.preferences.put(CHAT, "words", text)
        self.stored.append(text)


async def test_words_around_a_change_are_stored_with_it(parts: Parts) -> None:
    spoken = Spoken(parts)
    async with parts.unit.handling(1):
        spoken.say("I try")
        async with parts.unit.transaction():
            await parts.preferences.put(CHAT, "model", "one")
            spoken.say("I do")
        spoken.say("done")
    assert (spoken.stored, spoken.sent) == (["I try", "I do", "done"], [])
    assert await parts.stored() == {"model": "one", "words": "done"}


async def test_words_without_a_change_are_sent(parts: Parts) -> None:
    spoken = Spoken(parts)
    spoken.say("before")
    async with parts.unit.handling(1):
        spoken.say("hello")
        assert spoken.sent == ["before"]
    async with parts.unit.working():
        spoken.say("later")
    assert (spoken.stored, spoken.sent) == ([], ["before", "hello", "later"])


async def test_a_handler_that_fails_takes_its_change_back(parts: Parts) -> None:
    spoken = Spoken(parts)

    async def fail() -> None:
        async with parts.unit.handling(1):
            async with parts.unit.transaction():
                await parts.preferences.put(CHAT, "model", "one")
            spoken.say("done")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await parts.stored() == {}
    assert (spoken.stored, spoken.sent) == ([], [])
    async with parts.unit.handling(1), parts.unit.transaction():
        await parts.preferences.put(CHAT, "model", "again")
    assert await parts.stored() == {"model": "again"}


async def test_words_of_a_change_that_did_not_come_about_are_not_said(parts: Parts) -> None:
    spoken = Spoken(parts)
    async with parts.unit.handling(1):
        with suppress(RuntimeError):
            async with parts.unit.transaction():
                spoken.say("done")
                raise RuntimeError
        spoken.say("it failed")
    assert (spoken.stored, spoken.sent) == ([], ["it failed"])


async def test_each_use_case_of_a_handler_stands_for_itself(parts: Parts) -> None:
    spoken = Spoken(parts)
    async with parts.unit.handling(1):
        async with parts.unit.transaction():
            await parts.preferences.put(CHAT, "model", "one")
        spoken.say("first")
        with suppress(RuntimeError):
            async with parts.unit.transaction():
                await parts.preferences.put(CHAT, "model", "two")
                raise RuntimeError
    assert spoken.stored == ["first"]
    assert await parts.stored() == {"model": "one", "words": "first"}


async def test_a_task_that_a_handler_starts_is_in_no_transaction_of_its(parts: Parts) -> None:
    async def look() -> dict[str, str]:
        async with parts.unit.transaction():
            return await parts.stored()

    async with parts.unit.handling(1):
        async with parts.unit.transaction():
            await parts.preferences.put(CHAT, "model", "one")
        looking = asyncio.create_task(look())
        await asyncio.sleep(0)
    assert await looking == {"model": "one"}
