"""How turns end before their time: stopped, broken, without a database, at a shutdown."""

from __future__ import annotations

import asyncio
import math

import pytest

from bot.answering.turns.turn_context import TurnContext
from bot.conversation.messages import Ending, TurnState
from bot.errors import ChatUnavailable, StorageUnavailable, TopicUnavailable, Unauthorized
from bot.storage.database import Database
from bot.storage.turn_queue.cancel import TurnCanceller
from tests.harness.turn_bench import ANN, GROUP, PRIVATE, Bench, until


async def test_a_stop_ends_the_answer_and_keeps_its_text(bench: Bench) -> None:
    bench.hold()
    asked = await bench.ask("one")
    await bench.has_begun("one")
    assert await bench.turns.stop(PRIVATE)
    turn = await bench.is_over(asked.turn)
    assert turn.state is TurnState.STOPPED
    assert turn.answer is not None
    answer = await bench.conversations.message(turn.answer)
    assert answer is not None
    assert answer.ending is Ending.STOPPED
    assert not await bench.turns.stop(PRIVATE)
    assert not await bench.turns.stop_turn(asked.turn)


async def test_a_question_stopped_before_its_turn_is_not_answered(bench: Bench) -> None:
    bench.hold()
    first = await bench.ask("one")
    second = await bench.ask("two")
    await bench.has_begun("one")
    assert await bench.turns.stop_turn(second.turn)
    bench.let_go()
    await bench.is_over(first.turn)
    assert (await bench.is_over(second.turn)).state is TurnState.STOPPED
    await bench.answered("three")
    assert bench.begun == ["one", "three"]
    assert await bench.said() == ["one", "answer to one", "three", "answer to three"]


async def test_a_stop_between_two_attempts_is_remembered(database: Database) -> None:
    dying = Bench(database)
    dying.hold()
    await dying.turns.start()
    asked = await dying.ask("one")
    await dying.has_begun("one")
    await until(lambda: bool(dying.turns_begun[0].shown))
    await dying.turns.close(0)

    living = Bench(database)
    living.hold()
    assert await living.turns.stop_turn(asked.turn)
    await living.turns.start()
    assert (await living.is_over(asked.turn)).state is TurnState.STOPPED
    await living.turns.close(0)


