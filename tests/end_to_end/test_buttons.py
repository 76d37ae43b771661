"""What stands under an answer, and the commands that do the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from tests.end_to_end.stored import eventually, grow_old, said_and_kept, states
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request, Script
from tests.harness.telegram_people import ANNA, BORIS, Json, Telegram, labels


def growing(text: str, go_on: asyncio.Event) -> Script:
    """A script that says `text`, and the rest only when it is told to."""

    async def script(_request: Request) -> AsyncIterator[str]:
        yield text
        await go_on.wait()
        yield " And the rest."

    return script


def numbered(text: str) -> Script:
    """A script whose every answer is another one."""
    count = 0

    async def script(_request: Request) -> AsyncIterator[str]:
        nonlocal count
        count += 1
        yield f"{text} number {count}"

    return script


async def until_label(telegram: Telegram, label: str, chat: int = ANNA) -> Json:
    message: Json = await telegram.until(
        lambda: next((said for said in telegram.said(chat) if label in labels(said)), None), why=f"(button {label!r})"
    )
    return message


async def test_stop_ends_the_answer_and_closes_the_connection_to_the_generator(scene: Scene) -> None:
    scene.generator.script = growing("The beginning stays.", asyncio.Event())
    async with scene.program():
        await scene.telegram.send("Tell me everything")
        answer = await scene.telegram.reads("The beginning stays.")
        await scene.telegram.press(answer, "Stop")
        await scene.generator.requests[0].is_over()
        stopped = await scene.telegram.reads_answer("The beginning stays.")
        assert stopped["message_id"] == answer["message_id"]
        scene.generator.says("Fine.")
        await scene.telegram.send("And now?")
        await scene.telegram.reads_answer("Fine.")
    contents = [message["content"] for message in scene.generator.requests[-1].messages]
    assert contents == ["Tell me everything", "The beginning stays.", "And now?"], "the text so far counts"


async def test_the_stop_command_does_the_same(scene: Scene) -> None:
    scene.generator.script = growing("The beginning stays.", asyncio.Event())
    async with scene.program():
        await scene.telegram.send("Tell me everything")
        await scene.telegram.reads("The beginning stays.")
        await scene.telegram.send("/stop")
        await scene.telegram.reads_answer("The beginning stays.")
        await scene.generator.requests[0].is_over()


async def test_again_writes_another_version_in_place_and_the_arrows_lead_back(scene: Scene) -> None:
    scene.generator.script = numbered("Version")
    async with scene.program():
        await scene.telegram.send("Write")
        first = await scene.telegram.reads_answer("Version number 1")
        await scene.telegram.press(first, "↻")
        second = await scene.telegram.reads_answer("Version number 2")
        assert second["message_id"] == first["message_id"]
        assert "2/2" in labels(second)
        await scene.telegram.press(second, "‹")
        back = await scene.telegram.reads_answer("Version number 1")
        assert "1/2" in labels(back)
        await scene.telegram.send("Go on from that")
        await scene.telegram.reads_answer("Version number 3")
    assert scene.generator.requests[-1].messages[1]["content"] == "Version number 1", "the one shown counts"


async def test_retry_and_undo_do_by_command_what_buttons_do(scene: Scene) -> None:
    scene.generator.script = numbered("Version")
    async with scene.program():
        question = await scene.telegram.send("Write")
        first = await scene.telegram.reads_answer("Version number 1")
        await scene.telegram.send("/retry")
        second = await scene.telegram.reads_answer("Version number 2")
        assert second["message_id"] == first["message_id"]
        await scene.telegram.send("/undo")
        gone = {question["message_id"], first["message_id"]}
        await scene.telegram.until(lambda: not gone & scene.telegram.chats[ANNA].keys(), why="(taken off the screen)")
        await scene.telegram.send("Afresh")
        await scene.telegram.reads_answer("Version number 3")
    assert [message["content"] for message in scene.generator.requests[-1].messages] == ["Afresh"]


async def test_in_a_group_only_who_asked_or_administers_may_stop(scene: Scene) -> None:
    group = await scene.telegram.group()
    scene.generator.script = growing("A long story.", asyncio.Event())
    carol: Any = await scene.telegram.post("people", first_name="Carol", username="carol", language_code="en")
    await scene.telegram.post(f"chats/{group}/join", user=carol["id"])
    async with scene.program():
        await scene.telegram.send("@aura_bot tell", by=BORIS, chat=group)
        answer = await scene.telegram.reads("A long story.", chat=group)
        refused = await scene.telegram.press(answer, "", by=carol["id"], chat=group)
        assert refused["text"], "others get a short notice"
        assert not scene.generator.requests[0].closed.is_set()
        await scene.telegram.press(answer, "", by=ANNA, chat=group)
        await scene.telegram.reads_answer("A long story.", chat=group)


async def test_a_button_of_a_forgotten_conversation_says_so(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("Hello")
        answer = await scene.telegram.reads_answer("You said: Hello")
        await scene.telegram.send("/forget")
        asked = await until_label(scene.telegram, "Erase everything")
        await scene.telegram.press(asked, "Erase everything")
        await scene.telegram.reads("I have erased everything about this chat.")
        pressed = await scene.telegram.press(answer, "↻")
        assert "no longer remember" in pressed["text"]


async def test_a_button_of_a_conversation_that_grew_too_old_says_so(scene: Scene) -> None:
    async with scene.program(HISTORY_DAYS="1"):
        await scene.telegram.send("Hello")
        answer = await scene.telegram.reads_answer("You said: Hello")
        await eventually(lambda: states(scene.folder) == ["done"])
    grow_old(scene.folder, days=2)
    async with scene.program(HISTORY_DAYS="1"):
        await eventually(lambda: not said_and_kept(scene.folder))
        pressed = await scene.telegram.press(answer, "↻")
        assert "no longer remember" in pressed["text"]
    assert len(scene.generator.requests) == 1


async def test_the_arrows_lead_back_to_an_answer_that_was_stopped_before_its_first_word(scene: Scene) -> None:
    async def silent(_request: Request) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    scene.generator.script = silent
    async with scene.program():
        await scene.telegram.send("Write")
        await scene.generator.asked()
        await scene.telegram.send("/stop")
        stopped = await until_label(scene.telegram, "↻ Again")
        scene.generator.says("Here it is.")
        await scene.telegram.press(stopped, "↻")
        second = await scene.telegram.reads_answer("Here it is.")
        await scene.telegram.press(second, "‹")
        back = await until_label(scene.telegram, "1/2")
        assert back["text"] == stopped["text"]
        await scene.telegram.press(back, "›")
        await scene.telegram.reads_answer("Here it is.")
    assert len(scene.telegram.said()) == 1
