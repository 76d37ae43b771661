"""How updates reach the bot: offsets, kinds, long polling, one poller at a time, webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram.exceptions import TelegramConflictError
from aiohttp import web

from tests.playground.local_telegram import ANNA, BORIS, Json, LocalTelegram


def texts(updates: list[Json]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def poll(telegram: LocalTelegram, **parameters: object) -> list[Json]:
    result: list[Json] = (await telegram.raw("getUpdates", **parameters))["result"]
    return result


async def test_updates_come_again_until_a_higher_offset_confirms_them(telegram: LocalTelegram) -> None:
    for text in ("one", "two", "three"):
        await telegram.send(text)
    first = await poll(telegram)
    assert texts(first) == ["one", "two", "three"]
    assert await poll(telegram) == first
    assert texts(await poll(telegram, limit=2)) == ["one", "two"]
    assert texts(await poll(telegram, offset=first[1]["update_id"])) == ["two", "three"]
    assert texts(await poll(telegram)) == ["two", "three"]
    assert await poll(telegram, offset=first[2]["update_id"] + 1) == []


async def test_a_negative_offset_counts_from_the_end_and_forgets_the_rest(telegram: LocalTelegram) -> None:
    for text in ("one", "two", "three"):
        await telegram.send(text)
    assert texts(await poll(telegram, offset=-1)) == ["three"]
    assert texts(await poll(telegram)) == ["three"]


async def test_a_long_poll_ends_with_the_first_update(telegram: LocalTelegram) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(poll(telegram, timeout=50))
        await telegram.sees(lambda: telegram.hub.updates._poller)
        await telegram.send("now")
    assert texts(waiting.result()) == ["now"]


async def test_a_second_poller_ends_the_first_with_a_conflict(telegram: LocalTelegram) -> None:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(telegram.complaint("getUpdates", timeout=50))
        await telegram.sees(lambda: telegram.hub.updates._poller)
        assert await poll(telegram, timeout=0) == []
    assert first.result() == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )


async def test_only_kinds_that_were_asked_for_are_queued(telegram: LocalTelegram) -> None:
    await telegram.bot.get_updates(allowed_updates=["edited_message"])
    sent = await telegram.send("one")
    await telegram.post(f"people/{ANNA}/edit", chat_id=ANNA, message_id=sent["message_id"], text="uno")
    assert [update.event_type for update in await telegram.updates()] == ["edited_message"]
    # What was asked for stays until something else is; an empty list means the default.
    await telegram.send("two")
    assert await telegram.updates() == []
    await telegram.bot.get_updates(allowed_updates=[])
    await telegram.send("three")
    await telegram.post(f"people/{ANNA}/react", chat_id=ANNA, message_id=sent["message_id"], emoji="👍")
    assert [update.event_type for update in await telegram.updates()] == ["message"]
    await telegram.bot.get_updates(allowed_updates=["message_reaction"])
    await telegram.post(f"people/{ANNA}/react", chat_id=ANNA, message_id=sent["message_id"], emoji="👍")
    assert [update.event_type for update in await telegram.updates()] == ["message_reaction"]


class Receiver:
    """The bot's own server: fails as often as it is told to, then takes what comes."""

    def __init__(self) -> None:
        self.failures = 0
        self.headers: list[str | None] = []
        self.attempts: list[int] = []
        self.updates: list[Json] = []
        self.answer: Json | None = None

    async def take(self, request: web.BaseRequest) -> web.Response:
        update = await request.json()
        self.attempts.append(update["update_id"])
        self.headers.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        if self.failures:
            self.failures -= 1
            return web.Response(status=502)
        self.updates.append(update)
        return web.json_response(self.answer) if self.answer else web.Response()


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.take), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield receiver, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await runner.cleanup()


async def test_a_webhook_gets_updates_with_its_secret(telegram: LocalTelegram) -> None:
    async with receiving() as (receiver, url):
        await telegram.bot.set_webhook(url, secret_token="s3cret", max_connections=4)
        await telegram.send("one")
        await telegram.send("two")
        await telegram.sees(lambda: len(receiver.updates) == 2)
        assert texts(receiver.updates) == ["one", "two"]
        assert set(receiver.headers) == {"s3cret"}
        await telegram.sees(lambda: not telegram.hub.updates.pending)
        info = await telegram.bot.get_webhook_info()
        assert (info.url, info.pending_update_count, info.max_connections) == (url, 0, 4)
        with pytest.raises(TelegramConflictError, match="while webhook is active"):
            await telegram.bot.get_updates()
        await telegram.bot.delete_webhook()
        assert await telegram.bot.get_updates(timeout=0) == []


async def test_a_failed_delivery_comes_again_in_order_without_holding_up_others(telegram: LocalTelegram) -> None:
    async with receiving() as (receiver, url):
        receiver.failures = 1
        await telegram.bot.set_webhook(url)
        await telegram.send("one")
        await telegram.sees(lambda: receiver.attempts)
        await telegram.send("two")
        await telegram.send("other", by=BORIS)
        await telegram.sees(lambda: len(receiver.updates) == 3)
        assert texts(receiver.updates) == ["other", "one", "two"]
        info = await telegram.bot.get_webhook_info()
        assert info.last_error_message == "Wrong response from the webhook: 502 Bad Gateway"
        await telegram.bot.delete_webhook()


async def test_a_webhook_may_answer_with_a_method(telegram: LocalTelegram) -> None:
    async with receiving() as (receiver, url):
        receiver.answer = {"method": "sendMessage", "chat_id": ANNA, "text": "by webhook"}
        await telegram.bot.set_webhook(url)
        await telegram.send("one")
        messages = telegram.hub.world.chats[ANNA].messages
        await telegram.sees(lambda: [one for one in messages.values() if one.content.get("text") == "by webhook"])
        await telegram.bot.delete_webhook()


async def test_a_wrong_webhook_is_refused(telegram: LocalTelegram) -> None:
    assert "bad webhook" in await telegram.complaint("setWebhook", url="ftp://example.org")
    assert "secret token" in await telegram.complaint("setWebhook", url="http://127.0.0.1:9/", secret_token="a b")
    await telegram.send("one")
    assert await telegram.bot.delete_webhook(drop_pending_updates=True)
    assert await telegram.updates() == []
