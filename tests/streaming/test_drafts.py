from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from bot.rate_limits.scheduler import Priority, Resource
from bot.rendering.reply import Reply
from bot.telegram.rate_limit_middleware import Slot
from tests.delivery.stage import AGAIN, ANNA, MemoryScreen, Stage, on_stage

WORDS = [f"word{number} " for number in range(100)]
TEXT = "".join(WORDS).strip()
DRAFT = "sendMessageDraft"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as running:
        yield running


async def stream(stage: Stage, **more: Any) -> MemoryScreen:
    return await stage.stream(WORDS, every=0.05, streaming="draft", **more)


def written(stage: Stage) -> list[str]:
    return [call["method"] for call in stage.calls() if call["method"] != "sendChatAction"]


async def test_an_answer_grows_as_a_draft_and_ends_as_one_message(stage: Stage) -> None:
    screen = await stream(stage)
    assert stage.texts() == [TEXT]
    methods = written(stage)
    assert methods.count(DRAFT) >= 5
    assert methods == [DRAFT] * methods.count(DRAFT) + ["sendMessage"]
    assert stage.messages()[0].markup is not None
    assert len(screen.shown) == 1
    assert stage.refused() == []


async def test_a_draft_can_be_stopped_and_keeps_its_number(stage: Stage) -> None:
    await stream(stage)
    for call in stage.calls(DRAFT):
        assert (call["parameters"]["draft_id"], call["parameters"]["can_stop"]) == (7, True)


async def test_thinking_is_shown_while_there_is_no_text(stage: Stage) -> None:
    await stage.stream(["", "", "Now I know."], every=2.0, streaming="draft")
    assert "text" not in stage.calls(DRAFT)[0]["parameters"]
    assert stage.calls("sendChatAction") == []


async def test_the_first_words_of_a_draft_are_more_urgent_than_changes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes: list[tuple[Priority, Resource]] = []
    slot = stage.gate.slot

    def noted(chat: int, kind: Priority, **more: Any) -> Slot:
        wishes.append((kind, more["cost"]))
        return slot(chat, kind, **more)

    monkeypatch.setattr(stage.gate, "slot", noted)
    await stream(stage)
    drafts = [kind for kind, cost in wishes if cost is Resource.DRAFT]
    assert drafts == [Priority.FIRST] + [Priority.CHANGE] * (len(drafts) - 1)


async def test_a_draft_is_kept_alive_during_silence(stage: Stage) -> None:
    reply = Reply()
    live = stage.open(reply, MemoryScreen(), streaming="draft")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live.run())
        reply.write("It begins")
        live.touch()
        await stage.until(lambda: len(stage.calls(DRAFT)) >= 4)
        assert stage.playground.hub.world.chats[ANNA].drafts
        reply.end()
        live.end(AGAIN)
    times = [call["time"] for call in stage.calls(DRAFT)]
    assert max(later - earlier for earlier, later in pairwise(times)) < 30


async def test_a_long_answer_becomes_messages_as_they_are_full(stage: Stage) -> None:
    text = "word " * 2500
    pieces = [text[start : start + 200] for start in range(0, len(text), 200)]
    screen = await stage.stream(pieces, every=0.1, streaming="draft")
    assert " ".join(stage.texts()).split() == text.split()
    assert [shown.sealed for shown in screen.shown] == [True, True, True, False]
    assert stage.calls("editMessageText") == []
    assert stage.refused() == []


async def test_edits_take_over_for_good_where_drafts_do_not_work(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.fault(
        kind="error", method=DRAFT, error_code=400, description="Bad Request: TEXTDRAFT_PEER_INVALID", count=100
    )
    with caplog.at_level(logging.WARNING):
        await stream(stage)
    assert stage.texts() == [TEXT]
    assert "editMessageText" in written(stage)
    drafts = len(stage.calls(DRAFT))
    await stream(stage)
    assert stage.texts() == [TEXT, TEXT]
    assert len(stage.calls(DRAFT)) == drafts
    assert "drafts do not work there" in caplog.text


async def test_a_server_that_knows_no_drafts_gets_edits(stage: Stage) -> None:
    stage.fault(kind="error", method=DRAFT, error_code=404, description="Not Found: method not found", count=100)
    await stream(stage)
    assert stage.texts() == [TEXT]
    assert "editMessageText" in written(stage)


async def test_a_cool_down_of_drafts_is_waited_out_without_edits(stage: Stage) -> None:
    stage.fault(kind="error", method=DRAFT, retry_after=3)
    await stage.stream(WORDS, every=0.15, streaming="draft")
    assert stage.texts() == [TEXT]
    assert stage.calls("editMessageText") == []
    assert written(stage)[-2:] == [DRAFT, "sendMessage"]


async def test_groups_get_edits(stage: Stage) -> None:
    await stream(stage, chat=stage.group)
    assert stage.calls(DRAFT) == []
    assert stage.texts(stage.group) == [TEXT]


async def test_an_answer_that_stands_there_already_is_edited(stage: Stage) -> None:
    screen = await stream(stage)
    await stage.stream(["Another text. ", "All of it."], every=1.0, screen=screen, streaming="draft")
    assert stage.texts() == ["Another text. All of it."]


@pytest.mark.parametrize("text", ["can't parse entities: what is this", "message is too long"])
async def test_a_text_that_no_draft_takes_is_shown_by_edits(stage: Stage, text: str) -> None:
    stage.fault(kind="error", method=DRAFT, error_code=400, description=f"Bad Request: {text}", count=1)
    await stream(stage)
    assert stage.texts() == [TEXT]
    assert len(stage.calls(DRAFT)) == 1
    await stream(stage)
    assert len(stage.calls(DRAFT)) > 1, "the next answer may well be taken"
