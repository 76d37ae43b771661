"""Looks for turns: few, cheap, and never in the way of what runs already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select, update

from bot.answering.turns.running_turns import ClaimAlarm
from bot.conversation.messages import ChatKey
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.schema import turns
from tests.harness.databases import PostgreSQL
from tests.harness.turn_bench import Bench

HERE, THERE = "here/1", "there/2"
TWO_HOMES = ChatPartitioning.among(HERE, [THERE])
AT_HERE = [chat for chat in range(1, 100) if TWO_HOMES.of(chat) == HERE]
AT_THERE = [chat for chat in range(1, 100) if TWO_HOMES.of(chat) == THERE]


@pytest.fixture
async def bench(postgresql: PostgreSQL, tasks: TaskSupervisor) -> AsyncIterator[Bench]:
    """One process on PostgreSQL that has not begun to work."""
    database = Database(postgresql.new_database(), start=tasks.start)
    await database.open()
    bench = Bench(database, room=40)
    yield bench
    bench.let_go()
    await bench.turns.close(0)
    await bench.tasks.close()
    await database.close()


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    heard: list[str] = []

    def statement(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        heard.append(text)

    engines = [engine.sync_engine for engine in (database._writes, database._relaxed) if engine is not None]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", statement)
    try:
        yield heard
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", statement)


async def test_a_look_that_finds_nothing_for_this_process_is_one_statement(bench: Bench) -> None:
    for looks in ("nothing waits", "only elsewhere"):
        with statements(bench.database) as heard:
            assert await bench.table.claim(1, TWO_HOMES, limit=16) == []
        assert len(heard) == 1, (looks, heard)
        await bench.ask(looks, ChatKey(1, AT_THERE[0]))


async def test_a_look_is_the_same_statement_for_any_number_of_chats(bench: Bench) -> None:
    looks: list[str] = []
    for number, chat in enumerate(AT_HERE[:3]):
        for more in range(number + 1):
            await bench.ask(f"{number} {more}", ChatKey(1, chat + 1000 * more))
        mine = ChatPartitioning.among(HERE, [])
        with statements(bench.database) as heard:
            assert len(await bench.table.claim(1, mine, limit=16)) == number + 1
        looks.append(heard[1])
    assert "FOR UPDATE" in looks[0]
    assert len(set(looks)) == 1


async def test_a_question_begins_at_once_while_others_are_being_claimed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.turns.start()
    bench.hold()
    for number in range(2):
        await bench.ask(f"runs {number}", ChatKey(1, AT_HERE[number]))
        await bench.has_begun(f"runs {number}")
    claiming, go_on, claim = asyncio.Event(), asyncio.Event(), bench.table.claim

    async def slow(*arguments: Any, **more: Any) -> object:
        claiming.set()
        await go_on.wait()
        return await claim(*arguments, **more)

    monkeypatch.setattr(bench.table, "claim", slow)
    bench.turns._worker.something_missed()
    await claiming.wait()
    asked = await bench.ask("new", ChatKey(1, AT_HERE[2]))
    assert asked.claimed is not None
    await bench.has_begun("new")
    go_on.set()


async def test_a_question_leaves_its_place_to_what_is_being_claimed(tmp_path: Any, tasks: TaskSupervisor) -> None:
    database = Database(f"sqlite:///{tmp_path / 'aura.db'}", start=tasks.start)
    await database.open()
    bench = Bench(database, room=10)
    running = bench.turns._worker._running
    assert running.may_begin_at_once(beside=16)
    with running.claiming():
        assert not running.may_begin_at_once(beside=16)
    await bench.tasks.close()
    await database.close()


async def test_only_the_home_of_a_chat_looks_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.turns.start()
    worker = bench.turns._worker
    me = worker.partitioning.me
    await bench.membership.update([me, THERE])
    elsewhere = next(chat for chat in range(1, 100) if worker.partitioning.of(chat) == THERE)
    rings, later = counted(monkeypatch, worker._alarm, "ring"), counted(monkeypatch, worker._alarm, "ring_in")
    asked = await bench.ask("elsewhere", ChatKey(1, elsewhere))
    assert asked.claimed is None
    assert rings() == 0, "a look here would find nothing"
    assert later() == 1, "but after a while anybody may begin it"
    worker.look_for_turns(me)
    assert rings() == 1


def counted(monkeypatch: pytest.MonkeyPatch, of: object, name: str) -> Callable[[], int]:
    calls: list[object] = []
    inner = getattr(of, name)

    def counting(*arguments: Any) -> None:
        calls.append(arguments)
        inner(*arguments)

    monkeypatch.setattr(of, name, counting)
    return lambda: len(calls)


async def test_looks_that_are_due_together_are_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, timers = asyncio.get_running_loop(), list[float]()
    alarm = ClaimAlarm()
    with monkeypatch.context() as frozen:
        frozen.setattr(loop, "time", lambda: 100.0)
        frozen.setattr(loop, "call_at", lambda when, *_: timers.append(when))
        for number in range(1000):
            alarm.ring_in(0.5 + number / 10_000)
    assert len(timers) <= 4
    assert min(timers) > 100.5
    alarm.ring_in(0.0)
    await asyncio.wait_for(alarm.wait(), 20)


async def test_a_heartbeat_holds_what_runs_for_no_longer_than_it_takes_to_renew_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.turns.start()
    bench.hold()
    await bench.ask("long", ChatKey(1, AT_HERE[0]))
    await bench.has_begun("long")
    registering, go_on, register = asyncio.Event(), asyncio.Event(), bench.membership.register

    async def slow() -> list[str]:
        registering.set()
        await go_on.wait()
        return await register()

    monkeypatch.setattr(bench.membership, "register", slow)
    async with bench.database.transaction() as connection:
        await connection.execute(update(turns).values(lease_until=0.0))
    bench.turns._worker.look_for_replicas()
    await registering.wait()
    async with bench.database.reading() as connection:
        assert await connection.scalar(select(turns.c.lease_until)), "others see it, so its rows are free"
    go_on.set()
