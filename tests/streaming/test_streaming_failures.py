"""What a surface does about each of Telegram's errors, and about holds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import ChatMigrated, ChatUnavailable, LeaseLost, TelegramProblem, TopicUnavailable, Unauthorized
from bot.rendering.reply import Reply
from bot.streaming.live_reply import MAX_RETRY_DELAY, pause_after
from tests.delivery.stage import AGAIN, ANNA, MemoryHolds, MemoryScreen, Stage, on_stage

WORDS = [f"word{number} " for number in range(100)]
TEXT = "".join(WORDS).strip()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as running:
        yield running


async def stream(stage: Stage, **more: Any) -> MemoryScreen:
    return await stage.stream(WORDS, every=0.05, **more)


def refuse(stage: Stage, method: str, text: str, *, code: int = 400, count: int = 1) -> None:
    stage.fault(kind="error", method=method, error_code=code, description=text, count=count)


async def test_an_edit_that_changes_nothing_is_fine(stage: Stage) -> None:
    refuse(stage, "editMessageText", "Bad Request: message is not modified: specified new message content and so on")
    await stream(stage)
    assert stage.texts() == [TEXT]


@pytest.mark.parametrize("text", ["message to edit not found", "message can't be edited"])
async def test_a_message_that_is_gone_is_sent_anew(stage: Stage, text: str) -> None:
    refuse(stage, "editMessageText", f"Bad Request: {text}")
    screen = await stream(stage)
    assert stage.texts()[-1] == TEXT
    assert len(stage.calls("sendMessage")) == 2
    assert [shown.message_id for shown in screen.shown] == [stage.messages()[-1].id]


async def test_a_message_that_somebody_deletes_is_sent_anew(stage: Stage) -> None:
    reply, screen = Reply(), MemoryScreen()
    live = stage.open(reply, screen)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live.run())
        reply.write("The beginning of it.")
        live.touch()
        await stage.until(lambda: stage.texts())
        await stage.people(f"people/{ANNA}/delete", {"chat_id": ANNA, "message_id": stage.messages()[0].id})
        reply.write(" And the end.")
        reply.end()
        live.end(AGAIN)
    assert stage.texts() == ["The beginning of it. And the end."]


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_what_is_too_long_is_cut_smaller(stage: Stage, method: str) -> None:
    refuse(stage, method, "Bad Request: MESSAGE_TOO_LONG")
    pieces = [f"piece number {number} of a longer text " for number in range(40)]
    await stage.stream(pieces, every=0.1)
    assert len(stage.texts()) >= 2
    assert " ".join(stage.texts()).split() == "".join(pieces).split()


async def test_a_refused_formatting_becomes_plain_text(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    refuse(stage, "sendMessage", "Bad Request: can't parse entities: Can't find end of the entity at byte offset 3")
    with caplog.at_level(logging.WARNING):
        await stage.stream(["It is **bold** and `code`", " all the way"], every=1.0)
    assert stage.texts() == ["It is bold and code all the way"]
    assert "entities" not in stage.messages()[0].content
    assert "does not take the formatting" in caplog.text


async def test_a_question_that_is_gone_is_answered_without_attaching(stage: Stage) -> None:
    await stream(stage, reply_to=999_999)
    assert stage.texts() == [TEXT]


@pytest.mark.parametrize(
    ("code", "text", "problem"),
    [
        (400, "Bad Request: message thread not found", TopicUnavailable),
        (400, "Bad Request: chat not found", ChatUnavailable),
        (403, "Forbidden: bot was blocked by the user", ChatUnavailable),
        (401, "Unauthorized", Unauthorized),
    ],
)
@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_what_ends_an_answer_is_said_to_the_caller(
    stage: Stage, method: str, code: int, text: str, problem: type[TelegramProblem]
) -> None:
    refuse(stage, method, text, code=code, count=100)
    with pytest.raises(ExceptionGroup) as raised:
        await stream(stage)
    assert raised.group_contains(problem)
    assert len(stage.calls(method)) <= 1


async def test_a_group_that_became_a_supergroup_is_said_to_the_caller(stage: Stage) -> None:
    body = {"type": "group", "title": "Small", "members": [ANNA]}
    group = (await stage.people("chats", body))["id"]
    await stage.people(f"chats/{group}/migrate", {})
    with pytest.raises(ExceptionGroup) as raised:
        await stream(stage, chat=group)
    assert raised.group_contains(ChatMigrated)


async def test_a_refusal_that_nobody_knows_is_tried_plain_and_then_told(stage: Stage) -> None:
    refuse(stage, "sendMessage", "Bad Request: the moon is full")
    await stream(stage)
    assert stage.texts() == [TEXT]
    refuse(stage, "sendMessage", "Bad Request: the moon is full", count=2)
    with pytest.raises(ExceptionGroup) as raised:
        await stream(stage)
    assert raised.group_contains(TelegramProblem)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_edits_are_repeated_when_the_connection_breaks(stage: Stage, kind: str) -> None:
    stage.fault(kind=kind, method="editMessageText", count=2)
    await stream(stage)
    assert stage.texts() == [TEXT]


async def test_edits_are_repeated_when_telegram_fails(stage: Stage) -> None:
    refuse(stage, "editMessageText", "Internal Server Error", code=500, count=3)
    await stream(stage)
    assert stage.texts() == [TEXT]


async def test_a_send_without_effect_is_repeated_once(stage: Stage) -> None:
    stage.fault(kind="drop_before", method="sendMessage")
    await stream(stage)
    assert stage.texts() == [TEXT]


async def test_a_send_of_unknown_outcome_is_repeated_because_whole_beats_once(stage: Stage) -> None:
    stage.fault(kind="drop_after", method="sendMessage")
    screen = await stream(stage)
    assert stage.texts()[-1] == TEXT
    assert len(stage.messages()) == 2
    assert [shown.message_id for shown in screen.shown] == [stage.messages()[-1].id]


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText", "sendChatAction"])
async def test_an_answer_comes_whole_after_a_flood(stage: Stage, method: str) -> None:
    stage.fault(kind="error", method=method, retry_after=4)
    await stream(stage)
    assert stage.texts() == [TEXT]


async def test_nothing_is_asked_of_a_chat_during_its_hold(stage: Stage) -> None:
    stage.fault(kind="hold", chat_id=ANNA, retry_after=20)
    await stream(stage)
    assert stage.texts() == [TEXT]
    assert len(stage.refused()) == 1


async def test_final_text_arrives_after_a_long_hold() -> None:
    async with on_stage(speed=2000) as stage:
        stage.fault(kind="hold", chat_id=ANNA, retry_after=3000)
        screen = await stage.stream(WORDS, every=1.0)
        assert stage.texts() == [TEXT]
        assert len(stage.refused()) == 1
        assert screen.rests >= 1


async def test_final_text_arrives_after_a_long_hold_and_a_restart() -> None:
    holds, screen = MemoryHolds(), MemoryScreen()
    reply = Reply()
    reply.write(TEXT)
    reply.end()
    async with on_stage(speed=100, holds=holds) as stage:
        stage.fault(kind="hold", chat_id=ANNA, retry_after=300)
        live = stage.open(reply, screen)
        live.end(AGAIN)
        running = asyncio.get_running_loop().create_task(live.run())
        await stage.until(lambda: holds.stored)
        running.cancel()
        await asyncio.wait([running])
    async with on_stage(speed=100, holds=holds) as stage:
        assert stage.gate.held(ANNA) > 100
        live = stage.open(reply, screen)
        live.end(AGAIN)
        await live.run()
        assert stage.texts() == [TEXT]
        assert stage.gate.held(ANNA) == 0


async def test_whoever_lost_the_answer_says_nothing_more(stage: Stage) -> None:
    reply, screen = Reply(), MemoryScreen()
    live = stage.open(reply, screen)
    running = asyncio.get_running_loop().create_task(live.run())
    reply.write("The beginning of it.")
    live.touch()
    await stage.until(lambda: stage.texts())
    screen.lost = True
    calls = len(stage.calls())
    reply.write(" More of it.")
    live.touch()
    with pytest.raises(LeaseLost):
        await running
    assert len(stage.calls()) == calls


async def test_a_flood_without_a_time_is_heeded_too(stage: Stage) -> None:
    refuse(stage, "editMessageText", "Too Many Requests: slow down", code=429)
    await stream(stage)
    assert stage.texts() == [TEXT]
    assert len(stage.refused()) <= 1


async def test_a_complete_answer_rests_while_telegram_cannot_be_reached() -> None:
    async with on_stage(speed=500) as stage:
        screen, reply = MemoryScreen(), Reply()
        reply.write(TEXT)
        reply.end()
        refuse(stage, "sendMessage", "Bad Gateway", code=502, count=8)
        live = stage.open(reply, screen)
        live.end(AGAIN)
        await live.run()
        assert stage.texts() == [TEXT]
        assert screen.rests >= 1


def test_the_pause_before_another_try_is_bounded_however_long_telegram_is_away() -> None:
    assert [pause_after(failures) for failures in (0, 1, 2)] == [0.5, 1.0, 2.0]
    assert pause_after(5000) == MAX_RETRY_DELAY


async def test_a_question_that_telegram_finds_invalid_is_answered_without_attaching(stage: Stage) -> None:
    refuse(stage, "sendMessage", "Bad Request: REPLY_MESSAGE_ID_INVALID")
    await stream(stage, reply_to=1)
    assert stage.texts() == [TEXT]