async def test_work_that_breaks_is_tried_three_times_and_then_told_so(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answering.turns.turn_outcome.STORE_RETRY_DELAY", 0.01)
    bench.errors = [ValueError(f"bug {number}") for number in range(4)]
    asked = await bench.ask("one")
    turn = await bench.is_over(asked.turn)
    assert turn.state is TurnState.FAILED
    assert [running.turn.attempt for running in bench.turns_begun] == [1, 2, 3, 4]
    assert "broke at attempt 3" in caplog.text
    await bench.answered("two")
    assert await bench.said() == ["one", "two", "answer to two"], "the failed question stays"


async def test_work_that_forgets_to_finish_is_finished_for_it(bench: Bench) -> None:
    async def forgetful(_running: object) -> None:
        return

    bench.work = forgetful
    asked = await bench.ask("one")
    assert (await bench.is_over(asked.turn)).state is TurnState.FAILED


async def test_a_gone_chat_fails_what_waits_without_more_tries(bench: Bench) -> None:
    bench.hold()
    bench.errors = []
    asked = [await bench.ask(f"q{number}") for number in range(3)]
    other = await bench.ask("other", GROUP)
    await bench.has_begun("q0")
    await bench.turns.drop_chat(1, PRIVATE.chat)
    assert [(await bench.is_over(one.turn)).state for one in asked[1:]] == [TurnState.FAILED] * 2
    bench.let_go()
    assert (await bench.is_over(other.turn)).state is TurnState.DONE
    bench.errors = [ChatUnavailable("blocked")]
    last = await bench.ask("gone now")
    assert (await bench.is_over(last.turn)).state is TurnState.FAILED
    assert "q1" not in bench.begun


async def test_a_lost_database_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.hold()
    asked = await bench.ask("one")
    await bench.has_begun("one")
    finish, failures = bench.table.finish, [StorageUnavailable("away"), StorageUnavailable("still away")]

    async def flaky(*args: object) -> None:
        if failures:
            raise failures.pop()
        await finish(*args)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(bench.table, "finish", flaky)
    bench.let_go()
    assert (await bench.is_over(asked.turn)).state is TurnState.DONE
    assert failures == []


async def test_a_turn_whose_end_could_not_be_stored_is_taken_up_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answering.turns.turn_context.STORE_RETRY_TIMEOUT", 0.0)
    monkeypatch.setattr("bot.answering.turns.turn_outcome.STORE_RETRY_DELAY", 0.01)
    monkeypatch.setattr("bot.answering.turns.turn_runner.STORE_RETRY_DELAY", 0.01)
    monkeypatch.setattr("bot.answering.turns.worker.STORE_RETRY_DELAY", 0.01)
    failing = True
    finish, release = bench.table.finish, bench.table.release

    async def broken_finish(*args: object) -> None:
        if failing:
            raise StorageUnavailable("away")
        await finish(*args)  # type: ignore[arg-type]  # passed through

    async def broken_release(*args: object, **named: object) -> bool:
        if failing:
            raise StorageUnavailable("away")
        return await release(*args, **named)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(bench.table, "finish", broken_finish)
    monkeypatch.setattr(bench.table, "release", broken_release)
    asked = await bench.ask("one")
    await until(lambda: bench.ends == ["StorageUnavailable"])
    failing = False
    assert (await bench.is_over(asked.turn)).state is TurnState.DONE
    assert bench.begun == ["one", "one"]
    assert await bench.said() == ["one", "answer to one"]


async def test_shutting_down_waits_for_what_is_nearly_done(bench: Bench) -> None:
    bench.hold()
    asked = await bench.ask("one")
    waiting = await bench.ask("two")
    await bench.has_begun("one")
    closing = bench.tasks.start(bench.turns.close(20), name="close")
    await asyncio.sleep(0)
    bench.let_go()
    await closing
    assert (await bench.is_over(asked.turn)).state is TurnState.DONE
    left = await bench.turns.get(waiting.turn)
    assert left is not None
    assert left.state is TurnState.ASKED


async def test_a_question_edited_while_its_chat_is_found_gone_is_answered_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_waiting = TurnCanceller.drop_waiting

    async def and_meanwhile(canceller: TurnCanceller, *args: int, **named: int) -> int:
        assert await bench.edit("edited", 1)
        return await drop_waiting(canceller, *args, **named)

    monkeypatch.setattr(TurnCanceller, "drop_waiting", and_meanwhile)
    bench.errors = [ChatUnavailable("blocked for a moment")]
    asked = await bench.ask("one", message_id=1)
    await bench.has_begun("edited")
    assert (await bench.is_over(asked.turn)).state is TurnState.DONE


async def test_a_press_under_an_answer_that_was_just_cut_is_not_dropped_with_what_waits(bench: Bench) -> None:
    later: list[int] = []

    async def cut(running: TurnContext) -> None:
        if later:
            await bench.do(running)
            return
        await running.begin()
        answer = await running.wrote("half", "", Ending.BROKEN)
        later.append((await bench.turns.go_on(answer, by=ANN.id, language="en")).turn)
        later.append((await bench.ask("two")).turn)
        raise TopicUnavailable("closed for a moment")

    bench.work = cut
    asked = await bench.ask("one")
    assert (await bench.is_over(asked.turn)).state is TurnState.FAILED
    pressed, waited = [await bench.is_over(turn) for turn in later]
    assert (pressed.state, waited.state) == (TurnState.DONE, TurnState.FAILED)
    assert await bench.said() == ["one", "half, and more"]


async def test_an_answer_that_a_wrong_token_kept_from_its_chat_waits_for_the_right_one(database: Database) -> None:
    bench = Bench(database)
    await bench.turns.start()
    bench.errors = [Unauthorized("Unauthorized")] * 9
    asked = await bench.ask("one")
    await until(lambda: bench.ends == ["Unauthorized"])
    await until(lambda: bench.turns.in_progress() == 0)
    await bench.turns.close(0)
    turn = await bench.turns.get(asked.turn)
    assert turn is not None
    assert (turn.attempt, turn.state.finished) == (0, False)
    await bench.tasks.close()


async def test_what_breaks_after_the_end_of_a_turn_is_reported(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_before: float) -> int:
        raise ValueError("no tidying")

    monkeypatch.setattr(bench.table, "prune", broken)
    monkeypatch.setattr(bench.turns._retention, "_pruned_at", -math.inf)
    asked = await bench.ask("one")
    assert (await bench.is_over(asked.turn)).state is TurnState.DONE
    await until(lambda: "no tidying" in caplog.text)
