"""Buttons that are pressed in the moment in which a turn makes its last edit: its keyboard is there already."""

from __future__ import annotations

from bot.conversation.messages import Ending, TurnState
from tests.harness.turn_bench import ANN, PRIVATE, Bench, until


async def ending(bench: Bench, text: str = "one") -> int:
    """Ask; gives the answer once it is written, but not wholly on the screen."""
    bench.last_edit.clear()
    asked = await bench.ask(text, message_id=1)
    return await written(bench, asked.turn)


async def written(bench: Bench, turn: int) -> int:
    """The answer of a turn that only has its last edit to make."""

    async def showing() -> bool:
        found = await bench.turns.get(turn)
        return found is not None and found.state is TurnState.SHOWING

    await until(showing)
    found = await bench.turns.get(turn)
    assert found is not None
    assert found.answer is not None
    return found.answer


async def test_again_waits_for_the_last_edit_and_takes_over_the_messages(bench: Bench) -> None:
    first = await ending(bench)
    pressed = await bench.turns.again(first, by=ANN.id, language="en")
    twice = await bench.turns.again(first, by=ANN.id, language="en")
    assert (pressed.joined, twice.turn, twice.joined) == (False, pressed.turn, True)
    bench.last_edit.set()
    second = await bench.is_over(pressed.turn)
    assert second.answer is not None
    assert await bench.conversations.versions(second.answer) == [first, second.answer]
    assert [one.message_id for one in second.shown] == await bench.conversations.shown(first) != []
    assert await bench.conversations.newest(PRIVATE) == second.answer


async def test_again_on_an_older_answer_does_the_same_each_time(bench: Bench) -> None:
    older = await bench.ask_by_id("apple", 1)
    await bench.ask_by_id("banana", 2)
    screens = [await bench.conversations.shown(await bench.again(older)) for _ in range(2)]
    assert await bench.conversations.shown(older) not in screens, "the old one stays as it is"
    assert screens[0] != screens[1], "another one below"


async def test_going_on_waits_for_the_last_edit_and_takes_over_the_messages(bench: Bench) -> None:
    bench.ending = Ending.LENGTH
    answer = await ending(bench)
    pressed = await bench.turns.go_on(answer, by=ANN.id, language="en")
    assert not pressed.joined
    bench.ending = Ending.COMPLETE
    bench.last_edit.set()
    turn = await bench.is_over(pressed.turn)
    assert [one.message_id for one in turn.shown] == await bench.conversations.shown(answer) != []
    assert await bench.said() == ["one", "answer to one, and more"]


async def test_a_second_press_does_not_make_a_whole_answer_go_on(bench: Bench) -> None:
    bench.ending = Ending.LENGTH
    answer = await bench.answered("one")
    bench.ending = Ending.COMPLETE
    bench.last_edit.clear()
    pressed = await bench.turns.go_on(answer, by=ANN.id, language="en")
    await written(bench, pressed.turn)
    twice = await bench.turns.go_on(answer, by=ANN.id, language="en")
    assert (twice.turn, twice.joined) == (pressed.turn, True)


async def test_another_version_is_shown_once_the_last_edit_is_made(bench: Bench) -> None:
    first = await bench.answered("one")
    bench.last_edit.clear()
    again = await bench.turns.again(first, by=ANN.id, language="en")
    second = await written(bench, again.turn)
    shown = await bench.turns.show(first, by=ANN.id, language="en")
    assert not shown.joined
    bench.last_edit.set()
    await bench.is_over(shown.turn)
    assert await bench.conversations.newest(PRIVATE) == first
    assert await bench.conversations.shown(first) == await bench.conversations.shown(second)


async def test_of_several_versions_wanted_the_last_is_shown(bench: Bench) -> None:
    first = await bench.answered("one")
    bench.last_edit.clear()
    again = await bench.turns.again(first, by=ANN.id, language="en")
    second = await written(bench, again.turn)
    wanted = [await bench.turns.show(version, by=ANN.id, language="en") for version in (first, second, first)]
    assert len({one.turn for one in wanted}) == 1
    bench.last_edit.set()
    await bench.is_over(wanted[0].turn)
    assert await bench.conversations.newest(PRIVATE) == first


async def test_an_edit_meets_the_question_whose_other_answer_waits(bench: Bench) -> None:
    first = await ending(bench)
    pressed = await bench.turns.again(first, by=ANN.id, language="en")
    assert await bench.edit("two", 1)
    bench.last_edit.set()
    turn = await bench.is_over(pressed.turn)
    assert await bench.said() == ["two", "answer to two"]
    assert [one.message_id for one in turn.shown] == await bench.conversations.shown(first) != []


async def test_undo_takes_out_what_waits_and_what_is_shown(bench: Bench) -> None:
    first = await ending(bench)
    visible = await bench.conversations.shown(first)
    await bench.turns.again(first, by=ANN.id, language="en")
    assert await bench.undo(PRIVATE) == sorted([1, *visible])
    await until(lambda: bench.turns.in_progress() == 0)
    assert await bench.said() == []
    assert bench.begun == ["one"]
