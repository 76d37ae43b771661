"""Faults that tests can plan, and the log of calls."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError

from tests.playground.local_telegram import ANNA, LocalTelegram


def shown(telegram: LocalTelegram) -> list[str]:
    messages = telegram.hub.world.chats[ANNA].messages.values()
    return [message.content["text"] for message in messages if message.sender == 0]


async def test_errors_hit_as_many_calls_as_planned(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.post("faults", kind="error", method="sendMessage", chat_id=ANNA, count=2, error_code=502)
    for _ in range(2):
        with pytest.raises(TelegramServerError, match="Bad Gateway"):
            await telegram.bot.send_message(ANNA, "x")
    assert await telegram.bot.send_chat_action(ANNA, "typing")
    assert await telegram.bot.send_message(ANNA, "x")
    await telegram.post("faults", kind="error", retry_after=7)
    with pytest.raises(TelegramRetryAfter) as caught:
        await telegram.bot.send_message(ANNA, "y")
    assert caught.value.retry_after == 7
    await telegram.post("faults", kind="pigeons", status=400)


async def test_a_dropped_connection_may_or_may_not_have_had_its_effect(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.post("faults", kind="drop_before", method="sendMessage")
    with pytest.raises(TelegramNetworkError):
        await telegram.bot.send_message(ANNA, "before")
    await telegram.post("faults", kind="drop_after", method="sendMessage")
    with pytest.raises(TelegramNetworkError):
        await telegram.bot.send_message(ANNA, "after")
    assert shown(telegram) == ["after"]


async def test_a_stalled_call_acts_and_never_answers(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.post("faults", kind="stall", method="sendMessage")
    url = f"{telegram.url}/bot{telegram.bot.token}/sendMessage"
    with pytest.raises(asyncio.TimeoutError):
        await telegram.session.post(
            url, json={"chat_id": ANNA, "text": "stalled"}, timeout=aiohttp.ClientTimeout(total=0.3)
        )
    assert shown(telegram) == ["stalled"]


async def test_a_delayed_call_acts_later(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.post("faults", kind="delay", seconds=0.05)
    assert await telegram.bot.send_message(ANNA, "late")


async def test_a_hold_lasts_until_it_is_taken_back(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.post("faults", kind="hold", chat_id=ANNA, retry_after=7200)
    with pytest.raises(TelegramRetryAfter) as caught:
        await telegram.bot.send_message(ANNA, "x")
    assert 7190 <= caught.value.retry_after <= 7200
    assert await telegram.bot.send_message(telegram.friends, "others go on")
    async with telegram.session.delete(f"{telegram.url}/faults") as response:
        assert response.status == 200
    assert await telegram.bot.send_message(ANNA, "x")


async def test_calls_are_logged_with_their_parameters(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.bot.send_message(ANNA, "123", entities=[])
    await telegram.complaint("sendMessage", chat_id=ANNA, text="")
    await telegram.post("faults", kind="error", error_code=500)
    await telegram.complaint("sendMessage", chat_id=ANNA, text="x")
    calls = await telegram.get("calls?since=0")
    assert [(call["method"], call["ok"], call["error_code"]) for call in calls] == [
        ("sendMessage", True, None),
        ("sendMessage", False, 400),
        ("sendMessage", False, 500),
    ]
    assert calls[0]["parameters"]["chat_id"] == ANNA
    assert calls[0]["parameters"]["text"] == "123"
    assert await telegram.get(f"calls?since={calls[-1]['seq']}") == []
