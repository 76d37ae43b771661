from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from bot.conversation.messages import ChatKey, Ending, Question, Quote, TurnKind, TurnState
from bot.errors import AnswerGone, ChatGone
from bot.storage.store import Store
from bot.storage.tables import messages
from tests.answering.bench import ANN, BOB, GROUP, PRIVATE, Bench, until
from tests.databases import FakeTime


@pytest.fixture
async def bench(store: Store) -> AsyncIterator[Bench]:
    bench = Bench(store)
    await bench.turns.start()
    yield bench
    await bench.turns.close(0)
    await bench.tasks.close()


async def again(bench: Bench, answer: int) -> int:
    turn = await bench.is_over((await bench.turns.again(answer, by=ANN.id, language="en")).turn)
    assert turn.answer is not None
    return turn.answer


async def ask_by_id(bench: Bench, text: str, message_id: int, *, reply_to: int | None = None) -> int:
    turn = await bench.is_over((await bench.ask(text, message_id=message_id, reply_to=reply_to)).turn)
    assert turn.answer is not None
    return turn.answer


async def test_a_plain_question_goes_on_from_the_newest_point(bench: Bench) -> None:
    await bench.answered("one")
    await bench.answered("two")
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]
    assert [message.text for message in bench.paths[-1]] == ["one", "answer to one", "two"]


async def test_a_reply_goes_on_from_the_message_it_replies_to(bench: Bench) -> None:
    first = await ask_by_id(bench, "one", 1)
    await ask_by_id(bench, "two", 2)
    shown = (await bench.conversations.shown(first))[0]
    await ask_by_id(bench, "three", 3, reply_to=shown)
    assert await bench.said() == ["one", "answer to one", "three", "answer to three"]
    await ask_by_id(bench, "four", 4, reply_to=2)
    assert await bench.said() == ["one", "answer to one", "two", "four", "answer to four"]
    await ask_by_id(bench, "five", 5)
    assert (await bench.said())[-4:] == ["four", "answer to four", "five", "answer to five"]


async def test_a_reply_to_something_unknown_goes_on_from_the_newest_point(bench: Bench) -> None:
    await ask_by_id(bench, "one", 1)
    await ask_by_id(bench, "two", 2, reply_to=999)
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
    answer = await ask_by_id(bench, "one", 1)
    await bench.conversations.start_over(PRIVATE)
    assert await bench.said() == []
    assert await bench.conversations.undo(PRIVATE) is None
    await ask_by_id(bench, "two", 2)
    assert await bench.said() == ["two", "answer to two"]
    shown = (await bench.conversations.shown(answer))[0]
    await ask_by_id(bench, "three", 3, reply_to=shown)
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


async def test_another_answer_takes_the_messages_of_the_last_one(bench: Bench) -> None:
    first = await bench.answered("one")
    screen = await bench.conversations.shown(first)
    second = await again(bench, first)
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
    second = await again(bench, first)
    turn = bench.turns_begun[-1].turn
    assert turn.reply_to == 1
    assert await bench.conversations.versions(second) == [second]
    assert set(await bench.conversations.shown(second)).isdisjoint(await bench.conversations.shown(first))
    await bench.answered("three")
    assert await bench.said() == ["one", "answer to one", "three", "answer to three"]


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
    bench.errors.append(ChatGone("no rights to write"))
    pressed = await bench.turns.again(first, by=ANN.id, language="en")
    assert (await bench.is_over(pressed.turn)).state is TurnState.FAILED
    await bench.answered("two")
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


async def test_another_version_is_shown_and_counts(bench: Bench) -> None:
    first = await bench.answered("one")
    second = await again(bench, first)
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
    second = await again(bench, first)
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
    with pytest.raises(AnswerGone):
        await bench.turns.again(answer, by=ANN.id, language="en")
    with pytest.raises(AnswerGone):
        await bench.turns.go_on(answer, by=ANN.id, language="en")
    with pytest.raises(AnswerGone):
        await bench.turns.show(answer, by=ANN.id, language="en")


async def test_editing_the_last_question_answers_in_the_same_messages(bench: Bench) -> None:
    await ask_by_id(bench, "zero", 1)
    old = await ask_by_id(bench, "one", 2)
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
    await ask_by_id(bench, "zero", 1)
    old = await ask_by_id(bench, "one", 2)
    await ask_by_id(bench, "two", 3)
    assert await bench.edit("won", 2)
    running = await bench.has_begun("won")
    assert running.turn.reply_to == 2
    await until(lambda: bench.ends == ["done"] * 4)
    assert await bench.said() == ["zero", "answer to zero", "won", "answer to won"]
    newest = await bench.conversations.newest(PRIVATE)
    assert newest is not None
    assert await bench.conversations.shown(newest) != await bench.conversations.shown(old)


async def test_an_edit_without_change_or_of_something_unknown_does_nothing(bench: Bench) -> None:
    await ask_by_id(bench, "one", 1)
    assert await bench.edit("one", 1)
    assert not await bench.edit("new", 99)
    shown = await bench.conversations.newest(PRIVATE)
    assert shown is not None
    assert not await bench.edit("mine", (await bench.conversations.shown(shown))[0]), "an answer is no question"
    assert bench.begun == ["one"]


async def test_an_edited_question_keeps_its_side_of_new(bench: Bench) -> None:
    await ask_by_id(bench, "one", 1)
    await bench.conversations.start_over(PRIVATE)
    assert await bench.edit("won", 1)
    await until(lambda: bench.ends == ["done"] * 2)
    assert await bench.said() == []
    await ask_by_id(bench, "two", 2)
    assert await bench.said() == ["two", "answer to two"]


async def test_undo_takes_the_last_question_and_its_answers_out(bench: Bench) -> None:
    await ask_by_id(bench, "one", 1)
    answer = await again(bench, await ask_by_id(bench, "two", 2))
    screen = await bench.conversations.shown(answer)
    assert await bench.turns.undo(PRIVATE) == sorted([2, *screen])
    assert await bench.said() == ["one", "answer to one"]
    assert await bench.conversations.at(PRIVATE, 2) is None
    with pytest.raises(AnswerGone):
        await bench.turns.again(answer, by=ANN.id, language="en")
    assert await bench.turns.undo(PRIVATE) is not None
    assert await bench.turns.undo(PRIVATE) is None


async def test_undo_of_a_branch_leads_back_to_the_newest_message_on_the_screen(bench: Bench) -> None:
    await ask_by_id(bench, "one", 1)
    await ask_by_id(bench, "two", 2)
    await ask_by_id(bench, "three", 3, reply_to=1)
    await bench.turns.undo(PRIVATE)
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


async def test_undo_of_an_answer_given_again_below_leaves_the_older_one(bench: Bench) -> None:
    first = await ask_by_id(bench, "one", 1)
    await ask_by_id(bench, "two", 2)
    below = await again(bench, first)
    only_itself = await bench.conversations.shown(below)
    assert await bench.turns.undo(PRIVATE) == only_itself
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


async def test_undo_while_the_answer_is_written_takes_that_question_out(bench: Bench) -> None:
    await ask_by_id(bench, "one", 1)
    bench.hold()
    await bench.ask("two", message_id=2)
    running = await bench.has_begun("two")
    await until(lambda: bool(running.shown and running.shown[0].message_id))
    assert await bench.turns.undo(PRIVATE) == [2, 1001]
    await until(lambda: bench.ends == ["done", "CancelledError"])
    bench.let_go()
    await ask_by_id(bench, "three", 3)
    assert await bench.said() == ["one", "answer to one", "three", "answer to three"]


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
    async with bench.store.reading() as connection:
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
