"""How long a call to Telegram waits before it is made again."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from typing import Any

import pytest
from aiogram import Dispatcher
from hypothesis import given
from hypothesis import strategies as st

from bot.updates.retry import MAX_TELEGRAM_PAUSE, MIN_TELEGRAM_PAUSE, bounded_retry_after
from bot.updates.webhook import announce_webhook
from tests.updates.scripted_session import poll
from tests.updates.scripted_telegram import bot_at, json_answer, listener, message, polling, scripted_app, served

BAD: list[object] = [
    -5,
    0,
    2.5,
    -0.5,
    True,
    None,
    "7",
    "soon",
    [],
    {},
    10**7,
    10**18,
    10**30,
    10**400,
    "1" * 400,
    math.inf,
    math.nan,
]


@given(st.integers() | st.floats() | st.text() | st.booleans() | st.none() | st.lists(st.integers()))
def test_any_retry_after_is_between_a_second_and_an_hour(value: object) -> None:
    assert MIN_TELEGRAM_PAUSE <= bounded_retry_after(value) <= MAX_TELEGRAM_PAUSE


@pytest.mark.parametrize(("value", "seconds"), [(1, 1.0), (30, 30.0), (2.5, 2.5), ("7", 7.0), (3600, 3600.0)])
def test_a_sensible_retry_after_is_obeyed(value: object, seconds: float) -> None:
    assert bounded_retry_after(value) == seconds


def held(value: object) -> tuple[int, str]:
    parameters = {"retry_after": value}
    return 429, json.dumps({"ok": False, "error_code": 429, "description": "Too Many", "parameters": parameters})


@pytest.mark.parametrize("value", BAD, ids=lambda value: str(value)[:12])
async def test_polling_waits_no_longer_than_an_hour_and_floods_nobody(
    value: object, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [held(value)] * 20

    def respond(_: object) -> tuple[int, str]:
        question = message(1)
        return answers.pop() if answers else (200, json.dumps({"ok": True, "result": [question]}))

    world = await poll(respond, lambda world: bool(world.heard))
    times = [at for at, _ in world.requests[:21]]
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert all(MIN_TELEGRAM_PAUSE <= pause <= MAX_TELEGRAM_PAUSE for pause in pauses)
    assert len(caplog.records) <= 1 + sum(pauses) // 600


async def test_the_end_of_the_program_ends_a_hold_at_once() -> None:
    asked = asyncio.Event()

    async def get_updates(_: Any) -> Any:
        asked.set()
        status, text = held(10**7)
        return json_answer(status, text)

    async with polling(get_updates, listener([])) as (running, _):
        await asked.wait()
        await asyncio.sleep(0)
        running.cancel()
        async with asyncio.timeout(60):
            await asyncio.wait({running})
        assert running.cancelled()


@pytest.mark.parametrize("value", BAD, ids=lambda value: str(value)[:12])
async def test_an_announcement_waits_no_longer_than_an_hour(value: object) -> None:
    answers = [held(value)] * 5
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    app = scripted_app("setWebhook", lambda: answers.pop() if answers else (200, '{"ok": true, "result": true}'))
    async with served(app) as url, bot_at(url) as bot:
        await announce_webhook(bot, Dispatcher(disable_fsm=True), url="https://x.example", secret="s", sleep=sleep)
    assert len(slept) == 5
    assert all(MIN_TELEGRAM_PAUSE <= seconds <= MAX_TELEGRAM_PAUSE for seconds in slept)
