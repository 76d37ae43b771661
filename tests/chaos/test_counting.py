"""The count at the end sees what is wrong, and excuses only what was planned or happened inside an interruption."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.chaos.floods import FloodWatch
from tests.chaos.stale_edits import take_back
from tests.harness.checked_answers import answer_to
from tests.harness.program_process import TOKEN
from tests.harness.scene import running_telegram
from tests.harness.telegram_people import ANNA, Telegram
from tests.soak.counting import Interruptions, judge
from tests.soak.people import Conversation

FIRST, SECOND = f"p{ANNA}n0", f"p{ANNA}n1"
TRY_AGAIN = {"inline_keyboard": [[{"text": "↻ Try again", "callback_data": "again:1"}]]}
STOP = {"inline_keyboard": [[{"text": "■ Stop", "callback_data": "stop:1"}]]}


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    """Telegram, with somebody in it to whom the bot may write."""
    async with running_telegram() as telegram:
        await telegram.send("Hello")
        yield telegram


@pytest.fixture
def talk(telegram: Telegram) -> Conversation:
    return Conversation(ANNA, [ANNA], telegram, random.Random(1), asked=[FIRST, SECOND])


async def bot_sends(telegram: Telegram, text: str, **more: Any) -> int:
    """Let the bot send a message. Gives the status."""
    url = f"{telegram.url}/bot{TOKEN}/sendMessage"
    async with telegram.session.post(url, json={"chat_id": ANNA, "text": text, **more}) as response:
        if response.status == 200:
            sent = (await response.json())["result"]["message_id"]
            await telegram.until(lambda: any(message["message_id"] == sent for message in telegram.said()))
        return response.status


async def test_answers_once_each_and_in_order_are_right(telegram: Telegram, talk: Conversation) -> None:
    for name in talk.asked:
        await bot_sends(telegram, answer_to(name))
    verdict = judge([talk], Interruptions(), {})
    assert (verdict.asked, verdict.whole, verdict.wrong) == (2, 2, 0)


async def test_what_was_never_answered_is_lost(telegram: Telegram, talk: Conversation) -> None:
    await bot_sends(telegram, answer_to(SECOND))
    assert judge([talk], Interruptions(), {}).lost == 1


async def test_answers_in_another_order_are_seen(telegram: Telegram, talk: Conversation) -> None:
    for name in reversed(talk.asked):
        await bot_sends(telegram, answer_to(name))
    assert judge([talk], Interruptions(), {}).out_of_order == 1


@pytest.mark.parametrize(
    ("chat", "away", "excused"), [(None, 0.0, 1), (ANNA, 0.0, 1), (ANNA + 1, 0.0, 0), (None, 5.0, 0)]
)
async def test_an_answer_that_stands_twice_is_excused_only_by_an_interruption_then_and_there(
    telegram: Telegram, talk: Conversation, chat: int | None, away: float, excused: int
) -> None:
    interruptions = Interruptions()
    for name in (FIRST, FIRST, SECOND):
        await bot_sends(telegram, answer_to(name))
    interruptions.note("a kill", time.monotonic() - away, chat=chat)
    verdict = judge([talk], interruptions, {})
    assert (verdict.doubled, verdict.in_window) == (1 - excused, excused)


@pytest.mark.parametrize(("stored", "away", "excused"), [(False, 3.0, 1), (True, 0.0, 0), (False, 60.0, 0)])
async def test_where_the_ids_are_known_a_message_is_excused_only_if_its_own_was_never_stored(
    telegram: Telegram, talk: Conversation, *, stored: bool, away: float, excused: int
) -> None:
    interruptions = Interruptions()
    unknown = await bot_sends(telegram, answer_to(FIRST))
    interruptions.note("a kill", time.monotonic() - away, time.monotonic() if away < 60 else None)
    for name in (FIRST, SECOND):
        await bot_sends(telegram, answer_to(name))
    first = telegram.said()[0]["message_id"]
    verdict = judge([talk], interruptions, {}, lambda _chat, message: stored or message != first)
    assert unknown == 200
    assert (verdict.doubled, verdict.in_window) == (1 - excused, excused)


async def test_the_half_of_an_answer_that_somebody_else_wrote_again_is_twice(
    telegram: Telegram, talk: Conversation
) -> None:
    await bot_sends(telegram, answer_to(FIRST)[:90], reply_markup=STOP)
    for name in talk.asked:
        await bot_sends(telegram, answer_to(name))
    assert judge([talk], Interruptions(), {}).doubled == 1


async def test_an_answer_that_went_on_below_a_later_one_is_whole_where_somebody_asked_for_that(
    telegram: Telegram, talk: Conversation
) -> None:
    whole = answer_to(FIRST)
    for text in (whole[:90], answer_to(SECOND), whole[90:]):
        await bot_sends(telegram, text)
    assert judge([talk], Interruptions(), {}).lost == 1
    talk.retried.add(FIRST)
    assert judge([talk], Interruptions(), {}).wrong == 0


async def test_an_answer_stands_again_for_each_press_on_an_old_failure(telegram: Telegram, talk: Conversation) -> None:
    for name in (FIRST, SECOND, FIRST, FIRST):
        await bot_sends(telegram, answer_to(name))
    talk.retried.add(FIRST)
    assert judge([talk], Interruptions(), {}).doubled == 2
    talk.pressed_again = 1
    assert judge([talk], Interruptions(), {}).doubled == 1


async def test_nobody_presses_again_under_a_failure_whose_question_is_answered(
    telegram: Telegram, talk: Conversation
) -> None:
    await bot_sends(telegram, "The model's answer could not be used.", reply_markup=TRY_AGAIN)
    for name in talk.asked:
        await bot_sends(telegram, answer_to(name))
    talk.asked, talk.patience = [*talk.asked, f"p{ANNA}n2"], 1.0
    failed = telegram.said()[0]
    talk.pressed, talk.last_press = {(failed["message_id"], 0)}, {failed["message_id"]: 0.0}
    talk.missing = {failed["message_id"]: {FIRST}}
    await talk.wait_for_answers()
    assert (talk.pressed_again, talk.lost) == (0, [f"p{ANNA}n2"])


async def test_what_the_bot_says_of_itself_is_no_answer(telegram: Telegram, talk: Conversation) -> None:
    await bot_sends(telegram, answer_to(FIRST))
    await bot_sends(telegram, "I can't save anything at the moment.")
    await bot_sends(telegram, answer_to(SECOND))
    verdict = judge([talk], Interruptions(), {})
    assert (verdict.wrong, verdict.notices) == (0, 1)


async def test_a_failure_that_was_not_the_generators_counts_as_lost(telegram: Telegram, talk: Conversation) -> None:
    await bot_sends(telegram, "The model's answer could not be used.", reply_markup=TRY_AGAIN)
    for name in talk.asked:
        await bot_sends(telegram, answer_to(name))
    talk.pressed.add((1, 0))
    assert judge([talk], Interruptions(), {FIRST: 1}).lost == 0
    assert judge([talk], Interruptions(), {}).lost == 1


async def test_an_answer_that_still_bears_stop_is_unsettled(telegram: Telegram, talk: Conversation) -> None:
    await bot_sends(telegram, answer_to(FIRST))
    await bot_sends(telegram, answer_to(SECOND), reply_markup=STOP)
    assert judge([talk], Interruptions(), {}).unsettled == 1


async def test_a_429_of_a_hold_or_a_fault_is_planned_and_one_of_a_budget_is_a_breach(telegram: Telegram) -> None:
    watch = FloodWatch(telegram, Interruptions())
    await watch.hold(ANNA, 60)
    assert await bot_sends(telegram, "Held") == 429
    await watch.clear()
    await watch.refuse("sendMessage", ANNA, 2)
    assert await bot_sends(telegram, "Refused") == 429
    while await bot_sends(telegram, "Too much") == 200:
        pass
    await watch.look()
    assert watch.planned == 2
    assert [(method, chat) for _, method, chat in watch.breaches] == [("sendmessage", ANNA)]


async def test_a_send_that_is_never_answered_interrupts_its_own_chat(telegram: Telegram) -> None:
    watch = FloodWatch(telegram, interruptions := Interruptions())
    await watch.drop("sendMessage", ANNA, "drop_after")
    with pytest.raises(aiohttp.ClientError):
        await bot_sends(telegram, "Unknown")
    await watch.look()
    assert interruptions.nearest(ANNA, time.monotonic())[0] < 5
    assert interruptions.nearest(ANNA + 1, time.monotonic())[0] == float("inf")


@pytest.mark.parametrize(("frozen", "late", "found"), [(True, True, 1), (False, True, 0), (True, False, 0)])
async def test_an_edit_that_arrives_long_after_its_message_was_full_is_told_apart(
    telegram: Telegram, *, frozen: bool, late: bool, found: int
) -> None:
    interruptions = Interruptions()
    await bot_sends(telegram, "full")
    message = telegram.said()[-1]["message_id"]
    url = f"{telegram.url}/bot{TOKEN}/editMessageText"
    body = {"chat_id": ANNA, "message_id": message, "text": "stale", "reply_markup": STOP}
    async with telegram.session.post(url, json=body) as response:
        assert response.status == 200
    await telegram.reads("stale")
    now = time.monotonic()
    if frozen:
        interruptions.note("a freeze", now)
    assert take_back(telegram, {(ANNA, message): now - (5.0 if late else 0.0)}, interruptions) == found
    assert telegram.texts()[-1] == ("full" if found else "stale")
