from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.answering.turns.turn_context import STORE_TRUST, UNFINISHED_INTERVAL, TurnContext, steady_clock
from bot.conversation.messages import Ending, Shown, TurnState
from bot.errors import LeaseLost, StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from tests.harness.turn_bench import PRIVATE, Bench


class Clock:
    """Steady seconds that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bench(tmp_path: Path, tasks: TaskSupervisor) -> AsyncIterator[Bench]:
    database = Database(f"sqlite:///{tmp_path / 'aura.db'}", start=tasks.start)
    await database.open()
    yield Bench(database)
    await database.close()


@pytest.fixture
async def running(bench: Bench, tasks: TaskSupervisor, clock: Clock) -> TurnContext:
    await bench.ask("one")
    (claimed,) = await bench.table.claim(1, ChatPartitioning.among("a/1", []), limit=1)
    return TurnContext(
        claimed,
        table=bench.table,
        conversations=bench.conversations,
        start=tasks.start,
        deadline=110.0,
        clock=clock,
    )


async def wait_for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_a_stop_ends_the_block_and_nothing_else(running: TurnContext) -> None:
    asyncio.get_running_loop().call_soon(running.stop)
    with running.stoppable():
        await wait_for_ever()
    assert running.stopped
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_a_stop_before_the_block_ends_it_at_its_first_wait(running: TurnContext) -> None:
    running.stop()
    done = []
    with running.stoppable():
        done.append("before the first wait")
        await wait_for_ever()
        done.append("never")
    assert done == ["before the first wait"]


async def test_a_block_that_never_waits_is_not_stopped_afterwards(running: TurnContext) -> None:
    running.stop()
    with running.stoppable():
        pass
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_a_stop_closes_what_is_read(running: TurnContext) -> None:
    closed = []

    async def pieces() -> AsyncIterator[str]:
        try:
            yield "a piece"
            await wait_for_ever()
        finally:
            closed.append(True)

    asyncio.get_running_loop().call_soon(running.stop)
    with running.stoppable():
        async for _ in pieces():
            pass
    assert closed == [True]


async def test_a_shutdown_goes_through_the_block_even_with_a_stop(running: TurnContext, tasks: TaskSupervisor) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        with running.stoppable():
            inside.set()
            await wait_for_ever()

    task = tasks.start(work(), name="work")
    await inside.wait()
    task.cancel()
    running.stop()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_failure_in_the_block_comes_out(running: TurnContext) -> None:
    with pytest.raises(ZeroDivisionError), running.stoppable():
        raise ZeroDivisionError
    assert not running.stopped


async def test_a_message_that_was_sent_is_remembered_although_its_writer_is_cancelled(
    running: TurnContext, bench: Bench, tasks: TaskSupervisor
) -> None:
    held = asyncio.Event()

    async def hold_the_database() -> None:
        async with bench.database.transaction():
            held.set()
            await asyncio.sleep(0.05)

    holding = tasks.start(hold_the_database(), name="hold")
    await held.wait()
    keeping = tasks.start(running.keep([Shown(77)]), name="keep")
    await asyncio.sleep(0)
    keeping.cancel()
    await asyncio.wait([keeping, holding])
    assert keeping.cancelled()
    turn = await bench.turns.get(running.turn.id)
    assert turn is not None
    assert turn.shown == (Shown(77),)


async def test_writes_are_tried_again_until_the_lease_ends(
    running: TurnContext, bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def unavailable(*_: object) -> None:
        tries.append(clock.now)
        clock.now += 3
        raise StorageUnavailable("away")

    monkeypatch.setattr("bot.answering.turns.turn_context.STORE_RETRY_DELAYS", (0.0,))
    monkeypatch.setattr(bench.table, "finish", unavailable)
    with pytest.raises(LeaseLost):
        await running.finish(TurnState.DONE)
    assert tries == [100.0, 103.0, 106.0, 109.0]


async def test_on_one_machine_writes_are_given_up_some_time(
    running: TurnContext, bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(*_: object) -> None:
        clock.now += 6
        raise StorageUnavailable("away")

    running.deadline = float("inf")
    monkeypatch.setattr("bot.answering.turns.turn_context.STORE_RETRY_DELAYS", (0.0,))
    monkeypatch.setattr(bench.table, "keep", unavailable)
    with pytest.raises(StorageUnavailable):
        await running.keep([])
    assert clock.now == 118.0


async def test_nothing_may_be_sent_once_the_lease_has_ended(running: TurnContext, clock: Clock) -> None:
    clock.now = 109.9
    running.check()
    clock.now = 110.0
    with pytest.raises(LeaseLost):
        running.check()
    running.deadline = 120.0
    running.check()
    running.lose()
    with pytest.raises(LeaseLost):
        running.check()


async def test_what_is_stored_shows_in_the_turn(running: TurnContext, bench: Bench) -> None:
    await running.keep([Shown(None)])
    assert running.shown == (Shown(None),)
    answer = await running.wrote("text", "thoughts", Ending.LENGTH, "cut")
    assert (running.turn.answer, running.turn.state, running.turn.note) == (answer, TurnState.SHOWING, "cut")
    await running.finish(TurnState.DONE)
    assert running.finished
    assert await bench.turns.get(running.turn.id) == running.turn
    assert await bench.said(PRIVATE) == ["one", "text"]


async def test_one_machine_needs_no_beat(bench: Bench) -> None:
    await bench.turns.start()
    assert bench.turns._worker._heartbeat._beating is None
    await bench.turns.close(0)
    await bench.tasks.close()


def test_the_steady_clock_goes_forward() -> None:
    assert steady_clock() <= steady_clock()


async def test_the_store_is_taken_to_work_for_a_moment_after_each_write(running: TurnContext, clock: Clock) -> None:
    trusted = [running.stores]
    clock.now += STORE_TRUST
    trusted.append(running.stores)
    await running.keep([Shown(None)])
    trusted.append(running.stores)
    assert trusted == [True, False, True]


async def test_the_text_of_a_turn_without_faults_is_not_kept_while_it_grows(running: TurnContext, bench: Bench) -> None:
    await running.keep_unfinished("It was a dark")
    stored = await bench.table.get(running.turn.id)
    assert stored is not None
    assert stored.unfinished == ""


async def test_the_text_of_a_turn_that_failed_before_is_kept_now_and_then(
    running: TurnContext, bench: Bench, tasks: TaskSupervisor, clock: Clock
) -> None:
    await bench.table.release(running.lease, counts=True)
    (claimed,) = await bench.table.claim(1, ChatPartitioning.among("a/1", []), limit=1)
    again = TurnContext(
        claimed, table=bench.table, conversations=bench.conversations, start=tasks.start, deadline=110.0, clock=clock
    )
    await again.keep_unfinished("It was")
    await again.keep_unfinished("It was a dark")
    clock.now += UNFINISHED_INTERVAL
    await again.keep_unfinished("It")
    stored = await bench.table.get(running.turn.id)
    assert stored is not None
    assert stored.unfinished == "It was", "neither too often nor a shorter one"
