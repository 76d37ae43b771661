"""Requests at the webhook, none of which is trusted."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiogram import Dispatcher
from aiogram.types import Message
from aiohttp import ClientSession, web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import StorageUnavailable
from bot.updates.health import MAX_UPDATE_SIZE, WebhookHealth
from bot.updates.webhook import SECRET_HEADER, add_webhook, webhook_path
from tests.harness.recording_session import BOT_ID
from tests.updates.scripted_telegram import bot_at, listener, message, served
from tests.updates.test_untrusted_answers import JSON, JUNK

SECRET = "a-secret-of-the-scene"
PATH = webhook_path(BOT_ID, SECRET)


@dataclass
class Endpoint:
    url: str
    people: ClientSession

    async def post(
        self, body: bytes | str | io.BytesIO, *, path: str = PATH, secret: str | None = SECRET, **headers: str
    ) -> int:
        known = {} if secret is None else {SECRET_HEADER: secret}
        async with self.people.post(self.url + path, data=body, headers={**known, **headers}) as response:
            return response.status


@asynccontextmanager
async def endpoint(dispatcher: Dispatcher) -> AsyncIterator[Endpoint]:
    app = web.Application(client_max_size=MAX_UPDATE_SIZE)
    async with bot_at("http://127.0.0.1:9") as bot:
        add_webhook(app, dispatcher, bot, secret=SECRET, health=WebhookHealth(bot, limit=60))
        async with served(app) as url, ClientSession() as people:
            yield Endpoint(url, people)


UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"{",
    "not UTF-8": b'{"update_id": 1, "message": "\xff\xfe\xfa"}',
    "deep": b"[" * 100_000,
    "deep object": b'{"update_id": 1, "message": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    "null": b"null",
    "text": b'"update"',
    "no id": b'{"message": {}}',
    "unknown kind": b'{"update_id": 1, "brand_new_kind": {}}',
    "broken field": b'{"update_id": 1, "message": {"date": "yesterday"}}',
    "huge id": b'{"update_id": 1%s, "poll": {}}' % (b"0" * 30),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_costs_a_line_and_is_not_asked_for_again(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with endpoint(listener([])) as telegram:
        assert await telegram.post(body) == 200
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("ERROR", None)]


async def test_the_type_of_content_does_not_matter() -> None:
    heard: list[str] = []
    async with endpoint(listener(heard)) as telegram:
        for number, kind in enumerate(["text/plain", "application/x-www-form-urlencoded", "image/png; charset=x"], 1):
            assert await telegram.post(json.dumps(message(number)), **{"Content-Type": kind}) == 200
    assert heard == ["Question 1", "Question 2", "Question 3"]


async def test_what_is_larger_than_any_update_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    async with endpoint(listener([])) as telegram:
        assert await telegram.post(io.BytesIO(b"x" * (MAX_UPDATE_SIZE + 1))) == 413
    assert len(caplog.records) == 1


async def test_a_flood_of_unreadable_requests_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with endpoint(listener([])) as telegram:
        for _ in range(100):
            assert await telegram.post(b"{") == 200
    assert len(caplog.records) <= 20


async def test_what_cannot_be_stored_comes_again_and_costs_one_line_an_outage(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stored: list[str] = []
    outages = {"on": True}
    dispatcher = Dispatcher(disable_fsm=True)

    @dispatcher.message()
    async def store(said: Message) -> None:
        if outages["on"]:
            raise StorageUnavailable("the disk is full")
        stored.append(said.text or "")

    async with endpoint(dispatcher) as telegram:
        for expected in (503, 200, 503):
            outages["on"] = expected == 503
            for number in range(10):
                assert await telegram.post(json.dumps(message(number + 1))) == expected
    assert len(stored) == 10
    assert [(record.levelno, record.exc_info) for record in caplog.records] == [(logging.ERROR, None)] * 2


async def test_a_broken_handler_costs_its_update_alone(caplog: pytest.LogCaptureFixture) -> None:
    dispatcher = Dispatcher(disable_fsm=True)

    @dispatcher.message()
    async def broken(_: Message) -> None:
        raise RuntimeError("a fault of ours")

    async with endpoint(dispatcher) as telegram:
        assert await telegram.post(json.dumps(message(1))) == 200
    assert len([record for record in caplog.records if record.name.startswith("bot.")]) == 1


@pytest.mark.parametrize("prefix", ["", "/bots/aura", "/a%20b/{c}", "/"])
async def test_it_works_whether_or_not_a_proxy_strips_the_prefix(prefix: str) -> None:
    heard: list[str] = []
    async with endpoint(listener(heard)) as telegram:
        assert await telegram.post(json.dumps(message(1)), path=prefix + PATH) == 200
    assert heard == ["Question 1"]


async def test_a_wrong_path_is_named_once_beside_the_right_one(caplog: pytest.LogCaptureFixture) -> None:
    async with endpoint(listener([])) as telegram:
        for _ in range(5):
            assert await telegram.post(json.dumps(message(1)), path="/bots/wrong\x1b[2J", secret=None) == 404
            assert await telegram.post(json.dumps(message(1)), path="/bots/wrong") == 404
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert all(PATH in line and "\x1b" not in line for line in lines)
    assert sum("from Telegram" in line for line in lines) == 1


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.binary(max_size=200) | (JSON | JUNK).map(lambda value: json.dumps(value).encode()), max_size=8))
async def test_any_body_is_answered_and_harms_nobody(bodies: list[bytes]) -> None:
    heard: list[str] = []
    async with endpoint(listener(heard)) as telegram:
        for body in bodies:
            assert await telegram.post(body) == 200
        assert await telegram.post(json.dumps(message(1))) == 200
    assert heard[-1:] == ["Question 1"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "none such"])
async def test_a_body_that_does_not_unpack_is_answered_once(encoding: str) -> None:
    heard: list[str] = []
    async with endpoint(listener(heard)) as telegram:
        assert await telegram.post(b"not packed at all", **{"Content-Encoding": encoding}) in {200, 400}
        assert await telegram.post(json.dumps(message(1))) == 200
    assert heard == ["Question 1"]
