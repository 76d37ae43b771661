"""What a surface does about each of Telegram's errors, and about holds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import ChatMigrated, ChatUnavailable, LeaseLost, TelegramProblem, TopicUnavailable, Unauthorized
from bot.rendering.reply import Reply
from bot.streaming.live_reply import MAX_RESEND_DELAY, pause_after
from tests.harness.telegram_scene import (
    AGAIN,
    ANNA,
    MemoryJournalStore,
    MemoryPacingStore,
    TelegramScene,
    telegram_scene,
)

WORDS = [f"word{number} " for number in range(100)]
TEXT = "".join(WORDS).strip()


@pytest.fixture
async def scene() -> AsyncIterator[TelegramScene]:
    async with telegram_scene() as running:
        yield running


async def stream(scene: TelegramScene, **more: Any) -> MemoryJournalStore:
    return await scene.stream(WORDS, every=0.05, **more)


def refuse(scene: TelegramScene, method: str, text: str, *, code: int = 400, count: int = 1) -> None:
    scene.fault(kind="error", method=method, error_code=code, description=text, count=count)


async def test_an_edit_that_changes_nothing_is_fine(scene: TelegramScene) -> None:
    refuse(scene, "editMessageText", "Bad Request: message is not modified: specified new message content and so on")
    await stream(scene)
    assert scene.texts() == [TEXT]


@pytest.mark.parametrize("text", ["message to edit not found", "message can't be edited"])
async def test_a_message_that_is_gone_is_sent_anew(scene: TelegramScene, text: str) -> None:
    refuse(scene, "editMessageText", f"Bad Request: {text}")
    store = await stream(scene)
    assert scene.texts()[-1] == TEXT
    assert len(scene.calls("sendMessage")) == 2
    assert [shown.message_id for shown in store.shown] == [scene.messages()[-1].id]


async def test_a_message_that_somebody_deletes_is_sent_anew(scene: TelegramScene) -> None:
    reply, store = Reply(), MemoryJournalStore()
    live = scene.open(reply, store)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live.run())
        reply.write("The beginning of it.")
        live.notify()
        await scene.until(lambda: scene.texts())
        await scene.people(f"people/{ANNA}/delete", {"chat_id": ANNA, "message_id": scene.messages()[0].id})
        reply.write(" And the end.")
        reply.end()
        live.end(AGAIN)
    assert scene.texts() == ["The beginning of it. And the end."]


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_what_is_too_long_is_cut_smaller(scene: TelegramScene, method: str) -> None:
    refuse(scene, method, "Bad Request: MESSAGE_TOO_LONG")
    pieces = [f"piece number {number} of a longer text " for number in range(40)]
    await scene.stream(pieces, every=0.1)
    assert len(scene.texts()) >= 2
    assert " ".join(scene.texts()).split() == "".join(pieces).split()


async def test_a_refused_formatting_becomes_plain_text(scene: TelegramScene, caplog: pytest.LogCaptureFixture) -> None:
    refuse(scene, "sendMessage", "Bad Request: can't parse entities: Can't find end of the entity at byte offset 3")
    with caplog.at_level(logging.WARNING):
        await scene.stream(["It is **bold** and `code`", " all the way"], every=1.0)
    assert scene.texts() == ["It is bold and code all the way"]
    assert "entities" not in scene.messages()[0].content
    assert "does not take the formatting" in caplog.text


async def test_a_question_that_is_gone_is_answered_without_attaching(scene: TelegramScene) -> None:
    await stream(scene, reply_to=999_999)
    assert scene.texts() == [TEXT]


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
    scene: TelegramScene, method: str, code: int, text: str, problem: type[TelegramProblem]
) -> None:
    refuse(scene, method, text, code=code, count=100)
    with pytest.raises(ExceptionGroup) as raised:
        await stream(scene)
    assert raised.group_contains(problem)
    assert len(scene.calls(method)) <= 1


async def test_a_group_that_became_a_supergroup_is_said_to_the_caller(scene: TelegramScene) -> None:
    body = {"type": "group", "title": "Small", "members": [ANNA]}
    group = (await scene.people("chats", body))["id"]
    await scene.people(f"chats/{group}/migrate", {})
    with pytest.raises(ExceptionGroup) as raised:
        await stream(scene, chat=group)
    assert raised.group_contains(ChatMigrated)


async def test_a_refusal_that_nobody_knows_is_tried_plain_and_then_told(scene: TelegramScene) -> None:
    refuse(scene, "sendMessage", "Bad Request: the moon is full")
    await stream(scene)
    assert scene.texts() == [TEXT]
    refuse(scene, "sendMessage", "Bad Request: the moon is full", count=2)
    with pytest.raises(ExceptionGroup) as raised:
        await stream(scene)
    assert raised.group_contains(TelegramProblem)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_edits_are_repeated_when_the_connection_breaks(scene: TelegramScene, kind: str) -> None:
    scene.fault(kind=kind, method="editMessageText", count=2)
    await stream(scene)
    assert scene.texts() == [TEXT]


async def test_edits_are_repeated_when_telegram_fails(scene: TelegramScene) -> None:
    refuse(scene, "editMessageText", "Internal Server Error", code=500, count=3)
    await stream(scene)
    assert scene.texts() == [TEXT]


async def test_a_send_without_effect_is_repeated_once(scene: TelegramScene) -> None:
    scene.fault(kind="drop_before", method="sendMessage")
    await stream(scene)
    assert scene.texts() == [TEXT]


async def test_a_send_of_unknown_outcome_is_repeated_because_whole_beats_once(scene: TelegramScene) -> None:
    scene.fault(kind="drop_after", method="sendMessage")
    store = await stream(scene)
    assert scene.texts()[-1] == TEXT
    assert len(scene.messages()) == 2
    assert [shown.message_id for shown in store.shown] == [scene.messages()[-1].id]


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText", "sendChatAction"])
async def test_an_answer_comes_whole_after_a_flood(scene: TelegramScene, method: str) -> None:
    scene.fault(kind="error", method=method, retry_after=4)
    await stream(scene)
    assert scene.texts() == [TEXT]


async def test_nothing_is_asked_of_a_chat_during_its_hold(scene: TelegramScene) -> None:
    scene.fault(kind="hold", chat_id=ANNA, retry_after=20)
    await stream(scene)
    assert scene.texts() == [TEXT]
    assert [call["method"] for call in scene.refused()] == ["sendChatAction", "sendMessage"]


async def test_final_text_arrives_after_a_long_hold() -> None:
    async with telegram_scene(speed=2000) as scene:
        scene.fault(kind="hold", chat_id=ANNA, retry_after=3000)
        store = await scene.stream(WORDS, every=1.0)
        assert scene.texts() == [TEXT]
        *before, last = [call["method"] for call in scene.refused()]
        assert last == "sendMessage" and before in ([], ["sendChatAction"])  # text may come before the first typing
        assert store.rests >= 1


async def test_final_text_arrives_after_a_long_hold_and_a_restart() -> None:
    holds, store = MemoryPacingStore(), MemoryJournalStore()
    reply = Reply()
    reply.write(TEXT)
    reply.end()
    async with telegram_scene(speed=100, pacing=holds) as scene:
        scene.fault(kind="hold", chat_id=ANNA, retry_after=300)
        live = scene.open(reply, store)
        live.end(AGAIN)
        running = asyncio.get_running_loop().create_task(live.run())
        await scene.until(lambda: holds.stored)
        running.cancel()
        await asyncio.wait([running])
    async with telegram_scene(speed=100, pacing=holds) as scene:
        assert scene.slots.held(ANNA) > 100
        live = scene.open(reply, store)
        live.end(AGAIN)
        await live.run()
        assert scene.texts() == [TEXT]
        assert scene.slots.held(ANNA) == 0


async def test_whoever_lost_the_answer_says_nothing_more(scene: TelegramScene) -> None:
    reply, store = Reply(), MemoryJournalStore()
    live = scene.open(reply, store)
    running = asyncio.get_running_loop().create_task(live.run())
    reply.write("The beginning of it.")
    live.notify()
    await scene.until(lambda: scene.texts())
    store.lost = True
    calls = len(scene.calls())
    reply.write(" More of it.")
    live.notify()
    with pytest.raises(LeaseLost):
        await running
    assert len(scene.calls()) == calls


async def test_a_flood_without_a_time_is_heeded_too(scene: TelegramScene) -> None:
    refuse(scene, "editMessageText", "Too Many Requests: slow down", code=429)
    await stream(scene)
    assert scene.texts() == [TEXT]
    assert len(scene.refused()) <= 1


async def test_a_complete_answer_rests_while_telegram_cannot_be_reached() -> None:
    async with telegram_scene(speed=500) as scene:
        store, reply = MemoryJournalStore(), Reply()
        reply.write(TEXT)
        reply.end()
        refuse(scene, "sendMessage", "Bad Gateway", code=502, count=8)
        live = scene.open(reply, store)
        live.end(AGAIN)
        await live.run()
        assert scene.texts() == [TEXT]
        assert store.rests >= 1


def test_the_pause_before_another_try_is_bounded_however_long_telegram_is_away() -> None:
    assert [pause_after(failures) for failures in (0, 1, 2)] == [0.5, 1.0, 2.0]
    assert pause_after(5000) == MAX_RESEND_DELAY


async def test_a_question_that_telegram_finds_invalid_is_answered_without_attaching(scene: TelegramScene) -> None:
    refuse(scene, "sendMessage", "Bad Request: REPLY_MESSAGE_ID_INVALID")
    await stream(scene, reply_to=1)
    assert scene.texts() == [TEXT]
