"""Other answers to the same question: again, going on, and which of them counts."""

from __future__ import annotations

import pytest

from bot.conversation.messages import TurnKind, TurnState
from bot.errors import AnswerNotFound, ChatUnavailable
from tests.harness.turn_bench import ANN, BOB, PRIVATE, Bench


async def test_another_answer_takes_the_messages_of_the_last_one(bench: Bench) -> None:
    first = await bench.answered("one")
    screen = await bench.conversations.shown(first)
    second = await bench.again(first)
    assert await bench.conversations.versions(second) == [first, second]
    assert await bench.conversations.versions(first) == [first, second]
    assert await bench.conversations.shown(first) == screen == await bench.conversations.shown(second)
    assert await bench.conversations.newest(PRIVATE) == second
    at = await bench.conversations.at(PRIVATE, screen[0])
    assert at is not None
    assert at.id == second


async def test_an_older_answer_is_given_again_below(bench: Bench) -> None:
    first = await bench.answered("one")
    await bench.answered("two")
    second = await bench.again(first)
    turn = bench.turns_begun[-1].turn
    assert turn.reply_to == 1
    assert await bench.conversations.versions(second) == [second]
    assert set(await bench.conversations.shown(second)).isdisjoint(await bench.conversations.shown(first))
    await bench.answered("three")
    assert await bench.said() == ["one", "answer to one", "three", "answer to three"]


async def test_an_older_answer_is_given_below_however_often_it_is_wanted_again(bench: Bench) -> None:
    first = await bench.answered("one")
    await bench.answered("two")
    screen = await bench.conversations.shown(first)
    below = await bench.again(first)
    further = await bench.again(first)
    assert await bench.conversations.versions(first) == [first], "nothing happens far above"
    assert await bench.conversations.shown(first) == screen
    assert await bench.conversations.versions(further) == [further]
    last = await bench.again(further)
    assert await bench.conversations.versions(last) == [further, last], "the last one is rewritten in its messages"
    assert await bench.conversations.versions(below) == [below]


async def test_pressing_again_twice_answers_once(bench: Bench) -> None:
    first = await bench.answered("one")
    bench.hold()
    pressed = await bench.turns.again(first, by=ANN.id, language="en")
    twice = await bench.turns.again(first, by=ANN.id, language="en")
    assert (twice.turn, twice.joined) == (pressed.turn, True)
    bench.let_go()
    await bench.is_over(pressed.turn)


async def test_where_another_answer_cannot_be_sent_the_one_that_stands_there_counts(bench: Bench) -> None:
    first = await bench.answered("one")
    bench.errors.append(ChatUnavailable("no rights to write"))
    pressed = await bench.turns.again(first, by=ANN.id, language="en")
    assert (await bench.is_over(pressed.turn)).state is TurnState.FAILED
    await bench.answered("two")
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


async def test_another_version_is_shown_and_counts(bench: Bench) -> None:
    first = await bench.answered("one")
    second = await bench.again(first)
    shown = await bench.turns.show(first, by=ANN.id, language="en")
    turn = await bench.is_over(shown.turn)
    assert turn.kind is TurnKind.SHOW
    assert turn.state is TurnState.DONE
    assert await bench.conversations.newest(PRIVATE) == first
    assert await bench.conversations.versions(first) == [first, second]
    at = await bench.conversations.at(PRIVATE, (await bench.conversations.shown(second))[0])
    assert at is not None
    assert at.id == first
    assert [running.turn.state for running in bench.turns_begun[-1:]] == [TurnState.DONE]


async def test_what_was_asked_on_hangs_from_the_version_that_is_shown(bench: Bench) -> None:
    first = await bench.answered("one")
    second = await bench.again(first)
    await bench.answered("two")
    path = await bench.conversations.history(PRIVATE)
    assert [message.id for message in path][1] == second
    await bench.is_over((await bench.turns.show(first, by=ANN.id, language="en")).turn)
    path = await bench.conversations.history(PRIVATE)
    assert [message.id for message in path][1] == first
    assert [message.text for message in path][2:] == ["two", "answer to two"]


async def test_a_cut_answer_goes_on_in_its_messages(bench: Bench) -> None:
    answer = await bench.answered("one")
    screen = await bench.conversations.shown(answer)
    turn = await bench.is_over((await bench.turns.go_on(answer, by=BOB.id, language="ru")).turn)
    assert (turn.kind, turn.answer, turn.language) == (TurnKind.GO_ON, answer, "ru")
    assert bench.paths[-1][-1].text == "answer to one"
    assert await bench.said() == ["one", "answer to one, and more"]
    assert await bench.conversations.shown(answer) == screen


async def test_buttons_of_what_is_gone_say_so(bench: Bench) -> None:
    answer = await bench.answered("one")
    await bench.turns.forget(1, PRIVATE.chat)
    with pytest.raises(AnswerNotFound):
        await bench.turns.again(answer, by=ANN.id, language="en")
    with pytest.raises(AnswerNotFound):
        await bench.turns.go_on(answer, by=ANN.id, language="en")
    with pytest.raises(AnswerNotFound):
        await bench.turns.show(answer, by=ANN.id, language="en")


async def test_what_else_was_answered_to_the_same_questions_is_known(bench: Bench) -> None:
    first = await bench.answered("one")
    second = await bench.again(first)
    other = await bench.answered("two")
    below = await bench.again(first)
    found = await bench.conversations.other_answers([second, other])
    assert {answer: [one.id for one in others] for answer, others in found.items()} == {second: [first, below]}
