"""The queue of turns: order, room, pastes, claims."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bot.conversation.messages import ChatKey, Ending, Shown, TurnState
from bot.errors import LeaseLost, TooManyWaiting
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.schema import messages, turns
from tests.harness.databases import FakeTime
from tests.harness.turn_bench import ANN, BOB, GROUP, PRIVATE, Bench, until


async def test_a_question_is_answered_and_both_stay(bench: Bench) -> None:
    asked = await bench.ask("one")
    turn = await bench.is_over(asked.turn)
    assert turn.state is TurnState.DONE
    assert turn.answer is not None
    assert await bench.said() == ["one", "answer to one"]
    assert [one.message_id for one in turn.shown] == await bench.conversations.shown(turn.answer)


async def test_a_first_question_is_handed_on_as_it_is_stored(bench: Bench) -> None:
    asked = await bench.ask("one")
    turn = await bench.is_over(asked.turn)
    assert bench.paths == [await bench.conversations.path(turn.question)]
    second = await bench.ask("two")
    await bench.is_over(second.turn)
    assert [message.text for message in bench.paths[1]] == ["one", "answer to one", "two"]


async def test_the_same_update_acts_once(bench: Bench) -> None:
    first = await bench.ask("one", message_id=1, dedup="1:77")
    again = await bench.ask("one", message_id=1, dedup="1:77")
    assert again.turn == first.turn
    assert again.joined
    await bench.is_over(first.turn)
    third = await bench.ask("one", message_id=1, dedup="1:77")
    assert third.turn == first.turn
    assert bench.begun == ["one"]


async def test_a_rolled_back_question_was_never_asked(bench: Bench) -> None:
    async def change_of_mind() -> None:
        async with bench.database.transaction():
            await bench.ask("lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_of_mind()
    await bench.answered("kept")
    assert bench.begun == ["kept"]


@pytest.mark.parametrize("key", [PRIVATE, GROUP])
async def test_a_turn_that_begins_at_once_is_the_one_that_was_stored(bench: Bench, key: ChatKey) -> None:
    bench.hold()
    asked = await bench.ask("one", key, message_id=7)
    running = await bench.has_begun("one")
    stored = await bench.turns.get(asked.turn)
    assert stored is not None
    assert replace(running.turn, asked_at=0.0, shown=()) == replace(stored, asked_at=0.0, shown=())
    assert running.turn.asked_at == pytest.approx(stored.asked_at, abs=5.0)


async def test_questions_of_one_conversation_are_answered_in_order(bench: Bench) -> None:
    bench.hold()
    asked = [await bench.ask(f"q{number}") for number in range(4)]
    await bench.has_begun("q0")
    assert bench.begun == ["q0"]
    bench.let_go()
    for one in asked:
        await bench.is_over(one.turn)
    assert bench.begun == ["q0", "q1", "q2", "q3"]
    assert await bench.said() == [text for n in range(4) for text in (f"q{n}", f"answer to q{n}")]


async def test_conversations_are_answered_side_by_side(bench: Bench) -> None:
    bench.hold()
    for chat in range(1, 6):
        await bench.ask(f"of {chat}", ChatKey(1, chat))
    for chat in range(1, 6):
        await bench.has_begun(f"of {chat}")
    assert bench.turns.in_progress() == 5
    bench.let_go()


async def test_beyond_the_room_whoever_asked_first_is_next(database: Database) -> None:
    bench = Bench(database, room=2)
    bench.hold()
    await bench.turns.start()
    asked = [await bench.ask(f"of {chat}", ChatKey(1, chat)) for chat in range(1, 6)]
    await bench.has_begun("of 1")
    await bench.has_begun("of 2")
    assert bench.turns.in_progress() == 2
    bench.let_go("of 2")
    await bench.has_begun("of 3")
    bench.let_go()
    for one in asked:
        await bench.is_over(one.turn)
    assert sorted(bench.begun[:2]) == ["of 1", "of 2"]
    assert bench.begun[2] == "of 3"
    await bench.turns.close(0)


async def test_a_resting_turn_gives_its_place_to_another(database: Database) -> None:
    bench = Bench(database, room=1)
    bench.hold()
    await bench.turns.start()
    await bench.ask("first", ChatKey(1, 1))
    await bench.ask("second", ChatKey(1, 2))
    running = await bench.has_begun("first")
    with running.resting():
        await bench.has_begun("second")
    bench.let_go()
    await until(lambda: bench.ends == ["done", "done"])
    await bench.turns.close(0)


async def test_a_chat_queues_a_bounded_number_of_questions(bench: Bench) -> None:
    bench.hold()
    asked = [await bench.ask(f"q{number}") for number in range(6)]
    with pytest.raises(TooManyWaiting) as refused:
        await bench.ask("too much")
    assert refused.value.limit == 5
    assert (await bench.ask("elsewhere", GROUP)).turn
    bench.let_go()
    for one in asked:
        await bench.is_over(one.turn)
    assert "too much" not in bench.begun


async def test_the_rest_of_a_long_paste_joins_its_beginning(bench: Bench) -> None:
    first = await bench.ask("a" * 4096, message_id=1, may_continue=True)
    second = await bench.ask("bb", message_id=2)
    assert second.turn == first.turn
    assert second.joined
    await bench.is_over(first.turn)
    assert bench.begun == ["a" * 4096 + "bb"]
    question = await bench.conversations.at(PRIVATE, 2)
    assert question is not None
    assert await bench.conversations.shown(question.id) == [1, 2]


async def test_a_long_message_that_nothing_follows_is_answered(bench: Bench) -> None:
    await bench.is_over((await bench.ask("long", may_continue=True)).turn)
    assert bench.begun == ["long"]


async def test_somebody_elses_message_does_not_join_a_paste(bench: Bench) -> None:
    first = await bench.ask("long", GROUP, may_continue=True)
    second = await bench.ask("other", GROUP, author=BOB)
    assert not second.joined
    await bench.is_over(first.turn)
    await bench.is_over(second.turn)
    assert bench.begun == ["long", "other"]


async def test_an_unfinished_turn_begins_again_in_its_messages(database: Database) -> None:
    dying = Bench(database)
    dying.hold()
    await dying.turns.start()
    asked = await dying.ask("one")
    running = await dying.has_begun("one")
    await until(lambda: any(one.message_id for one in running.shown))
    await dying.turns.close(0)
    assert (await dying.table.waiting(1)) == 1

    living = Bench(database)
    await living.turns.start()
    turn = await living.is_over(asked.turn)
    assert turn.state is TurnState.DONE
    assert turn.shown == running.shown
    assert turn.attempt == 1, "a shutdown is no failure"
    assert await living.said() == ["one", "answer to one"]
    await living.turns.close(0)


async def test_a_turn_whose_text_is_stored_only_delivers(bench: Bench) -> None:
    asked = await bench.ask("one")
    await bench.is_over(asked.turn)
    async with bench.database.transaction() as connection:  # as if the process had died just before the end
        await connection.execute(turns.update().values(open=True, state=TurnState.SHOWING, owner=None))
    await bench.ask("two")
    await until(lambda: bench.ends == ["done"] * 3)
    assert bench.begun == ["one", "one", "two"]
    assert await bench.said() == ["one", "answer to one", "two", "answer to two"]


async def test_nothing_of_a_turn_can_be_written_with_an_old_claim(bench: Bench) -> None:
    bench.hold()
    asked = await bench.ask("one")
    running = await bench.has_begun("one")
    async with bench.database.transaction() as connection:
        await connection.execute(turns.update().values(claims=turns.c.claims + 1))
    with pytest.raises(LeaseLost):
        await running.keep([Shown(5)])
    with pytest.raises(LeaseLost):
        await running.wrote("text", "", Ending.COMPLETE)
    with pytest.raises(LeaseLost):
        await running.finish(TurnState.DONE)
    assert (await bench.table.get(asked.turn)) is not None


async def test_a_turn_given_back_and_claimed_again_by_the_same_process_has_another_claim(database: Database) -> None:
    bench = Bench(database)
    asked = await bench.ask("one")
    mine = ChatPartitioning.among("me", ["me"])
    (first,) = await bench.table.claim(1, mine, limit=1)
    await bench.table.release(first.lease)
    (second,) = await bench.table.claim(1, mine, limit=1)
    assert second.turn.attempt == first.turn.attempt, "what was given back was no failure"
    with pytest.raises(LeaseLost):
        await bench.table.keep(first.lease, [Shown(5)])
    await bench.table.keep(second.lease, [Shown(6)])
    turn = await bench.table.get(asked.turn)
    assert turn is not None and [one.message_id for one in turn.shown] == [6]


async def test_writing_and_finishing_may_be_repeated(bench: Bench) -> None:
    bench.hold()
    await bench.ask("one")
    running = await bench.has_begun("one")
    first = await running.wrote("text", "", Ending.COMPLETE)
    assert await running.wrote("whole text", "", Ending.COMPLETE) == first
    await bench.table.finish(running.lease, TurnState.DONE)
    await bench.table.finish(running.lease, TurnState.DONE)
    assert await bench.said() == ["one", "whole text"]


async def test_another_bots_questions_are_left_alone(bench: Bench, database: Database) -> None:
    foreign = Bench(database, bot=2, replica="a")
    asked = await foreign.ask("for the other", ChatKey(2, 5))
    await bench.answered("for this one")
    turn = await foreign.turns.get(asked.turn)
    assert turn is not None
    assert turn.state is TurnState.ASKED
    await foreign.turns.start()
    await foreign.is_over(asked.turn)
    assert await foreign.said(ChatKey(2, 5)) == ["for the other", "answer to for the other"]
    await foreign.turns.close(0)


async def test_the_times_of_questions_are_known_for_limits(bench: Bench, unix_time: FakeTime) -> None:
    bench.hold()
    start = unix_time.now
    await bench.ask("one", GROUP)
    unix_time.now += 10
    await bench.ask("two", GROUP, author=BOB)
    await bench.ask("three", PRIVATE)
    ann, group = (ANN.id, start), (GROUP.chat, start)
    both = [start, start + 10]
    assert await bench.question_times.asked_since(1, person=ann, chat=group) == (both, both)
    assert await bench.question_times.asked_since(1, person=(ANN.id, start + 1), chat=group) == ([start + 10], both)
    assert await bench.question_times.asked_since(1, person=ann, chat=(GROUP.chat, start + 1)) == (both, [start + 10])
    assert await bench.question_times.asked_since(2, person=ann, chat=group) == ([], [])
    bench.let_go()


async def test_what_was_taken_back_or_erased_still_counts_for_limits(bench: Bench, unix_time: FakeTime) -> None:
    start = unix_time.now
    await bench.answered("one", GROUP)
    await bench.undo(GROUP)
    unix_time.now += 10
    await bench.answered("two", GROUP)
    await bench.turns.forget(1, GROUP.chat)
    unix_time.now += 10
    await bench.answered("three", GROUP)
    all_three = [start, start + 10, start + 20]
    ann, group, private = (ANN.id, start), (GROUP.chat, start), (PRIVATE.chat, start)
    assert await bench.question_times.asked_since(1, person=ann, chat=group) == (all_three, all_three)
    assert await bench.question_times.asked_since(1, person=ann, chat=private) == (all_three, [])
    await bench.table.prune(start + 5)
    kept, _ = await bench.question_times.asked_since(1, person=ann, chat=group)
    assert kept[0] == start + 10


async def test_finished_turns_are_pruned_and_what_was_said_stays(bench: Bench) -> None:
    await bench.answered("one")
    assert await bench.table.prune(before=4e9) == 1
    assert await bench.said() == ["one", "answer to one"]


async def test_forgetting_a_chat_ends_what_runs_there_and_leaves_nothing(bench: Bench) -> None:
    bench.hold()
    await bench.ask("one")
    await bench.ask("two")
    kept = await bench.ask("other", GROUP)
    await bench.has_begun("one")
    await bench.turns.forget(1, PRIVATE.chat)
    await until(lambda: bench.ends == ["CancelledError"])
    assert await bench.said() == []
    async with bench.database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(messages)) == 1
    bench.let_go()
    await bench.is_over(kept.turn)
    assert "two" not in bench.begun


async def test_a_running_turn_moves_with_its_group(bench: Bench) -> None:
    bench.hold()
    asked = await bench.ask("one", GROUP)
    await bench.has_begun("one")
    await bench.turns.migrate(1, GROUP.chat, -100_500)
    again = await bench.has_begun("one", times=2)
    assert again.turn.key == ChatKey(1, -100_500)
    bench.let_go()
    await bench.is_over(asked.turn)
    assert await bench.said(ChatKey(1, -100_500)) == ["one", "answer to one"]
    assert await bench.said(GROUP) == []


async def test_a_turn_that_moves_to_where_another_runs_waits_and_holds_nobody_up(bench: Bench) -> None:
    new = ChatKey(1, -100_500)
    bench.hold()
    moved = await bench.ask("moved", GROUP)
    await bench.has_begun("moved")
    await bench.ask("there", new)
    await bench.has_begun("there")
    await bench.turns.migrate(1, GROUP.chat, new.chat)
    await bench.ask("elsewhere", may_continue=True)
    await bench.has_begun("elsewhere")
    assert bench.begun.count("moved") == 1
    bench.let_go()
    assert (await bench.is_over(moved.turn)).state is TurnState.DONE
    assert bench.begun[-1] == "moved"
