"""The tree of a conversation: where a question hangs, and what is kept of it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.conversation.messages import ChatKey, Ending, Question, Quote, TurnState
from bot.storage.schema import messages
from bot.storage.turn_queue.cancel import EndedTurns
from tests.harness.databases import FakeTime
from tests.harness.turn_bench import ANN, BOB, GROUP, PRIVATE, Bench, until


async def test_a_plain_question_goes_on_from_the_newest_point(bench: Bench) -> None:
    await bench.answered("one")
    await bench.answered("two")
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]
    assert [message.text for message in bench.paths[-1]] == ["one", "answer to one", "two"]


async def test_a_reply_goes_on_from_the_message_it_replies_to(bench: Bench) -> None:
    first = await bench.ask_by_id("one", 1)
    await bench.ask_by_id("two", 2)
    shown = (await bench.conversations.shown(first))[0]
    await bench.ask_by_id("three", 3, reply_to=shown)
    assert await bench.said() == ["one", "answer to one", "three", "answer to three"]
    await bench.ask_by_id("four", 4, reply_to=2)
    assert await bench.said() == ["one", "answer to one", "two", "four", "answer to four"]
    await bench.ask_by_id("five", 5)
    assert (await bench.said())[-4:] == ["four", "answer to four", "five", "answer to five"]


async def test_a_reply_to_something_unknown_goes_on_from_the_newest_point(bench: Bench) -> None:
    await bench.ask_by_id("one", 1)
    await bench.ask_by_id("two", 2, reply_to=999)
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


async def test_a_reply_to_a_question_that_is_still_answered_finds_it_when_its_turn_comes(bench: Bench) -> None:
    bench.hold()
    await bench.ask("one", message_id=1)
    last = await bench.ask("two", message_id=2, reply_to=1)
    bench.let_go()
    await bench.is_over(last.turn)
    assert await bench.said() == ["one", "two", "answer to two"]


async def test_topics_and_chats_never_mix(bench: Bench) -> None:
    topic = ChatKey(1, GROUP.chat, 7)
    await bench.ask("in general", GROUP, message_id=1)
    turn = await bench.ask("in the topic", topic, message_id=2, reply_to=1)
    await bench.is_over(turn.turn)
    await bench.answered("in private")
    assert await bench.said(topic) == ["in the topic", "answer to in the topic"]
    assert await bench.said(PRIVATE) == ["in private", "answer to in private"]
    found = await bench.conversations.at(PRIVATE, 1)
    assert found is None or found.text == "in private"
    in_general = await bench.conversations.at(topic, 1)
    assert in_general is not None
    assert await bench.conversations.key(in_general.id) == GROUP


async def test_after_new_the_next_plain_question_begins_anew(bench: Bench) -> None:
    answer = await bench.ask_by_id("one", 1)
    await bench.conversations.start_over(PRIVATE)
    assert await bench.said() == []
    assert await bench.undo(PRIVATE) is None
    await bench.ask_by_id("two", 2)
    assert await bench.said() == ["two", "answer to two"]
    shown = (await bench.conversations.shown(answer))[0]
    await bench.ask_by_id("three", 3, reply_to=shown)
    assert await bench.said() == ["one", "answer to one", "three", "answer to three"]


async def test_what_was_asked_before_new_belongs_to_the_old_conversation(bench: Bench) -> None:
    bench.hold()
    await bench.ask("one")
    await bench.ask("two")
    await bench.has_begun("one")
    await bench.conversations.start_over(PRIVATE)
    last = await bench.ask("three")
    bench.let_go()
    await bench.is_over(last.turn)
    assert [message.text for message in bench.paths[1]] == ["one", "answer to one", "two"]
    assert await bench.said() == ["three", "answer to three"]


async def test_who_asked_is_known_for_questions_and_answers(bench: Bench) -> None:
    asked = await bench.ask("one", GROUP, author=BOB)
    turn = await bench.is_over(asked.turn)
    assert turn.answer is not None
    assert await bench.conversations.author(turn.question) == BOB.id
    assert await bench.conversations.author(turn.answer) == BOB.id
    assert await bench.conversations.author(999) is None
    question = await bench.conversations.message(turn.question)
    assert question is not None
    assert question.author == "Bob"
    assert turn.reply_to == 1


async def test_quotes_and_odd_characters_are_kept(bench: Bench) -> None:
    quote = Quote("Bob", "look \x00here")
    question = Question(PRIVATE, 1, "what? \ud83d", ANN, True, "en", quote=quote)
    turn = await bench.is_over((await bench.turns.ask(question, dedup="1:1")).turn)
    stored = await bench.conversations.message(turn.question)
    assert stored is not None
    assert (stored.text, stored.quote) == ("what? ?", Quote("Bob", "look here"))


async def test_a_path_is_read_up_to_its_limit(bench: Bench) -> None:
    for number in range(3):
        last = await bench.answered(f"q{number}")
    assert [message.text for message in await bench.conversations.path(last, limit=3)] == [
        "answer to q1",
        "q2",
        "answer to q2",
    ]
    assert await bench.conversations.path(999) == []


async def test_old_messages_are_pruned_and_the_rest_goes_on(bench: Bench, unix_time: FakeTime) -> None:
    await bench.answered("one")
    unix_time.now += 100
    await bench.answered("two")
    await bench.conversations.prune(before=unix_time.now)
    assert await bench.said() == ["two", "answer to two"]
    await bench.conversations.prune(before=unix_time.now + 1)
    assert await bench.said() == []
    await bench.answered("three")
    assert await bench.said() == ["three", "answer to three"]


async def test_what_is_being_answered_is_not_pruned(bench: Bench) -> None:
    bench.hold()
    asked = await bench.ask("one")
    await bench.has_begun("one")
    await bench.conversations.prune(before=4e9)
    bench.let_go()
    assert (await bench.is_over(asked.turn)).state is TurnState.DONE
    assert await bench.said() == ["one", "answer to one"]


async def test_a_failed_question_and_its_empty_answer_stay(bench: Bench) -> None:
    bench.hold()
    await bench.ask("one")
    running = await bench.has_begun("one")
    answer = await running.wrote("", "", Ending.FAILED, "The generator is down.")
    assert running.turn.note == "The generator is down."
    stored = await bench.conversations.message(answer)
    assert stored is not None
    assert stored.ending is Ending.FAILED
    bench.let_go()


async def test_two_conversations_become_one_when_their_group_does(bench: Bench) -> None:
    new = ChatKey(1, -100_500)
    await bench.answered("old", GROUP)
    await bench.answered("new", new)
    await bench.turns.migrate(1, GROUP.chat, new.chat)
    assert await bench.said(new) == ["new", "answer to new"]
    async with bench.database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(messages)) == 4


async def test_a_question_that_waits_is_known_by_its_message(bench: Bench) -> None:
    bench.hold()
    await bench.ask("one", message_id=1)
    await bench.ask("two", message_id=2)
    await bench.has_begun("one")
    waiting = await bench.conversations.at(PRIVATE, 2)
    assert waiting is not None
    assert waiting.text == "two"
    bench.let_go()


async def test_a_new_conversation_ends_what_the_old_one_was_asked(bench: Bench) -> None:
    bench.hold()
    running = await bench.ask("one")
    waiting = [await bench.ask(text) for text in ("two", "three")]
    await bench.has_begun("one")
    ended = await bench.turns.end_all(PRIVATE)
    assert (ended.dropped, ended.stopped, ended.acknowledged) == (2, (running.turn,), (2, 3))
    await bench.conversations.start_over(PRIVATE)
    anew = await bench.ask("four")
    bench.let_go("four")
    assert (await bench.is_over(running.turn)).state is TurnState.STOPPED
    assert [(await bench.is_over(one.turn)).state for one in waiting] == [TurnState.STOPPED] * 2
    await bench.is_over(anew.turn)
    assert bench.begun == ["one", "four"]
    assert await bench.said() == ["four", "answer to four"]


async def test_other_conversations_go_on(bench: Bench) -> None:
    bench.hold()
    elsewhere = ChatKey(1, 6)
    running, waiting = await bench.ask("one", elsewhere), await bench.ask("two", elsewhere)
    assert await bench.turns.end_all(PRIVATE) == EndedTurns()
    bench.let_go()
    assert (await bench.is_over(running.turn)).state is TurnState.DONE
    assert (await bench.is_over(waiting.turn)).state is TurnState.DONE


async def test_a_rolled_back_wish_to_begin_anew_ends_nothing(bench: Bench) -> None:
    bench.hold()
    running, waiting = await bench.ask("one"), await bench.ask("two")
    await bench.has_begun("one")

    async def change_of_mind() -> None:
        async with bench.database.transaction():
            await bench.turns.end_all(PRIVATE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_of_mind()
    bench.let_go()
    assert [(await bench.is_over(one.turn)).state for one in (running, waiting)] == [TurnState.DONE] * 2


async def test_an_answer_of_which_only_the_showing_is_left_is_shown_to_its_end(bench: Bench) -> None:
    bench.last_edit.clear()
    asked = await bench.ask("one")
    showing = await bench.has_begun("one")
    await until(lambda: showing.turn.state is TurnState.SHOWING)
    assert await bench.turns.end_all(PRIVATE) == EndedTurns()
    bench.last_edit.set()
    assert (await bench.is_over(asked.turn)).state is TurnState.DONE
