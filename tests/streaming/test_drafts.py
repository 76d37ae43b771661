from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from bot.rate_limits.requests import Priority, Resource
from bot.rendering.entities import Formatted
from bot.rendering.reply import Reply
from bot.streaming.drafts import DRAFT_LIFETIME, Draft
from bot.telegram.slot_allocator import Slot
from tests.harness.telegram_scene import AGAIN, ANNA, MemoryJournalStore, TelegramScene, telegram_scene

WORDS = [f"word{number} " for number in range(100)]
TEXT = "".join(WORDS).strip()
DRAFT = "sendMessageDraft"


@pytest.fixture
async def scene() -> AsyncIterator[TelegramScene]:
    async with telegram_scene() as running:
        yield running


async def stream(scene: TelegramScene, **more: Any) -> MemoryJournalStore:
    return await scene.stream(WORDS, every=0.05, streaming="draft", **more)


def written(scene: TelegramScene) -> list[str]:
    return [call["method"] for call in scene.calls() if call["method"] != "sendChatAction"]


async def test_an_answer_grows_as_a_draft_and_ends_as_one_message(scene: TelegramScene) -> None:
    store = await stream(scene)
    assert scene.texts() == [TEXT]
    methods = written(scene)
    assert methods.count(DRAFT) >= 5
    assert methods == [DRAFT] * methods.count(DRAFT) + ["sendMessage"]
    assert scene.messages()[0].markup is not None
    assert len(store.shown) == 1
    assert scene.refused() == []


async def test_a_draft_can_be_stopped_and_keeps_its_number(scene: TelegramScene) -> None:
    await stream(scene)
    for call in scene.calls(DRAFT):
        assert (call["parameters"]["draft_id"], call["parameters"]["can_stop"]) == (7, True)


async def test_thinking_is_shown_while_there_is_no_text(scene: TelegramScene) -> None:
    await scene.stream(["", "", "Now I know."], every=2.0, streaming="draft")
    assert "text" not in scene.calls(DRAFT)[0]["parameters"]
    assert scene.calls("sendChatAction") == []


async def test_the_first_words_of_a_draft_are_more_urgent_than_changes(
    scene: TelegramScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Priority, Resource]] = []
    slot = scene.slots.slot

    def noted(chat: int, priority: Priority, **more: Any) -> Slot:
        asked.append((priority, more.get("resource", Resource.MESSAGE)))
        return slot(chat, priority, **more)

    monkeypatch.setattr(scene.slots, "slot", noted)
    await stream(scene)
    drafts = [priority for priority, resource in asked if resource is Resource.DRAFT]
    assert drafts == [Priority.FIRST] + [Priority.CHANGE] * (len(drafts) - 1)


async def test_a_draft_is_kept_alive_during_silence(scene: TelegramScene) -> None:
    reply = Reply()
    live = scene.open(reply, MemoryJournalStore(), streaming="draft")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live.run())
        reply.write("It begins")
        live.notify()
        await scene.until(lambda: len(scene.calls(DRAFT)) >= 4)
        assert scene.playground.hub.world.chats[ANNA].drafts
        reply.end()
        live.end(AGAIN)
    times = [call["time"] for call in scene.calls(DRAFT)]
    assert max(later - earlier for earlier, later in pairwise(times)) < 30


async def test_a_long_answer_becomes_messages_as_they_are_full(scene: TelegramScene) -> None:
    text = "word " * 2500
    pieces = [text[start : start + 200] for start in range(0, len(text), 200)]
    store = await scene.stream(pieces, every=0.1, streaming="draft")
    assert " ".join(scene.texts()).split() == text.split()
    assert [shown.sealed for shown in store.shown] == [True, True, True, False]
    assert scene.calls("editMessageText") == []
    assert scene.refused() == []


