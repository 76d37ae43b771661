from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bot.errors import AmbiguousOutcome, FloodWait
from bot.rate_limits.scheduler import Priority
from bot.rendering.entities import Formatted
from bot.telegram.destination import Destination
from tests.delivery.stage import ANNA, MemoryHolds, Stage, on_stage

HELLO = Formatted("Hello")
THERE = Destination(ANNA, private=True)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage(speed=50) as running:
        yield running


async def send(stage: Stage, text: str, chat: int = ANNA) -> int:
    return await stage.telegram.send(Destination(chat), Formatted(text))


async def test_many_calls_at_once_are_spread_over_the_budgets() -> None:
    async with on_stage(speed=15) as stage:
        await asyncio.gather(
            *(send(stage, f"private {number}") for number in range(12)),
            *(send(stage, f"group {number}", stage.group) for number in range(22)),
        )
        assert stage.refused() == []
        assert len(stage.messages()) == 12
        assert len(stage.messages(stage.group)) == 22


async def test_a_refused_call_waits_and_goes_again(stage: Stage) -> None:
    stage.fault(kind="hold", chat_id=ANNA, retry_after=5)
    await send(stage, "late")
    assert stage.texts() == ["late"]
    assert len(stage.refused()) == 1


async def test_a_call_during_a_long_hold_is_told_at_once(stage: Stage) -> None:
    stage.fault(kind="hold", chat_id=ANNA, retry_after=3600)
    with pytest.raises(FloodWait):
        await send(stage, "first")
    with pytest.raises(FloodWait) as raised:
        await send(stage, "second")
    assert 3000 < raised.value.seconds <= 3600
    assert len(stage.calls("sendMessage")) == 1


async def test_whoever_waits_is_told_when_a_long_hold_begins(stage: Stage) -> None:
    stage.fault(kind="error", method="sendMessage", retry_after=3600)
    told = await asyncio.gather(*(send(stage, str(number)) for number in range(12)), return_exceptions=True)
    assert sum(isinstance(result, FloodWait) for result in told) >= 7
    assert len(stage.calls("sendMessage")) <= 5


async def test_typing_and_answers_to_buttons_are_dropped_during_a_hold(stage: Stage) -> None:
    stage.fault(kind="error", method="sendChatAction", retry_after=30)
    with pytest.raises(FloodWait):
        await stage.telegram.typing(THERE)
    with pytest.raises(FloodWait):
        await stage.telegram.typing(THERE)
    with pytest.raises(FloodWait):
        await stage.telegram.answer_button("1", "text", chat=ANNA)
    assert len(stage.calls("sendChatAction", "answerCallbackQuery")) <= 1


async def test_a_refused_answer_to_a_button_holds_its_chat(stage: Stage) -> None:
    stage.fault(kind="error", method="answerCallbackQuery", retry_after=30)
    with pytest.raises(FloodWait):
        await stage.telegram.answer_button("1", chat=ANNA)
    assert 29 <= stage.gate.held(ANNA) <= 30
    assert stage.gate.held(stage.group) == 0


async def test_what_is_no_message_passes_during_a_hold(stage: Stage) -> None:
    stage.fault(kind="hold", chat_id=ANNA, retry_after=3600)
    with pytest.raises(FloodWait):
        await send(stage, "held")
    assert (await stage.bot.get_me()).is_bot
    assert await stage.bot.get_updates(timeout=0) is not None
    assert (await stage.bot.get_chat(ANNA)).id == ANNA


async def test_an_edit_is_made_again_and_a_send_is_not(stage: Stage) -> None:
    message = await send(stage, "text")
    stage.fault(kind="error", error_code=502, method="editMessageText", count=2)
    await stage.telegram.edit(ANNA, message, Formatted("edited"))
    assert stage.texts() == ["edited"]
    stage.fault(kind="drop_after", method="sendMessage")
    with pytest.raises(AmbiguousOutcome):
        await send(stage, "perhaps")
    assert stage.texts() == ["edited", "perhaps"]


async def test_several_chats_held_pause_the_bot(stage: Stage) -> None:
    chats = [stage.group, *[await _group(stage, number) for number in range(2)]]
    stage.fault(kind="error", method="sendMessage", retry_after=8, count=3)
    sent = [asyncio.get_running_loop().create_task(send(stage, "text", chat)) for chat in chats]
    await stage.until(lambda: stage.gate.held(ANNA) > 0)
    await asyncio.gather(*sent)
    assert len(stage.refused()) <= 3


async def _group(stage: Stage, number: int) -> int:
    body = {"type": "supergroup", "title": f"Group {number}", "members": [ANNA]}
    return int((await stage.people("chats", body))["id"])


async def test_giving_up_frees_the_place(stage: Stage) -> None:
    waiting = [asyncio.get_running_loop().create_task(send(stage, str(number))) for number in range(40)]
    await stage.until(lambda: len(stage.messages()) >= 5)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await send(stage, "last")
    assert stage.texts()[-1] == "last"
    assert len(stage.messages()) < 20
    assert stage.refused() == []


async def test_an_unused_slot_takes_no_place(stage: Stage) -> None:
    for _ in range(50):
        async with stage.gate.slot(ANNA, Priority.FINAL):
            pass
    async with stage.gate.slot(ANNA, Priority.FINAL):
        await send(stage, "one")
    assert stage.texts() == ["one"]


async def test_too_many_waiting_calls_are_refused() -> None:
    async with on_stage(speed=1) as stage:
        sent = [asyncio.get_running_loop().create_task(send(stage, str(number))) for number in range(220)]
        ended, waiting = await asyncio.wait(sent, return_when=asyncio.FIRST_EXCEPTION)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*sent, return_exceptions=True)
        assert 1 <= sum(isinstance(task.exception(), FloodWait) for task in ended) <= 20


async def test_a_long_hold_is_stored_and_known_after_a_restart(caplog: pytest.LogCaptureFixture) -> None:
    holds = MemoryHolds()
    with caplog.at_level(logging.WARNING):
        async with on_stage(speed=50, holds=holds) as stage:
            stage.fault(kind="hold", chat_id=ANNA, retry_after=7200)
            with pytest.raises(FloodWait):
                await send(stage, "text")
    assert "wants a pause of 7200 s" in caplog.text
    async with on_stage(speed=50, holds=holds) as stage:
        assert stage.gate.held(ANNA) > 6000
        with pytest.raises(FloodWait):
            await send(stage, "text")
        assert stage.calls("sendMessage") == []


async def test_a_call_that_outlives_its_slot_waits_for_a_place_of_its_own(stage: Stage) -> None:
    late = asyncio.Event()

    async def call() -> int:
        await late.wait()
        return await send(stage, "late")

    async with stage.gate.slot(ANNA, Priority.CHANGE):
        calling = asyncio.ensure_future(call())
    late.set()
    await calling
    assert stage.texts() == ["late"]
