"""An answer that is shown a second time: after a crash, with another text, or because it was not delivered whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.conversation.messages import Shown
from bot.rendering.reply import Reply
from tests.delivery.stage import AGAIN, ANNA, MemoryScreen, Stage, on_stage

LONG = "\n\n".join(f"Paragraph {number}. " + "Some words of it. " * 20 for number in range(30))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as running:
        yield running


def words(texts: list[str]) -> list[str]:
    return " ".join(texts).split()


async def show(stage: Stage, text: str, screen: MemoryScreen) -> None:
    """Deliver a whole text."""
    reply = Reply()
    reply.write(text)
    reply.end()
    live = stage.open(reply, screen)
    live.end(AGAIN)
    await live.run()


async def begin(stage: Stage, text: str, screen: MemoryScreen) -> None:
    """Show the beginning of an answer, and crash."""
    reply = Reply()
    reply.write(text)
    live = stage.open(reply, screen)
    live.touch()
    running = asyncio.get_running_loop().create_task(live.run())
    await stage.until(lambda: words(stage.texts()) == text.split())
    running.cancel()
    await asyncio.wait([running])


async def test_an_answer_goes_on_in_the_message_it_was_begun_in(stage: Stage) -> None:
    screen = MemoryScreen()
    await begin(stage, "It was a dark and stormy night", screen)
    await stage.stream(["The sun was shining. ", "All was well. ", "The end."], every=1.0, screen=screen)
    assert stage.texts() == ["The sun was shining. All was well. The end."]
    assert len(stage.calls("sendMessage")) == 1


async def test_nothing_shorter_than_a_sentence_replaces_what_was_shown(stage: Stage) -> None:
    screen = MemoryScreen()
    await begin(stage, "It was a dark and stormy night, and the rain fell in torrents.", screen)
    before = len(stage.calls("editMessageText"))
    await stage.stream(["The ", "sun ", "was ", "shining ", "on us. ", "The end."], every=1.0, screen=screen)
    edits = [call["parameters"]["text"] for call in stage.calls("editMessageText")][before:]
    assert edits[0].startswith("The sun was shining on us.")


async def test_what_is_left_over_of_a_longer_answer_is_deleted(stage: Stage) -> None:
    screen = MemoryScreen()
    await show(stage, LONG, screen)
    assert len(stage.messages()) >= 3
    await show(stage, "A short answer after all.", screen)
    assert stage.texts() == ["A short answer after all."]
    assert len(screen.shown) == 1


async def test_a_longer_answer_is_written_over_a_shorter_one(stage: Stage) -> None:
    screen = MemoryScreen()
    await show(stage, "A short answer.", screen)
    first = stage.messages()[0].id
    await show(stage, LONG, screen)
    assert words(stage.texts()) == LONG.split()
    assert stage.messages()[0].id == first


async def test_full_messages_are_not_touched_when_the_same_answer_is_delivered_again(stage: Stage) -> None:
    screen = MemoryScreen()
    await begin(stage, LONG, screen)
    assert [shown.sealed for shown in screen.shown] == [True, True, False]
    before = len(stage.calls())
    await show(stage, LONG, screen)
    assert words(stage.texts()) == LONG.split()
    after = stage.calls()[before:]
    assert [call["method"] for call in after] == ["editMessageText"]
    assert after[0]["parameters"]["message_id"] == stage.messages()[-1].id


async def test_an_answer_between_two_of_its_messages_goes_on_with_the_next(stage: Stage) -> None:
    screen = MemoryScreen()
    await show(stage, LONG, screen)
    lost = stage.messages()[-1].id
    await stage.telegram.delete(ANNA, [lost])
    screen.shown = (*screen.shown[:-1], Shown(None))  # it was noted, and may have been sent or not
    before = len(stage.calls())
    await show(stage, LONG, screen)
    assert words(stage.texts()) == LONG.split()
    assert [call["method"] for call in stage.calls()[before:]] == ["sendMessage"]


async def test_each_send_is_noted_before_it_goes_and_its_id_after(stage: Stage) -> None:
    screen = MemoryScreen()
    await show(stage, LONG, screen)
    known = [[shown.message_id is not None for shown in kept] for kept in screen.history]
    assert known == [
        [False],
        [True],
        [True, False],
        [True, True],
        [True, True, False],
        [True, True, True],
    ]


async def test_a_send_under_way_is_not_lost_when_its_answer_is_cancelled(stage: Stage) -> None:
    stage.fault(kind="delay", method="sendMessage", seconds=0.2)
    screen, reply = MemoryScreen(), Reply()
    reply.write("All of it is here.")
    live = stage.open(reply, screen)
    live.touch()
    running = asyncio.get_running_loop().create_task(live.run())
    await stage.until(lambda: screen.history)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert [shown.message_id for shown in screen.shown] == [stage.messages()[0].id]


async def test_what_cannot_be_deleted_any_more_stays(stage: Stage) -> None:
    screen = MemoryScreen()
    await show(stage, LONG, screen)
    stage.fault(
        kind="error", method="deleteMessages", error_code=400, description="Bad Request: message can't be deleted"
    )
    await show(stage, "Short.", screen)
    assert stage.texts()[0] == "Short."
    assert len(screen.shown) == 1


async def test_what_telegram_will_not_delete_for_whatever_reason_stays(stage: Stage) -> None:
    screen = MemoryScreen()
    await show(stage, LONG, screen)
    stage.fault(kind="error", method="deleteMessages", error_code=400, description="Bad Request: the moon is full")
    await show(stage, "Short.", screen)
    assert stage.texts()[0] == "Short."
