from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bot.errors import ChatUnavailable
from bot.rendering.entities import Entity, Formatted
from bot.streaming.outbox import MOST_IN_A_CHAT
from bot.telegram.destination import Destination
from tests.delivery.stage import AGAIN, ANNA, Stage, on_stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage(speed=50) as running:
        yield running


async def test_notices_come_in_order_within_the_budgets(stage: Stage) -> None:
    for number in range(8):
        stage.outbox.post(stage.place(), f"notice {number}", keyboard=AGAIN)
    await stage.until(lambda: len(stage.texts()) == 8)
    assert stage.texts() == [f"notice {number}" for number in range(8)]
    assert stage.refused() == []


async def test_a_notice_waits_for_the_end_of_a_long_hold() -> None:
    async with on_stage(speed=500) as stage:
        stage.fault(kind="hold", chat_id=ANNA, retry_after=600)
        stage.outbox.post(stage.place(), "late")
        stage.outbox.post(stage.place(), "later")
        await stage.until(lambda: stage.texts() == ["late", "later"])
        assert len(stage.refused()) == 1


async def test_another_chat_does_not_wait(stage: Stage) -> None:
    stage.fault(kind="hold", chat_id=ANNA, retry_after=600)
    stage.outbox.post(stage.place(), "held")
    stage.outbox.post(stage.place(stage.group), "at once")
    await stage.until(lambda: stage.texts(stage.group) == ["at once"])
    assert stage.texts() == []


async def test_what_fails_is_logged_and_the_next_one_comes(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.fault(kind="error", method="sendMessage", error_code=403, description="Forbidden: bot was blocked")
    with caplog.at_level(logging.WARNING):
        stage.outbox.post(stage.place(), "lost")
        stage.outbox.post(stage.place(), "there")
        await stage.until(lambda: stage.texts() == ["there"])
    assert "no notice: ChatUnavailable" in caplog.text


async def test_a_broken_connection_is_tried_again(stage: Stage) -> None:
    stage.fault(kind="drop_before", method="sendMessage", count=2)
    stage.outbox.post(stage.place(), "there")
    await stage.until(lambda: stage.texts() == ["there"])


async def test_refused_formatting_and_a_missing_question_are_done_without(stage: Stage) -> None:
    stage.fault(kind="error", method="sendMessage", error_code=400, description="Bad Request: can't parse entities: x")
    stage.outbox.post(Destination(ANNA, private=True), Formatted("bold", (Entity("bold", 0, 4),)))
    stage.outbox.post(Destination(ANNA, reply_to=999_999, private=True), "attached")
    await stage.until(lambda: stage.texts() == ["bold", "attached"])


async def test_too_many_waiting_notices_drop_the_oldest(stage: Stage) -> None:
    stage.fault(kind="hold", chat_id=ANNA, retry_after=50)
    for number in range(MOST_IN_A_CHAT + 10):
        stage.outbox.post(stage.place(), str(number))
    await stage.until(lambda: stage.texts()[-1:] == [str(MOST_IN_A_CHAT + 9)])
    assert len(stage.texts()) == MOST_IN_A_CHAT
    assert stage.texts()[:2] == ["0", "11"]


async def test_a_notice_sent_at_once_gives_its_id_or_its_failure(stage: Stage) -> None:
    assert await stage.outbox.send(stage.place(), "text") == stage.messages()[0].id
    with pytest.raises(ChatUnavailable):
        await stage.outbox.send(Destination(424_242), "text")
    await asyncio.sleep(0)
