"""Stop, again, go on, versions, and the commands that do the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiogram import methods

from bot.conversation.messages import Ending
from bot.conversation.people import Standing
from tests.handlers.scene import ANNA, BORIS, GROUP, OWNER, Scene, scene
from tests.recording import BOT_ID

MENTION = "@aura_bot"


async def answer_of(stage: Scene, chat: int = ANNA.id) -> int:
    """The newest answer of a conversation."""
    newest = await stage.conversations.newest(stage.key(chat))
    assert newest is not None
    return newest


async def turn_of(stage: Scene, chat: int = ANNA.id) -> int:
    """What a conversation does now."""
    current = await stage.turns.current(stage.key(chat))
    assert current is not None
    return current.id


async def test_stop_ends_the_answer_and_keeps_what_was_written(stage: Scene) -> None:
    stage.may_write.clear()
    await stage.message(ANNA, "One")
    shown = await stage.written_to()
    await stage.press(ANNA, f"stop:{await turn_of(stage)}", shown)
    await stage.answered()
    answer = await stage.conversations.message(await answer_of(stage))
    assert answer is not None
    assert answer.ending is Ending.STOPPED
    assert stage.toasts == [""]


async def test_stop_comes_too_late_for_a_complete_answer(stage: Scene) -> None:
    stage.may_write.clear()
    await stage.message(ANNA, "One")
    shown = await stage.written_to()
    turn = await turn_of(stage)
    stage.may_write.set()
    await stage.answered()
    await stage.press(ANNA, f"stop:{turn}", shown)
    assert stage.toasts == ["The answer is complete already."]


async def test_again_writes_another_version_and_the_older_one_can_be_chosen(stage: Scene) -> None:
    await stage.message(ANNA, "One")
    await stage.answered(1)
    first, shown = await answer_of(stage), stage.answer_ids()[-1]
    await stage.press(ANNA, f"again:{first}", shown)
    await stage.answered(2)
    second = await answer_of(stage)
    assert second != first
    assert len(stage.answer_ids()) == 1
    await stage.press(ANNA, f"see:{first}", shown)
    async with asyncio.timeout(10):
        while await answer_of(stage) != first:  # noqa: ASYNC110  # the queue tells nobody when it rests
            await asyncio.sleep(0.005)
    await stage.press(ANNA, f"see:{first}", shown)
    assert stage.turns.in_progress() == 0
    assert stage.toasts == ["", "", ""]


async def test_only_who_asked_and_administrators_may_press(stage: Scene) -> None:
    await stage.message(ANNA, f"{MENTION} One", chat=GROUP)
    await stage.answered(1)
    again, shown = f"again:{await answer_of(stage, GROUP)}", stage.answer_ids()[-1]
    await stage.press(BORIS, again, shown, chat=GROUP)
    assert stage.toasts == [stage.texts.get("ru", "press-not-yours")]
    assert len(stage.paths) == 1
    await stage.press(OWNER, again, shown, chat=GROUP)
    await stage.answered(2)
    stage.recording.administrators.add((GROUP, BORIS.id))
    stage.now += 61
    await stage.press(BORIS, f"again:{await answer_of(stage, GROUP)}", shown, chat=GROUP)
    await stage.answered(3)


async def test_a_button_of_a_forgotten_conversation_says_so(stage: Scene) -> None:
    await stage.message(ANNA, "One")
    await stage.answered(1)
    answer, shown = await answer_of(stage), stage.answer_ids()[-1]
    await stage.press(ANNA, "forget:yes", 1)
    await stage.press(ANNA, f"again:{answer}", shown)
    await stage.press(ANNA, "stop:999", shown)
    assert stage.toasts[-2:] == ["This answer has been forgotten, so its buttons do nothing any more."] * 2


async def test_a_button_works_in_its_own_chat_only(stage: Scene) -> None:
    await stage.message(ANNA, "Private matters")
    await stage.answered(1)
    await stage.press(BORIS, f"again:{await answer_of(stage)}", stage.answer_ids()[-1], chat=BORIS.id)
    assert stage.toasts == [stage.texts.get("ru", "press-gone")]


async def test_a_press_on_an_orphan_removes_it(stage: Scene) -> None:
    await stage.message(ANNA, "One")
    await stage.answered(1)
    await stage.press(ANNA, f"again:{await answer_of(stage)}", 4711)
    assert stage.recording.made(methods.DeleteMessages)[0].message_ids == [4711]
    assert stage.toasts == ["This was a leftover copy; the answer stands in another message."]
    assert len(stage.paths) == 1


async def test_a_press_on_the_orphan_of_an_earlier_attempt_removes_it_while_the_next_one_sends(stage: Scene) -> None:
    stage.recording.replies.clear()
    await stage.message(ANNA, "One")
    await stage.written_to()
    turn = await turn_of(stage)
    await stage.press(ANNA, f"stop:{turn}:0", 4711)
    assert stage.recording.made(methods.DeleteMessages)[0].message_ids == [4711]
    await stage.press(ANNA, f"stop:{turn}:1", 50_001)
    assert stage.toasts == ["This was a leftover copy; the answer stands in another message.", ""]
    stage.recording.replies.set()
    await stage.answered()


@pytest.mark.parametrize("access", ["open", "approved"])
async def test_telegrams_own_stop_ends_the_answer(folder: Path, access: str) -> None:
    async with scene(folder, access=access) as stage:
        await stage.people.set_standing(BOT_ID, ANNA.id, Standing.APPROVED)
        await _press_telegrams_own_stop(stage)


async def _press_telegrams_own_stop(stage: Scene) -> None:
    stage.may_write.clear()
    await stage.message(ANNA, "One")
    await stage.written_to()
    chat = {"id": ANNA.id, "type": "private"}
    await stage.update({"stopped_message_generation": {"chat": chat, "draft_id": await turn_of(stage)}})
    await stage.answered()
    answer = await stage.conversations.message(await answer_of(stage))
    assert answer is not None
    assert answer.ending is Ending.STOPPED


async def test_the_commands_do_the_same(stage: Scene) -> None:
    for command in ("/stop", "/retry", "/undo"):
        await stage.message(ANNA, command)
    assert stage.said == [
        "Nothing is being written just now.",
        "There is no answer here that I could write again.",
        "There is nothing to take back.",
    ]
    stage.may_write.clear()
    await stage.message(ANNA, "One")
    await stage.written_to()
    await stage.message(ANNA, "/stop")
    await stage.answered(1)
    stage.may_write.set()
    await stage.message(ANNA, "/retry")
    await stage.answered(2)
    assert [path[-1].text for path in stage.paths] == ["One", "One"]


async def test_undo_takes_question_and_answer_out_and_off_the_screen(stage: Scene) -> None:
    await stage.message(ANNA, "One")
    await stage.answered(1)
    question = await stage.message(ANNA, "Two")
    await stage.answered(2)
    stage.recording.undeletable.add(question)
    await stage.message(ANNA, "/undo")
    deleted = [call.message_ids for call in stage.recording.made(methods.DeleteMessages)]
    assert sorted(deleted) == sorted([[question], [stage.answer_ids()[-1]]])
    assert stage.last == "The last question and its answer are taken back."
    assert [message.text for message in await stage.conversations.history(stage.key())] == ["One", "Answer to One"]


async def test_in_a_group_the_commands_are_for_who_asked(stage: Scene) -> None:
    await stage.message(ANNA, f"{MENTION} One", chat=GROUP)
    await stage.answered(1)
    await stage.message(BORIS, "/undo", chat=GROUP)
    assert stage.last == stage.texts.get("ru", "only-asker")
    await stage.message(ANNA, "/undo", chat=GROUP)
    assert stage.last == "The last question and its answer are taken back."
