from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bot.errors import AmbiguousOutcome, FloodWait
from bot.rate_limits.requests import Priority
from bot.rendering.entities import Formatted
from bot.telegram.destination import Destination
from tests.harness.telegram_scene import ANNA, MemoryPacingStore, TelegramScene, telegram_scene

HELLO = Formatted("Hello")
THERE = Destination(ANNA, private=True)


@pytest.fixture
async def scene() -> AsyncIterator[TelegramScene]:
    async with telegram_scene(speed=50) as running:
        yield running


async def send(scene: TelegramScene, text: str, chat: int = ANNA) -> int:
    return await scene.telegram.send(Destination(chat), Formatted(text))


async def test_many_calls_at_once_are_spread_over_the_budgets() -> None:
    async with telegram_scene(speed=15) as scene:
        await asyncio.gather(
            *(send(scene, f"private {number}") for number in range(12)),
            *(send(scene, f"group {number}", scene.group) for number in range(22)),
        )
        assert scene.refused() == []
        assert len(scene.messages()) == 12
        assert len(scene.messages(scene.group)) == 22


async def test_a_refused_call_waits_and_goes_again(scene: TelegramScene) -> None:
    scene.fault(kind="hold", chat_id=ANNA, retry_after=5)
    await send(scene, "late")
    assert scene.texts() == ["late"]
    assert len(scene.refused()) == 1


async def test_a_call_during_a_long_hold_is_told_at_once(scene: TelegramScene) -> None:
    scene.fault(kind="hold", chat_id=ANNA, retry_after=3600)
    with pytest.raises(FloodWait):
        await send(scene, "first")
    with pytest.raises(FloodWait) as raised:
        await send(scene, "second")
    assert 3000 < raised.value.seconds <= 3600
    assert len(scene.calls("sendMessage")) == 1


async def test_whoever_waits_is_told_when_a_long_hold_begins(scene: TelegramScene) -> None:
    scene.fault(kind="error", method="sendMessage", retry_after=3600)
    told = await asyncio.gather(*(send(scene, str(number)) for number in range(12)), return_exceptions=True)
    assert sum(isinstance(result, FloodWait) for result in told) >= 7
    assert len(scene.calls("sendMessage")) <= 5


async def test_typing_and_answers_to_buttons_are_dropped_during_a_hold(scene: TelegramScene) -> None:
    scene.fault(kind="error", method="answerCallbackQuery", retry_after=30)
    with pytest.raises(FloodWait):
        await scene.telegram.answer_button("1", "text", chat=ANNA)
    with pytest.raises(FloodWait):
        await scene.telegram.typing(THERE)
    with pytest.raises(FloodWait):
        await scene.telegram.answer_button("1", "text", chat=ANNA)
    assert len(scene.calls("sendChatAction", "answerCallbackQuery")) <= 1


@pytest.mark.parametrize("retry_after", [3, 7200])
async def test_a_refused_chat_action_pauses_chat_actions_of_its_chat_alone(
    scene: TelegramScene, retry_after: int
) -> None:
    scene.fault(kind="error", method="sendChatAction", retry_after=retry_after)
    for _ in range(2):
        with pytest.raises(FloodWait):
            await scene.telegram.typing(THERE)
    assert len(scene.calls("sendChatAction")) == 1
    assert scene.slots.held(ANNA) == 0
    await send(scene, "text")
    await scene.telegram.typing(Destination(scene.group))
    assert scene.texts() == ["text"]


