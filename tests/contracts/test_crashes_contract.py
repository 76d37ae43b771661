"""Processes that die, played by workers whose tasks end without a word: which turns are blamed for it."""

from __future__ import annotations

import pytest

from bot.conversation.messages import ChatKey, TurnState
from bot.storage.database import Database
from bot.storage.turn_queue.leases import MAX_CROWDED_ATTEMPTS, MAX_FAULTS
from tests.harness.turn_bench import Bench, until


async def begun(database: Database) -> Bench:
    """A process whose generator never ends an answer."""
    bench = Bench(database, room=20)
    bench.hold()
    await bench.turns.start()
    return bench


async def die(bench: Bench) -> None:
    """What `kill -9` does: nothing is stored, nothing more is done."""
    await bench.tasks.close()


async def end(bench: Bench) -> None:
    bench.let_go()
    await bench.turns.close(0)
    await bench.tasks.close()


async def test_forty_deaths_in_a_row_cost_no_answer(database: Database) -> None:
    bench = await begun(database)
    asked = [await bench.ask(f"q{number}", ChatKey(1, number + 1)) for number in range(20)]
    for number in range(40):
        together = 20 if number < MAX_CROWDED_ATTEMPTS else 1
        await until(lambda: len(bench.begun) == together)  # noqa: B023  # waited for in this very turn of the loop
        await die(bench)
        bench = await begun(database)
    bench.let_go()
    for number, one in enumerate(asked):
        assert (await bench.is_over(one.turn)).state is TurnState.DONE
        assert await bench.said(ChatKey(1, number + 1)) == [f"q{number}", f"answer to q{number}"]
    await end(bench)


async def test_three_lonely_deaths_are_the_fault_of_the_turn(database: Database) -> None:
    bench = await begun(database)
    asked = await bench.ask("deadly")
    for faults in range(MAX_FAULTS):
        context = await bench.has_begun("deadly")
        assert context.turn.faults == faults
        await die(bench)
        bench = await begun(database)
    assert (await bench.has_begun("deadly")).turn.faults == MAX_FAULTS, "it is begun to say so"
    bench.let_go()
    await bench.is_over(asked.turn)
    await end(bench)


async def test_of_turns_that_ran_beside_each_other_none_is_blamed(database: Database) -> None:
    bench = await begun(database)
    await bench.ask("first", ChatKey(1, 1))
    await bench.has_begun("first")
    await bench.ask("second", ChatKey(1, 2))
    await bench.has_begun("second")
    await die(bench)
    bench = await begun(database)
    for text in ("first", "second"):
        assert (await bench.has_begun(text)).turn.faults == 0
    await end(bench)


async def test_a_turn_that_has_run_for_a_while_is_not_blamed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answering.turns.turn_runner.PROBATION", 0.01)
    bench = await begun(database)
    await bench.ask("long")
    await bench.has_begun("long")
    await until(lambda: not bench.turns._worker._running.company.suspect)
    acquitted = bench.turns._worker._running.jobs[0].context.lease
    await bench.table.acquit(acquitted)  # whether that of the runner is stored already is not seen from here
    await die(bench)
    bench = await begun(database)
    assert (await bench.has_begun("long")).turn.faults == 0
    await end(bench)
