"""Questions that are edited, and questions that are taken back."""

from __future__ import annotations

import asyncio

import pytest

from bot.answering.turns.turn_context import TurnContext
from bot.conversation.messages import Shown, TurnKind
from bot.errors import AnswerNotFound
from tests.harness.turn_bench import ANN, PRIVATE, Bench, until


async def test_editing_the_last_question_answers_in_the_same_messages(bench: Bench) -> None:
    await bench.ask_by_id("zero", 1)
    old = await bench.ask_by_id("one", 2)
    screen = await bench.conversations.shown(old)
    assert await bench.edit("won", 2)
    await bench.has_begun("won")
    await until(lambda: bench.ends == ["done"] * 3)
    assert await bench.said() == ["zero", "answer to zero", "won", "answer to won"]
    newest = await bench.conversations.newest(PRIVATE)
    assert newest is not None
    assert await bench.conversations.shown(newest) == screen
    assert await bench.conversations.versions(newest) == [newest]
    assert await bench.conversations.message(old) is not None, "the old one stays in the tree"


async def test_editing_while_the_answer_is_written_starts_over(bench: Bench) -> None:
    bench.hold()
    asked = await bench.ask("one", message_id=1)
    await bench.ask("two", message_id=2)
    running = await bench.has_begun("one")
    await until(lambda: bool(running.shown and running.shown[0].message_id))
    assert await bench.edit("won", 1)
    restarted = await bench.has_begun("won")
    assert restarted.turn.id == asked.turn
    assert restarted.shown == running.shown
    assert bench.ends == ["CancelledError"]
    bench.let_go()
    await until(lambda: bench.ends == ["CancelledError", "done", "done"])
    assert await bench.said() == ["won", "answer to won", "two", "answer to two"]


async def test_editing_a_waiting_question_changes_its_text(bench: Bench) -> None:
    bench.hold()
    await bench.ask("one", message_id=1)
    second = await bench.ask("two", message_id=2)
    await bench.has_begun("one")
    assert await bench.edit("too", 2)
    bench.let_go()
    await bench.is_over(second.turn)
    assert bench.begun == ["one", "too"]
    assert await bench.said() == ["one", "answer to one", "too", "answer to too"]


async def test_editing_an_older_question_answers_below_from_its_point(bench: Bench) -> None:
    await bench.ask_by_id("zero", 1)
    old = await bench.ask_by_id("one", 2)
    await bench.ask_by_id("two", 3)
    assert await bench.edit("won", 2)
    running = await bench.has_begun("won")
    assert running.turn.reply_to == 2
    await until(lambda: bench.ends == ["done"] * 5)
    assert await bench.said() == ["zero", "answer to zero", "won", "answer to won"]
    marks = [running.turn for running in bench.turns_begun if running.turn.note]
    assert [(mark.kind, mark.answer, mark.note) for mark in marks] == [(TurnKind.SHOW, old, "Changed")]
    newest = await bench.conversations.newest(PRIVATE)
    assert newest is not None
    assert await bench.conversations.shown(newest) != await bench.conversations.shown(old)


async def test_an_edit_without_change_or_of_something_unknown_does_nothing(bench: Bench) -> None:
    await bench.ask_by_id("one", 1)
    assert await bench.edit("one", 1)
    assert not await bench.edit("new", 99)
    shown = await bench.conversations.newest(PRIVATE)
    assert shown is not None
    assert not await bench.edit("mine", (await bench.conversations.shown(shown))[0]), "an answer is no question"
    assert bench.begun == ["one"]


async def test_an_edited_question_keeps_its_side_of_new(bench: Bench) -> None:
    await bench.ask_by_id("one", 1)
    await bench.conversations.start_over(PRIVATE)
    assert await bench.edit("won", 1)
    await until(lambda: bench.ends == ["done"] * 2)
    assert await bench.said() == []
    await bench.ask_by_id("two", 2)
    assert await bench.said() == ["two", "answer to two"]


async def test_undo_takes_the_last_question_and_its_answers_out(bench: Bench) -> None:
    await bench.ask_by_id("one", 1)
    answer = await bench.again(await bench.ask_by_id("two", 2))
    screen = await bench.conversations.shown(answer)
    assert await bench.undo(PRIVATE) == sorted([2, *screen])
    assert await bench.said() == ["one", "answer to one"]
    assert await bench.conversations.at(PRIVATE, 2) is None
    with pytest.raises(AnswerNotFound):
        await bench.turns.again(answer, by=ANN.id, language="en")
    assert await bench.undo(PRIVATE) is not None
    assert await bench.undo(PRIVATE) is None


async def test_undo_of_a_branch_leads_back_to_the_newest_message_on_the_screen(bench: Bench) -> None:
    await bench.ask_by_id("one", 1)
    await bench.ask_by_id("two", 2)
    await bench.ask_by_id("three", 3, reply_to=1)
    await bench.undo(PRIVATE)
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


async def test_undo_of_an_answer_given_again_below_leaves_the_older_one(bench: Bench) -> None:
    first = await bench.ask_by_id("one", 1)
    await bench.ask_by_id("two", 2)
    below = await bench.again(first)
    only_itself = await bench.conversations.shown(below)
    assert await bench.undo(PRIVATE) == only_itself
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


async def test_undo_while_the_answer_is_written_takes_that_question_out(bench: Bench) -> None:
    await bench.ask_by_id("one", 1)
    bench.hold()
    await bench.ask("two", message_id=2)
    running = await bench.has_begun("two")
    await until(lambda: bool(running.shown and running.shown[0].message_id))
    assert await bench.undo(PRIVATE) == [2, 1001]
    await until(lambda: bench.ends == ["done", "CancelledError"])
    bench.let_go()
    await bench.ask_by_id("three", 3)
    assert await bench.said() == ["one", "answer to one", "three", "answer to three"]


async def test_a_message_that_goes_out_while_the_answer_starts_over_is_written_on_in(bench: Bench) -> None:
    sending = asyncio.Event()

    async def send_slowly(running: TurnContext) -> None:
        bench.work = bench.do
        sending.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await running.keep((Shown(77),))
            raise

    bench.work = send_slowly
    await bench.ask("one", message_id=1)
    await sending.wait()
    assert await bench.edit("won", 1)
    restarted = await bench.has_begun("won")
    assert [one.message_id for one in restarted.shown] == [77]