async def test_chat_actions_beyond_their_budget_are_dropped_and_refused_by_nobody() -> None:
    async with telegram_scene(speed=1) as scene:
        outcomes = await asyncio.gather(*(scene.telegram.typing(THERE) for _ in range(40)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [FloodWait] * (
            40 - len(scene.calls("sendChatAction"))
        )
        assert 15 <= len(scene.calls("sendChatAction")) <= 20
        assert scene.slots.drafts_held(ANNA) == 0


async def test_a_refused_answer_to_a_button_holds_its_chat(scene: TelegramScene) -> None:
    scene.fault(kind="error", method="answerCallbackQuery", retry_after=3000)
    with pytest.raises(FloodWait):
        await scene.telegram.answer_button("1", chat=ANNA)
    assert 2900 <= scene.slots.held(ANNA) <= 3000
    assert scene.slots.held(scene.group) == 0


async def test_what_is_no_message_passes_during_a_hold(scene: TelegramScene) -> None:
    scene.fault(kind="hold", chat_id=ANNA, retry_after=3600)
    with pytest.raises(FloodWait):
        await send(scene, "held")
    assert (await scene.bot.get_me()).is_bot
    assert await scene.bot.get_updates(timeout=0) is not None
    assert (await scene.bot.get_chat(ANNA)).id == ANNA


async def test_an_edit_is_made_again_and_a_send_is_not(scene: TelegramScene) -> None:
    message = await send(scene, "text")
    scene.fault(kind="error", error_code=502, method="editMessageText", count=2)
    await scene.telegram.edit(ANNA, message, Formatted("edited"))
    assert scene.texts() == ["edited"]
    scene.fault(kind="drop_after", method="sendMessage")
    with pytest.raises(AmbiguousOutcome):
        await send(scene, "perhaps")
    assert scene.texts() == ["edited", "perhaps"]


async def test_several_chats_held_pause_the_bot(scene: TelegramScene) -> None:
    chats = [scene.group, *[await _group(scene, number) for number in range(2)]]
    scene.fault(kind="error", method="sendMessage", retry_after=8, count=3)
    sent = [asyncio.get_running_loop().create_task(send(scene, "text", chat)) for chat in chats]
    await scene.until(lambda: scene.slots.held(ANNA) > 0)
    await asyncio.gather(*sent)
    assert len(scene.refused()) <= 3


async def _group(scene: TelegramScene, number: int) -> int:
    body = {"type": "supergroup", "title": f"Group {number}", "members": [ANNA]}
    return int((await scene.people("chats", body))["id"])


async def test_giving_up_frees_the_place(scene: TelegramScene) -> None:
    waiting = [asyncio.get_running_loop().create_task(send(scene, str(number))) for number in range(40)]
    await scene.until(lambda: len(scene.messages()) >= 5)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await send(scene, "last")
    assert scene.texts()[-1] == "last"
    assert len(scene.messages()) < 20
    assert scene.refused() == []


async def test_an_unused_slot_takes_no_place(scene: TelegramScene) -> None:
    for _ in range(50):
        async with scene.slots.slot(ANNA, Priority.FINAL):
            pass
    async with scene.slots.slot(ANNA, Priority.FINAL):
        await send(scene, "one")
    assert scene.texts() == ["one"]


async def test_too_many_waiting_calls_are_refused() -> None:
    async with telegram_scene(speed=1) as scene:
        sent = [asyncio.get_running_loop().create_task(send(scene, str(number))) for number in range(220)]
        ended, waiting = await asyncio.wait(sent, return_when=asyncio.FIRST_EXCEPTION)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*sent, return_exceptions=True)
        assert 1 <= sum(isinstance(task.exception(), FloodWait) for task in ended) <= 20


async def test_a_long_hold_is_stored_and_known_after_a_restart(caplog: pytest.LogCaptureFixture) -> None:
    holds = MemoryPacingStore()
    with caplog.at_level(logging.WARNING):
        async with telegram_scene(speed=50, pacing=holds) as scene:
            scene.fault(kind="hold", chat_id=ANNA, retry_after=7200)
            with pytest.raises(FloodWait):
                await send(scene, "text")
    assert "wants a pause of 7200 s" in caplog.text
    async with telegram_scene(speed=50, pacing=holds) as scene:
        assert scene.slots.held(ANNA) > 6000
        with pytest.raises(FloodWait):
            await send(scene, "text")
        assert scene.calls("sendMessage") == []


async def test_a_call_that_outlives_its_slot_waits_for_a_place_of_its_own(scene: TelegramScene) -> None:
    late = asyncio.Event()

    async def call() -> int:
        await late.wait()
        return await send(scene, "late")

    async with scene.slots.slot(ANNA, Priority.CHANGE):
        calling = asyncio.ensure_future(call())
    late.set()
    await calling
    assert scene.texts() == ["late"]
