from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bot.errors import ChatUnavailable
from bot.rendering.entities import Entity, Formatted
from bot.streaming.outbox import MAX_WAITING_NOTICES
from bot.telegram.destination import Destination
from tests.harness.telegram_scene import AGAIN, ANNA, TelegramScene, telegram_scene


@pytest.fixture
async def scene() -> AsyncIterator[TelegramScene]:
    async with telegram_scene(speed=50) as running:
        yield running


async def test_notices_come_in_order_within_the_budgets(scene: TelegramScene) -> None:
    for number in range(8):
        scene.outbox.enqueue(scene.destination(), f"notice {number}", keyboard=AGAIN)
    await scene.until(lambda: len(scene.texts()) == 8)
    assert scene.texts() == [f"notice {number}" for number in range(8)]
    assert scene.refused() == []


async def test_a_notice_waits_for_the_end_of_a_long_hold() -> None:
    async with telegram_scene(speed=500) as scene:
        scene.fault(kind="hold", chat_id=ANNA, retry_after=600)
        scene.outbox.enqueue(scene.destination(), "late")
        scene.outbox.enqueue(scene.destination(), "later")
        await scene.until(lambda: scene.texts() == ["late", "later"])
        assert len(scene.refused()) == 1


async def test_another_chat_does_not_wait(scene: TelegramScene) -> None:
    scene.fault(kind="hold", chat_id=ANNA, retry_after=600)
    scene.outbox.enqueue(scene.destination(), "held")
    scene.outbox.enqueue(scene.destination(scene.group), "at once")
    await scene.until(lambda: scene.texts(scene.group) == ["at once"])
    assert scene.texts() == []


async def test_what_fails_is_logged_and_the_next_one_comes(
    scene: TelegramScene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.fault(kind="error", method="sendMessage", error_code=403, description="Forbidden: bot was blocked")
    with caplog.at_level(logging.WARNING):
        scene.outbox.enqueue(scene.destination(), "lost")
        scene.outbox.enqueue(scene.destination(), "there")
        await scene.until(lambda: scene.texts() == ["there"])
    assert "no notice: ChatUnavailable" in caplog.text


async def test_a_broken_connection_is_tried_again(scene: TelegramScene) -> None:
    scene.fault(kind="drop_before", method="sendMessage", count=2)
    scene.outbox.enqueue(scene.destination(), "there")
    await scene.until(lambda: scene.texts() == ["there"])


async def test_refused_formatting_and_a_missing_question_are_done_without(scene: TelegramScene) -> None:
    scene.fault(kind="error", method="sendMessage", error_code=400, description="Bad Request: can't parse entities: x")
    scene.outbox.enqueue(Destination(ANNA, private=True), Formatted("bold", (Entity("bold", 0, 4),)))
    scene.outbox.enqueue(Destination(ANNA, reply_to=999_999, private=True), "attached")
    await scene.until(lambda: scene.texts() == ["bold", "attached"])


async def test_too_many_waiting_notices_drop_the_oldest(scene: TelegramScene) -> None:
    scene.fault(kind="hold", chat_id=ANNA, retry_after=50)
    for number in range(MAX_WAITING_NOTICES + 10):
        scene.outbox.enqueue(scene.destination(), str(number))
    await scene.until(lambda: scene.texts()[-1:] == [str(MAX_WAITING_NOTICES + 9)])
    assert len(scene.texts()) == MAX_WAITING_NOTICES
    assert scene.texts()[:2] == ["0", "11"]


async def test_a_notice_sent_at_once_gives_its_id_or_its_failure(scene: TelegramScene) -> None:
    assert await scene.outbox.send(scene.destination(), "text") == scene.messages()[0].id
    with pytest.raises(ChatUnavailable):
        await scene.outbox.send(Destination(424_242), "text")
    await asyncio.sleep(0)
