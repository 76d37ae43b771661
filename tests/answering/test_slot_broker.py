"""Places in a chat's budget that replicas ask each other for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Protocol

import pytest

from bot.answering.turns import slot_broker
from bot.answering.turns.slot_broker import RemoteSlotBroker, SlotLender
from bot.errors import FloodWait
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from tests.harness.databases import PostgreSQL

HERE, THERE = "a/1", "b/2"
_HOMES = {ChatPartitioning.among(HERE, [THERE]).of(chat): chat for chat in range(-200, -100)}
AT_HERE, AT_THERE = _HOMES[HERE], _HOMES[THERE]
"""Chats by their homes."""


class Chats:
    """The budgets of one process."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.free = asyncio.Event()
        self.free.set()
        self.problem: FloodWait | None = None
        self.distrusted: list[int] = []

    async def take(self, chat: int, *, distrusted: bool) -> None:
        await self.free.wait()
        if self.problem is not None:
            raise self.problem
        self.taken.append(chat)
        self.distrusted += [chat] if distrusted else []


@dataclass
class Homes:
    """Two processes that have seen each other."""

    bot: int
    partitioning: ChatPartitioning
    moved: frozenset[int] = frozenset()
    known: bool = True

    async def knows_homes(self, *, within: float) -> bool:
        assert within < 5
        return self.known

    def inherits_budget(self, chat: int) -> bool:
        return chat in self.moved


class Process(Protocol):
    """Starts one; `moved` are chats that were at home elsewhere a moment ago."""

    def __call__(self, me: str, *, moved: frozenset[int] = ...) -> Awaitable[tuple[RemoteSlotBroker, Chats]]: ...


ACKNOWLEDGE_TIMEOUT = 4.0
"""Seconds that a home that lives has here on a busy machine."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot_broker, "ACKNOWLEDGE_TIMEOUT", ACKNOWLEDGE_TIMEOUT)


@pytest.fixture
async def process(postgresql: PostgreSQL, tasks: TaskSupervisor) -> AsyncIterator[Process]:
    url = postgresql.new_database()
    stores: list[Database] = []

    async def make(me: str, *, moved: frozenset[int] = frozenset()) -> tuple[RemoteSlotBroker, Chats]:
        database = Database(url, start=tasks.start)
        await database.open()
        stores.append(database)
        chats = Chats()
        homes = Homes(1, ChatPartitioning.among(me, [HERE, THERE]), moved)
        SlotLender(database, tasks, homes, take=chats.take)
        return RemoteSlotBroker(database, homes), chats

    yield make
    await tasks.close()
    for database in stores:
        await database.close()


async def test_a_chat_that_is_at_home_here_needs_nobody(process: Process) -> None:
    lending, chats = await process(HERE)
    assert await lending.acquire(AT_HERE)
    assert chats.taken == []


async def test_who_is_the_home_since_a_moment_does_not_know_what_is_left(process: Process) -> None:
    (here, _), (_, theirs) = (
        await process(HERE, moved=frozenset({AT_HERE})),
        await process(THERE, moved=frozenset({AT_THERE})),
    )
    assert not await here.acquire(AT_HERE)
    assert await here.acquire(AT_THERE)
    assert theirs.distrusted == [AT_THERE]


async def test_a_place_is_taken_where_the_chat_is_at_home(process: Process) -> None:
    (here, mine), (_, theirs) = await process(HERE), await process(THERE)
    assert await here.acquire(AT_THERE)
    assert (mine.taken, theirs.taken) == ([], [AT_THERE])
    assert theirs.distrusted == []


async def test_a_home_without_room_is_waited_for(process: Process, tasks: TaskSupervisor) -> None:
    (here, _), (_, theirs) = await process(HERE), await process(THERE)
    theirs.free.clear()
    waiting = tasks.start(here.acquire(AT_THERE), name="acquire", awaited=True)
    ended, _ = await asyncio.wait([waiting], timeout=ACKNOWLEDGE_TIMEOUT + 0.5)
    assert not ended, "a home that lives is waited for, even if it has no room"
    theirs.free.set()
    await waiting
    assert theirs.taken == [AT_THERE]


async def test_a_hold_at_home_holds_everywhere(process: Process) -> None:
    (here, _), (_, theirs) = await process(HERE), await process(THERE)
    theirs.problem = FloodWait("for long", seconds=3600)
    with pytest.raises(FloodWait) as raised:
        await here.acquire(AT_THERE)
    assert raised.value.seconds == 3600


async def test_a_dead_home_keeps_nobody_waiting(process: Process) -> None:
    lending, _ = await process(HERE)
    assert not await lending.acquire(AT_THERE)


async def test_whoever_may_have_missed_the_word_of_a_home_waits_no_longer(
    process: Process, tasks: TaskSupervisor
) -> None:
    (here, _), (_, theirs) = await process(HERE), await process(THERE)
    theirs.free.clear()
    waiting = tasks.start(here.acquire(AT_THERE), name="acquire", awaited=True)
    ended, _ = await asyncio.wait([waiting], timeout=ACKNOWLEDGE_TIMEOUT + 0.5)
    assert not ended
    here._database._listeners.tell_everyone_nothing()  # as after a lost session
    async with asyncio.timeout(60):
        await waiting


async def test_who_does_not_know_the_homes_takes_no_chat_for_its_own(process: Process) -> None:
    here, mine = await process(HERE)
    here._homes.known = False  # type: ignore[attr-defined]
    assert not await here.acquire(AT_HERE)
    assert mine.taken == []
