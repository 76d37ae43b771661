"""Turns that were begun twice without an end: one of them may be what kills the process."""

from __future__ import annotations

from sqlalchemy import update

from bot.conversation.messages import ChatKey, TurnState
from bot.storage.database import Database
from bot.storage.schema import turns
from tests.harness.turn_bench import Bench, until


async def asked_in_vain(bench: Bench, number: int, attempts: int = 2) -> list[int]:
    """So many questions whose turns were begun so often, each time until the process died."""
    asked = [await bench.ask(f"q{n}", ChatKey(1, n + 1)) for n in range(number)]
    async with bench.database.transaction() as connection:
        await connection.execute(update(turns).values(attempt=attempts, faults=attempts, state=TurnState.WRITING))
    return [one.turn for one in asked]


async def end(bench: Bench) -> None:
    bench.let_go()
    await bench.turns.close(0)
    await bench.tasks.close()


async def test_of_turns_with_a_last_chance_one_runs_at_a_time(database: Database) -> None:
    bench = Bench(database)
    asked = await asked_in_vain(bench, 3)
    bench.hold()
    await bench.turns.start()
    for number, turn in enumerate(asked):
        await bench.has_begun(f"q{number}")
        assert bench.turns.in_progress() == 1
        bench.let_go(f"q{number}")
        await bench.is_over(turn)
    assert bench.begun == ["q0", "q1", "q2"]
    await end(bench)


async def test_other_questions_run_beside_a_last_chance(database: Database) -> None:
    bench = Bench(database)
    await asked_in_vain(bench, 20)
    bench.hold()
    await bench.turns.start()
    await bench.has_begun("q0")
    await bench.ask("new", ChatKey(1, 99))
    await bench.has_begun("new")
    assert bench.begun == ["q0", "new"]
    await end(bench)


async def test_turns_that_were_begun_once_run_side_by_side(database: Database) -> None:
    bench = Bench(database)
    await asked_in_vain(bench, 3, attempts=1)
    bench.hold()
    await bench.turns.start()
    await until(lambda: bench.turns.in_progress() == 3)
    await end(bench)
