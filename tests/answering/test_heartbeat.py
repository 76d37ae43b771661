"""Several processes with one PostgreSQL, played by several engines with stores of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import select, update

from bot.answering.turns.service import WorkerTiming
from bot.answering.turns.turn_context import TurnContext
from bot.conversation.messages import ChatKey, TurnState
from bot.errors import LeaseLost, StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.schema import replicas, turns
from tests.harness.databases import PostgreSQL
from tests.harness.turn_bench import PRIVATE, Bench, until

Replica = Callable[..., Awaitable[Bench]]
QUICK = WorkerTiming(interval=0.1)
"""Looks often for what the dead left."""


@pytest.fixture
async def replica(postgresql: PostgreSQL, tasks: TaskSupervisor) -> AsyncIterator[Replica]:
    url = postgresql.new_database()
    benches: list[Bench] = []

    async def make(name: str, *, room: int = 10, timing: WorkerTiming | None = None, begin: bool = True) -> Bench:
        database = Database(url, start=tasks.start)
        await database.open()
        bench = Bench(database, replica=name, room=room, timing=timing)
        benches.append(bench)
        if begin:
            await bench.turns.start()
        return bench

    yield make
    for bench in benches:
        bench.let_go()
        await bench.turns.close(0)
        await bench.tasks.close()
        await bench.database.close()


async def die(bench: Bench) -> None:
    """What `kill -9` does: nothing is said, nothing more is done, connections break."""
    await bench.tasks.close()
    engine = bench.turns._worker
    engine._claiming = engine._heartbeat._beating = None
    engine._running._jobs.clear()
    await bench.database.close()


async def is_shown(running: TurnContext) -> None:
    await until(lambda: bool(running.shown and running.shown[0].message_id))


async def let_leases_end(bench: Bench) -> None:
    """As if 15 seconds had passed for the database."""
    async with bench.database.transaction() as connection:
        await connection.execute(update(turns).values(lease_until=0.0))
        await connection.execute(update(replicas).values(lease_until=0.0))


async def test_questions_beyond_one_replicas_room_are_answered_by_another(replica: Replica) -> None:
    first = await replica("a", room=1)
    first.hold()
    await first.ask("one", ChatKey(1, 1))
    await first.has_begun("one")
    second = await replica("b")
    await first.ask("two", ChatKey(1, 2))
    await second.has_begun("two")


async def test_order_holds_across_replicas(replica: Replica) -> None:
    first, second = await replica("a", room=1), await replica("b", room=1)
    asked = [await (first, second)[number % 2].ask(f"q{number}", dedup=f"1:{number}") for number in range(6)]
    for one in asked:
        await first.is_over(one.turn)
    assert await first.said() == [text for n in range(6) for text in (f"q{n}", f"answer to q{n}")]
    assert sorted(first.begun + second.begun) == [f"q{number}" for number in range(6)]


async def test_a_stop_reaches_the_replica_that_runs_the_turn(replica: Replica) -> None:
    first = await replica("a")
    first.hold()
    asked = await first.ask("one")
    await first.has_begun("one")
    second = await replica("b")
    assert await second.turns.stop(PRIVATE)
    assert (await second.is_over(asked.turn)).state is TurnState.STOPPED
    await until(lambda: first.ends == ["stopped"])


async def test_an_edit_reaches_the_replica_that_runs_the_turn(replica: Replica) -> None:
    first, second = await replica("a"), await replica("b", begin=False)
    first.hold()
    asked = await first.ask("one", message_id=1)
    await first.has_begun("one")
    assert await second.edit("won", 1)
    await first.has_begun("won")
    first.let_go()
    await first.is_over(asked.turn)
    assert await second.said() == ["won", "answer to won"]


async def test_forgetting_reaches_the_replica_that_runs_the_turn(replica: Replica) -> None:
    first, second = await replica("a"), await replica("b", begin=False)
    first.hold()
    await first.ask("one")
    await first.has_begun("one")
    await second.turns.forget(1, PRIVATE.chat)
    await until(lambda: first.ends == ["CancelledError"])


async def test_a_dead_replicas_turns_are_taken_over_in_their_messages(replica: Replica) -> None:
    first = await replica("a")
    first.hold()
    asked = [await first.ask(f"of {chat}", ChatKey(1, chat)) for chat in range(1, 6)]
    for chat in range(1, 6):
        running = await first.has_begun(f"of {chat}")
        await is_shown(running)
    shown = {running.turn.id: running.shown for running in first.turns_begun}
    second = await replica("b", timing=QUICK)
    await die(first)
    assert second.begun == []
    await let_leases_end(second)
    for one in asked:
        turn = await second.is_over(one.turn)
        assert turn.state is TurnState.DONE
        assert turn.shown == shown[turn.id]
        assert turn.attempt == 2


async def test_a_living_replicas_turns_are_not_taken_over(replica: Replica) -> None:
    rarely = WorkerTiming(interval=3600)
    first = await replica("a", timing=rarely)
    first.hold()
    asked = await first.ask("one")
    await first.has_begun("one")
    second = await replica("b", timing=rarely)
    async with first.database.transaction() as connection:
        await connection.execute(update(turns).values(lease_until=turns.c.lease_until - 14))
    await first.turns._worker._heartbeat.renew_leases()
    await second.turns._worker._heartbeat.renew_leases()
    assert await second.table.take_over(1) == 0
    first.let_go()
    await first.is_over(asked.turn)
    assert (first.begun, second.begun) == (["one"], [])


async def test_a_replica_takes_its_own_turns_back_when_it_starts_again(replica: Replica) -> None:
    first = await replica("a")
    first.hold()
    asked = await first.ask("one")
    await first.has_begun("one")
    await die(first)
    again = await replica("a")
    turn = await again.is_over(asked.turn)
    assert (turn.state, turn.attempt) == (TurnState.DONE, 2)


async def test_two_replicas_of_one_name_do_not_take_each_others_turns(
    replica: Replica, caplog: pytest.LogCaptureFixture
) -> None:
    first = await replica("a")
    first.hold()
    asked = await first.ask("one")
    await first.has_begun("one")
    second = await replica("a")
    assert "Another process is called a as well" in caplog.text
    first.let_go()
    await first.is_over(asked.turn)
    assert second.begun == []


async def test_a_shutdown_hands_the_turns_to_another_at_once(replica: Replica) -> None:
    first = await replica("a")
    first.hold()
    asked = await first.ask("one")
    await first.has_begun("one")
    second = await replica("b")
    await first.turns.close(0)
    turn = await second.is_over(asked.turn)
    assert (turn.state, turn.attempt) == (TurnState.DONE, 1)


async def test_a_frozen_replica_sends_nothing_when_it_wakes(replica: Replica) -> None:
    now = [1000.0]
    frozen = await replica("a", timing=WorkerTiming(lease_duration=15, interval=3600, clock=lambda: now[0]))
    living = await replica("b", timing=QUICK, begin=False)
    key = ChatKey(1, chat_at_home_with(living, beside=frozen))  # the frozen one is only played: it claims at home
    frozen.hold()
    asked = await frozen.ask("one", key)
    running = await frozen.has_begun("one")
    running.check()
    now[0] += 14.0  # the lease of 15 s still stands, but a request begun now might outlast it
    with pytest.raises(LeaseLost):
        running.check()
    await let_leases_end(frozen)
    frozen.database._listeners._callbacks.clear()  # it hears nothing in its sleep, and claims nothing
    claiming = frozen.turns._worker._claiming
    assert claiming is not None
    claiming.cancel()
    await living.turns.start()
    await living.is_over(asked.turn)
    frozen.let_go()
    await until(lambda: frozen.ends == ["LeaseLost"])
    assert await living.said(key) == ["one", "answer to one"]


async def test_a_renewed_lease_keeps_the_turn(replica: Replica) -> None:
    now = [1000.0]
    bench = await replica("a", timing=WorkerTiming(lease_duration=15, interval=3600, clock=lambda: now[0]))
    bench.hold()
    await bench.ask("one")
    running = await bench.has_begun("one")
    before = await lease(bench)
    now[0] += 9.0
    await bench.turns._worker._heartbeat.renew_leases()
    now[0] += 9.0
    running.check()
    assert await lease(bench) > before


async def lease(bench: Bench) -> float:
    async with bench.database.reading() as connection:
        return (await connection.execute(select(turns.c.lease_until))).scalar_one() or 0.0


async def test_a_database_that_went_away_and_came_back_loses_nothing(replica: Replica, postgresql: PostgreSQL) -> None:
    bench = await replica("a", timing=QUICK)
    url = bench.database._url.render_as_string(hide_password=False)
    bench.hold()
    asked = await bench.ask("one")
    await bench.has_begun("one")
    postgresql.end_connections(url)
    try:
        second = await bench.ask("two", dedup="1:2")
    except StorageUnavailable:  # Telegram delivers again what was not confirmed
        second = await bench.ask("two", dedup="1:2")
    bench.let_go()
    for one in (asked, second):
        assert (await bench.is_over(one.turn)).state is TurnState.DONE
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


def living(bench: Bench) -> int:
    return len(bench.membership.partitioning.owners)


async def test_living_replicas_are_counted(replica: Replica) -> None:
    told: list[int] = []
    first = await replica("a", timing=QUICK)
    first.membership.on_change(told.append)
    second = await replica("b", timing=QUICK)
    await until(lambda: (living(first), living(second)) == (2, 2))
    await second.turns.close(0)
    await until(lambda: living(first) == 1)
    assert told == [2, 1]


def chat_at_home_with(bench: Bench, *, beside: Bench) -> int:
    """A group that is at home there once both live."""
    me = bench.membership.partitioning.me
    both = ChatPartitioning.among(me, [beside.membership.partitioning.me])
    return next(chat for chat in range(-200, -100) if both.of(chat) == me)


def chats_of(*benches: Bench) -> list[int]:
    """For each replica a group that is at home there."""
    return [
        next(chat for chat in range(-200, -100) if b.membership.partitioning.of(chat) == b.membership.partitioning.me)
        for b in benches
    ]


async def acquainted(replica: Replica) -> tuple[Bench, Bench]:
    first, second = await replica("a"), await replica("b")
    await until(lambda: (living(first), living(second)) == (2, 2))
    assert first.membership.partitioning.owners == second.membership.partitioning.owners
    return first, second


async def test_a_chat_is_answered_where_it_is_at_home_whoever_accepts_the_question(replica: Replica) -> None:
    first, second = await acquainted(replica)
    for bench, chat in zip((first, second), chats_of(first, second), strict=True):
        for number, accepting in enumerate((first, second)):
            text = f"{chat} {number}"
            asked = await accepting.ask(text, ChatKey(1, chat, number), dedup=text, message_id=number + 1)
            await bench.is_over(asked.turn)
            assert bench.begun[-1] == text


async def test_topics_of_one_chat_are_answered_by_one_replica(replica: Replica) -> None:
    first, second = await acquainted(replica)
    (chat,) = chats_of(first)
    first.hold()
    for topic in range(3):
        asking = (first, second)[topic % 2]
        await asking.ask(f"of {topic}", ChatKey(1, chat, topic), dedup=f"1:{topic}", message_id=topic + 1)
    for topic in range(3):
        await first.has_begun(f"of {topic}")
    assert second.begun == []


async def test_what_a_home_cannot_begin_another_replica_begins(replica: Replica) -> None:
    first, second = await acquainted(replica)
    (chat,) = chats_of(second)
    await die(second)  # nobody has noticed yet
    asked = await first.ask("one", ChatKey(1, chat))
    await first.is_over(asked.turn)
    assert living(first) == 2


async def test_a_chat_that_is_busy_elsewhere_waits_even_where_it_is_at_home(replica: Replica) -> None:
    first, second = await replica("a"), await replica("b", begin=False)
    chat = chat_at_home_with(second, beside=first)
    first.hold()
    await first.ask("first of all", ChatKey(1, chat, 1), message_id=1)
    await first.has_begun("first of all")
    await second.turns.start()
    await until(lambda: (living(first), living(second)) == (2, 2))
    assert first.membership.partitioning.of(chat) == second.membership.partitioning.me
    await second.ask("in another topic", ChatKey(1, chat, 2), dedup="1:9", message_id=2)
    await first.has_begun("in another topic")
    assert second.begun == []
