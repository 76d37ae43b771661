"""Which processes wrote in a chat, and when, on both databases: a budget is shared with them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.storage.partitioning import ChatPartitioning
from bot.storage.schema import turns
from bot.storage.turn_queue.others_writing import written_by_others
from tests.harness.turn_bench import GROUP, PRIVATE, Bench

OTHER = ChatPartitioning.among("other/9", [])


async def spells(bench: Bench, chat: int = PRIVATE.chat, *, me: str, turn: int = 0) -> list[tuple[float, float]]:
    return list(await written_by_others(bench.database, 1, chat, me=me, turn=turn, lately=60.0))


async def pass_time(bench: Bench, seconds: float) -> None:
    """Let everything have happened so much earlier."""
    earlier = {"finished_at": turns.c.finished_at - seconds, "written_from": turns.c.written_from - seconds}
    async with bench.database.transaction() as connection:
        await connection.execute(turns.update().values(earlier))


async def test_nobody_else_has_written_what_this_process_wrote(bench: Bench) -> None:
    await bench.answered("one")
    async with bench.database.reading() as connection:
        owner = await connection.scalar(select(turns.c.owner))
    assert owner is not None
    assert await spells(bench, me=owner) == []


async def test_an_answer_of_another_process_counts_from_its_beginning_to_its_end_for_a_minute(bench: Bench) -> None:
    await bench.answered("one")
    await pass_time(bench, 30)
    (spell,) = await spells(bench, me="next/1")
    assert spell == pytest.approx((30.0, 30.0), abs=20.0)
    assert spell[0] >= spell[1]
    assert await spells(bench, GROUP.chat, me="next/1") == []
    await pass_time(bench, 31)
    assert await spells(bench, me="next/1") == []


async def test_an_answer_that_runs_elsewhere_counts_to_this_moment(bench: Bench) -> None:
    bench.hold()
    await bench.ask("one")
    await bench.has_begun("one")
    await pass_time(bench, 100)
    ((began, ended),) = await spells(bench, me="next/1")
    assert began == pytest.approx(100.0, abs=20.0)
    assert ended == 0.0
    bench.let_go()


@pytest.mark.parametrize("ends", ["released", "dead"])
async def test_what_was_written_of_a_turn_before_it_came_here_counts_once(bench: Bench, ends: str) -> None:
    await bench.turns.close(0)
    asked = await bench.ask("one")
    (taken,) = await bench.table.claim(1, OTHER, limit=1)
    if ends == "released":
        await bench.table.release(taken.lease)
    else:
        await bench.table.take_back(1, owner="other/")
    assert [ended for _, ended in await spells(bench, me="next/1")] == [0.0]
    (mine,) = await bench.table.claim(1, ChatPartitioning.among("next/1", []), limit=1)
    assert [ended for _, ended in await spells(bench, me="next/1", turn=asked.turn)] == [0.0]
    assert await spells(bench, me="next/1") == []
    assert mine.turn.id == asked.turn


async def test_a_turn_that_this_process_gave_back_itself_counts_for_others_alone(bench: Bench) -> None:
    await bench.turns.close(0)
    await bench.ask("one")
    (taken,) = await bench.table.claim(1, OTHER, limit=1)
    await bench.table.release(taken.lease, counts=True)
    assert await spells(bench, me=OTHER.me) == []
    assert len(await spells(bench, me="next/1")) == 1
