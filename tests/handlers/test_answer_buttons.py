"""Stop, again, go on, versions, and the commands that do the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiogram import methods

from bot.conversation.messages import Ending
from bot.conversation.people import Standing
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Harness, open_harness
from tests.harness.recording_session import BOT_ID

MENTION = "@aura_bot"


async def answer_of(harness: Harness, chat: int = ANNA.id) -> int:
    """The newest answer of a conversation."""
    newest = await harness.conversations.newest(harness.key(chat))
    assert newest is not None
    return newest


async def turn_of(harness: Harness, chat: int = ANNA.id) -> int:
    """What a conversation does now."""
    current = await harness.turns.current(harness.key(chat))
    assert current is not None
    return current.id


async def test_stop_ends_the_answer_and_keeps_what_was_written(harness: Harness) -> None:
    harness.may_write.clear()
    await harness.message(ANNA, "One")
    shown = await harness.written_to()
    await harness.press(ANNA, f"stop:{await turn_of(harness)}", shown)
    await harness.answered()
    answer = await harness.conversations.message(await answer_of(harness))
    assert answer is not None
    assert answer.ending is Ending.STOPPED
    assert harness.toasts == [""]


async def test_stop_comes_too_late_for_a_complete_answer(harness: Harness) -> None:
    harness.may_write.clear()
    await harness.message(ANNA, "One")
    shown = await harness.written_to()
    turn = await turn_of(harness)
    harness.may_write.set()
    await harness.answered()
    await harness.press(ANNA, f"stop:{turn}", shown)
    assert harness.toasts == ["The answer is complete already."]


async def test_again_writes_another_version_and_the_older_one_can_be_chosen(harness: Harness) -> None:
    await harness.message(ANNA, "One")
    await harness.answered(1)
    first, shown = await answer_of(harness), harness.answer_ids()[-1]
    await harness.press(ANNA, f"again:{first}", shown)
    await harness.answered(2)
    second = await answer_of(harness)
    assert second != first
    assert len(harness.answer_ids()) == 1
    await harness.press(ANNA, f"see:{first}", shown)
    async with asyncio.timeout(60):
        while await answer_of(harness) != first or harness.turns.in_progress():  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.005)
    await harness.press(ANNA, f"see:{first}", shown)
    assert harness.turns.in_progress() == 0
    assert harness.toasts == ["", "", ""]


async def test_only_who_asked_and_administrators_may_press(harness: Harness) -> None:
    await harness.message(ANNA, f"{MENTION} One", chat=GROUP)
    await harness.answered(1)
    again, shown = f"again:{await answer_of(harness, GROUP)}", harness.answer_ids()[-1]
    await harness.press(BORIS, again, shown, chat=GROUP)
    assert harness.toasts == [harness.texts.get("ru", "press-not-yours")]
    assert len(harness.paths) == 1
    await harness.press(OWNER, again, shown, chat=GROUP)
    await harness.answered(2)
    harness.recording.administrators.add((GROUP, BORIS.id))
    harness.now += 61
    await harness.press(BORIS, f"again:{await answer_of(harness, GROUP)}", shown, chat=GROUP)
    await harness.answered(3)


async def test_a_button_of_a_forgotten_conversation_says_so(harness: Harness) -> None:
    await harness.message(ANNA, "One")
    await harness.answered(1)
    answer, shown = await answer_of(harness), harness.answer_ids()[-1]
    await harness.press(ANNA, "forget:yes", 1)
    await harness.press(ANNA, f"again:{answer}", shown)
    await harness.press(ANNA, "stop:999", shown)
    assert harness.toasts[-2:] == ["I no longer remember this answer, so its buttons do nothing."] * 2


async def test_a_button_works_in_its_own_chat_only(harness: Harness) -> None:
    await harness.message(ANNA, "Private matters")
    await harness.answered(1)
    await harness.press(BORIS, f"again:{await answer_of(harness)}", harness.answer_ids()[-1], chat=BORIS.id)
    assert harness.toasts == [harness.texts.get("ru", "press-gone")]


async def test_a_press_on_an_orphan_removes_it(harness: Harness) -> None:
    await harness.message(ANNA, "One")
    await harness.answered(1)
    await harness.press(ANNA, f"again:{await answer_of(harness)}", 4711)
    assert harness.recording.made(methods.DeleteMessages)[0].message_ids == [4711]
    assert harness.toasts == ["This was a leftover copy; the answer is in another message."]
    assert len(harness.paths) == 1


async def test_a_press_on_the_orphan_of_an_earlier_attempt_removes_it_while_the_next_one_sends(
    harness: Harness,
) -> None:
    harness.recording.replies.clear()
    await harness.message(ANNA, "One")
    await harness.written_to()
    turn = await turn_of(harness)
    await harness.press(ANNA, f"stop:{turn}:0", 4711)
    assert harness.recording.made(methods.DeleteMessages)[0].message_ids == [4711]
    await harness.press(ANNA, f"stop:{turn}:1", 50_001)
    assert harness.toasts == ["This was a leftover copy; the answer is in another message.", ""]
    harness.recording.replies.set()
    await harness.answered()


@pytest.mark.parametrize("access", ["open", "approved"])
async def test_telegrams_own_stop_ends_the_answer(folder: Path, access: str) -> None:
    async with open_harness(folder, access=access) as harness:
        await harness.people.set_standing(BOT_ID, ANNA.id, Standing.APPROVED)
        await _press_telegrams_own_stop(harness)


async def _press_telegrams_own_stop(harness: Harness) -> None:
    harness.may_write.clear()
    await harness.message(ANNA, "One")
    await harness.written_to()
    chat = {"id": ANNA.id, "type": "private"}
    await harness.update({"stopped_message_generation": {"chat": chat, "draft_id": await turn_of(harness)}})
    await harness.answered()
    answer = await harness.conversations.message(await answer_of(harness))
    assert answer is not None
    assert answer.ending is Ending.STOPPED


async def test_the_commands_do_the_same(harness: Harness) -> None:
    for command in ("/stop", "/retry", "/undo"):
        await harness.message(ANNA, command)
    assert harness.said == [
        "Nothing is being written just now.",
        "There is no answer here to write again.",
        "There is no question here to take back.",
    ]
    harness.may_write.clear()
    await harness.message(ANNA, "One")
    await harness.written_to()
    await harness.message(ANNA, "/stop")
    await harness.answered(1)
    harness.may_write.set()
    await harness.message(ANNA, "/retry")
    await harness.answered(2)
    assert [path[-1].text for path in harness.paths] == ["One", "One"]


async def test_undo_takes_question_and_answer_out_and_off_the_screen(harness: Harness) -> None:
    await harness.message(ANNA, "One")
    await harness.answered(1)
    question = await harness.message(ANNA, "Two")
    await harness.answered(2)
    harness.recording.undeletable.add(question)
    await harness.message(ANNA, "/undo")
    deleted = [call.message_ids for call in harness.recording.made(methods.DeleteMessages)]
    assert sorted(deleted) == sorted([[question], [harness.answer_ids()[-1]]])
    assert harness.last == "I have removed the last question and its answer."
    assert [message.text for message in await harness.conversations.history(harness.key())] == ["One", "Answer to One"]


async def test_in_a_group_the_commands_are_for_who_asked(harness: Harness) -> None:
    await harness.message(ANNA, f"{MENTION} One", chat=GROUP)
    await harness.answered(1)
    await harness.message(BORIS, "/undo", chat=GROUP)
    assert harness.last == harness.texts.get("ru", "only-asker")
    await harness.message(ANNA, "/undo", chat=GROUP)
    assert harness.last == "I have removed the last question and its answer."


async def test_undo_with_a_number_says_that_it_took_back_one(harness: Harness) -> None:
    await harness.message(ANNA, "One")
    await harness.answered()
    await harness.message(ANNA, "/undo 3")
    assert harness.last == "I have removed the last question and its answer. /undo takes back one at a time."


async def test_retry_points_to_an_answer_that_stands_out_of_sight(harness: Harness) -> None:
    await harness.message(ANNA, "Question", message_id=49_000)
    await harness.answered()
    answer = harness.answer_ids()[-1]
    await harness.message(ANNA, "/retry", message_id=answer + 1)
    await harness.answered(2)
    assert "rewriting" not in harness.last, "it is right above"
    await harness.message(ANNA, "/help", message_id=answer + 2)
    await harness.message(ANNA, "/retry", message_id=answer + 100)
    await harness.answered(3)
    told = harness.recording.made(methods.SendMessage)[-1]
    assert told.text == "I'm rewriting this answer."
    assert told.reply_parameters is not None
    assert told.reply_parameters.message_id == answer


async def test_in_a_group_retry_points_to_it_as_soon_as_somebody_spoke(harness: Harness) -> None:
    await harness.message(ANNA, "@aura_bot Question", chat=GROUP, message_id=49_000)
    await harness.answered()
    answer = harness.answer_ids()[-1]
    await harness.message(BORIS, "Hello, Anna", chat=GROUP, message_id=answer + 1)
    await harness.message(ANNA, "/retry", chat=GROUP, message_id=answer + 2)
    await harness.answered(2)
    assert harness.last == "I'm rewriting this answer."
