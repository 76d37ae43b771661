"""Whatever a server answers before and beside the updates: the start goes on, polling goes on, doctor says a sentence.

getMe, setWebhook, deleteWebhook and getWebhookInfo; all other methods are in tests/telegram/test_untrusted_answers.py.
"""

from __future__ import annotations

import json

import pytest
from aiogram import Bot, Dispatcher
from aiogram.methods import GetUpdates
from aiogram.types import User
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.command_line import telegram_check
from bot.command_line.findings import Doubtful, Wrong
from bot.errors import SettingsProblem, Unauthorized
from bot.updates.receiving import reach_telegram
from bot.updates.webhook import announce_webhook
from tests.harness.given_settings import given as given_settings
from tests.harness.recording_session import TOKEN
from tests.telegram.test_untrusted_answers import OneAnswer, answers, bots, infos, json_values
from tests.updates.scripted_session import poll
from tests.updates.scripted_telegram import message

ME = {"id": 7, "is_bot": True, "first_name": "Aura"}
MAX_PAUSE = 3600.0
answered = st.tuples(
    st.sampled_from([200, 200, 200, 302, 400, 401, 403, 404, 409, 413, 429, 500, 502]),
    ((infos | bots | json_values).map(lambda result: {"ok": True, "result": result}) | answers).map(json.dumps)
    | st.text(max_size=20)
    | st.sampled_from(["[" * 100_000, "9" * 5000, ""]),
)


class Answers(OneAnswer):
    """Gives these answers one after another, then the last one for ever."""

    def __init__(self, *given_ones: tuple[int, str]) -> None:
        super().__init__()
        self._left = list(given_ones)

    def check_response(self, bot: Bot, method: object, status_code: int, content: str) -> object:  # type: ignore[override]  # aiogram's is generic
        status_code, content = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        return super().check_response(bot, method, status_code, content)  # type: ignore[arg-type]  # the same


async def waits(seconds: float) -> None:
    assert 0 < seconds <= MAX_PAUSE


def done(result: object) -> tuple[int, str]:
    return 200, json.dumps({"ok": True, "result": result})


@settings(deadline=None, max_examples=150)
@given(st.lists(answered, max_size=4))
async def test_the_start_waits_until_a_server_says_who_the_bot_is(first: list[tuple[int, str]]) -> None:
    bot = Bot(TOKEN, session=Answers(*first, done(ME)))
    try:
        assert isinstance(await reach_telegram(bot, sleep=waits), User)
    except Unauthorized:
        assert {status for status, _ in first} & {401, 404}


@settings(deadline=None, max_examples=150)
@given(st.lists(answered, max_size=4))
async def test_the_webhook_is_announced_until_a_server_takes_it_or_refuses_it(first: list[tuple[int, str]]) -> None:
    bot, statuses = Bot(TOKEN, session=Answers(*first, done(True))), {status for status, _ in first}
    refused: SettingsProblem | Unauthorized | None = None
    try:
        await announce_webhook(bot, Dispatcher(disable_fsm=True), url="https://x.example", secret="s", sleep=waits)
    except (SettingsProblem, Unauthorized) as problem:
        refused = problem
    assert refused is None or statuses & {400, 401}
    assert not isinstance(refused, SettingsProblem) or str(refused).startswith("WEBHOOK_URL: ")


@settings(deadline=None, max_examples=100)
@given(answered)
async def test_polling_goes_on_whatever_is_said_to_taking_the_webhook_back(answer: tuple[int, str]) -> None:
    conflict = {"ok": False, "error_code": 409, "description": "Conflict: can't use getUpdates while webhook is active"}
    said = [(409, json.dumps(conflict)), done([message(1)])]

    def respond(_: GetUpdates) -> tuple[int, str]:
        return said.pop(0) if said else done([])

    world = await poll(respond, lambda world: bool(world.heard), others=lambda: answer)
    assert world.heard == ["Question 1"]


@pytest.mark.parametrize("webhook", [None, "https://x.example/hook"])
@settings(deadline=None, max_examples=100)
@example(answer=done({"url": "http://[::1", "has_custom_certificate": False, "pending_update_count": 0}))
@given(answer=st.just(done(ME)) | answered)
async def test_doctor_says_a_sentence(webhook: str | None, answer: tuple[int, str]) -> None:
    told = given_settings(bot_token=TOKEN, webhook_url=webhook, webhook_secret="x", listen=("127.0.0.1", 8443))
    for checked in (telegram_check.check_telegram, telegram_check.check_updates):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(telegram_check, "make_bot", lambda *_, **__: Bot(TOKEN, session=Answers(answer)))
            try:
                said = await checked(told)
            except (Wrong, Doubtful) as finding:
                said = str(finding)
        assert said
        assert TOKEN.partition(":")[2] not in said