async def test_edits_take_over_for_good_where_drafts_do_not_work(
    scene: TelegramScene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.fault(
        kind="error", method=DRAFT, error_code=400, description="Bad Request: TEXTDRAFT_PEER_INVALID", count=100
    )
    with caplog.at_level(logging.WARNING):
        await stream(scene)
    assert scene.texts() == [TEXT]
    assert "editMessageText" in written(scene)
    drafts = len(scene.calls(DRAFT))
    await stream(scene)
    assert scene.texts() == [TEXT, TEXT]
    assert len(scene.calls(DRAFT)) == drafts
    assert "drafts do not work there" in caplog.text


async def test_a_server_that_knows_no_drafts_gets_edits(scene: TelegramScene) -> None:
    scene.fault(kind="error", method=DRAFT, error_code=404, description="Not Found: method not found", count=100)
    await stream(scene)
    assert scene.texts() == [TEXT]
    assert "editMessageText" in written(scene)


async def test_a_cool_down_of_drafts_is_waited_out_without_edits(scene: TelegramScene) -> None:
    scene.fault(kind="error", method=DRAFT, retry_after=3)
    await scene.stream(WORDS, every=0.15, streaming="draft")
    assert scene.texts() == [TEXT]
    assert scene.calls("editMessageText") == []
    assert written(scene)[-2:] == [DRAFT, "sendMessage"]


async def test_groups_get_edits(scene: TelegramScene) -> None:
    await stream(scene, chat=scene.group)
    assert scene.calls(DRAFT) == []
    assert scene.texts(scene.group) == [TEXT]


async def test_an_answer_that_stands_there_already_is_edited(scene: TelegramScene) -> None:
    store = await stream(scene)
    await scene.stream(["Another text. ", "All of it."], every=1.0, store=store, streaming="draft")
    assert scene.texts() == ["Another text. All of it."]


@pytest.mark.parametrize("text", ["can't parse entities: what is this", "message is too long"])
async def test_a_text_that_no_draft_takes_is_shown_by_edits(scene: TelegramScene, text: str) -> None:
    scene.fault(kind="error", method=DRAFT, error_code=400, description=f"Bad Request: {text}", count=1)
    await stream(scene)
    assert scene.texts() == [TEXT]
    assert len(scene.calls(DRAFT)) == 1
    await stream(scene)
    assert len(scene.calls(DRAFT)) > 1, "the next answer may well be taken"


async def test_a_thinking_draft_becomes_the_message_that_comes_after_it(scene: TelegramScene) -> None:
    await scene.stream(["", "", "It failed."], every=2.0, streaming="draft")
    drafts, message = scene.calls(DRAFT), scene.calls("sendMessage")[0]
    assert "text" not in drafts[0]["parameters"]
    assert drafts[-1]["parameters"]["text"] == message["parameters"]["text"] == "It failed."
    assert written(scene)[-2:] == [DRAFT, "sendMessage"]


async def test_a_draft_that_begins_like_the_message_needs_no_other_one(scene: TelegramScene) -> None:
    await stream(scene)
    texts = [str(call["parameters"].get("text", "")) for call in scene.calls(DRAFT)]
    assert TEXT.startswith(texts[-1])
    assert texts[-1] != TEXT or texts.count(TEXT) == 1


@pytest.mark.parametrize(
    ("drafted", "message", "lingers"),
    [
        (None, "text", False),
        ("", "text", True),
        ("te", "text", False),
        ("text and more", "text", False),
        ("another part", "text", True),
    ],
)
async def test_a_draft_lingers_beside_a_message_that_begins_otherwise(
    scene: TelegramScene, drafted: str | None, message: str, lingers: bool
) -> None:  # pytest gives it
    draft = Draft(scene.telegram, scene.destination(), 7, scene.clock, lambda: None)
    if drafted is not None:
        await draft.show(Formatted(drafted))
    assert draft.would_linger(Formatted(message)) is lingers
    draft.removed()
    assert not draft.would_linger(Formatted(message))


async def test_a_draft_that_has_gone_by_itself_lingers_beside_nothing(scene: TelegramScene) -> None:
    draft = Draft(scene.telegram, scene.destination(), 7, scene.clock, lambda: None)
    await draft.show(Formatted(""))
    await scene.clock.sleep(DRAFT_LIFETIME + 1)
    assert not draft.would_linger(Formatted("text"))


async def test_a_message_that_is_due_goes_while_drafts_are_held(scene: TelegramScene) -> None:
    reply = Reply()
    live = scene.open(reply, MemoryJournalStore(), streaming="draft")
    running = asyncio.get_running_loop().create_task(live.run())
    reply.write("It begins. ")
    live.notify()
    await scene.until(lambda: scene.calls(DRAFT))
    scene.fault(kind="error", method=DRAFT, retry_after=3600)
    reply.write("More of it. ")
    live.notify()
    await scene.until(lambda: scene.slots.drafts_held(ANNA) > 0)
    reply.write("word " * 900)
    live.notify()
    await scene.until(lambda: scene.texts())
    assert scene.slots.drafts_held(ANNA) > 3000
    drafts = len(scene.calls(DRAFT))
    reply.end()
    live.end(AGAIN)
    await running
    assert " ".join(scene.texts()).split() == ["It", "begins.", "More", "of", "it.", *["word"] * 900]
    assert len(scene.calls(DRAFT)) == drafts
    assert scene.calls("editMessageText") == []


async def test_a_minute_of_text_by_drafts_meets_no_refusal() -> None:
    async with telegram_scene(speed=5) as scene:
        await scene.stream([f"word{number} " for number in range(600)], every=0.1, streaming="draft")
        assert scene.refused() == []
        assert len(scene.calls(DRAFT)) > 40  # more than the long window takes at once
