"""Faults that tests can plan, and the log of calls."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.playground.local_telegram import ANNA, Json, LocalTelegram, local_telegram


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
    calling = asyncio.ensure_future(telegram.session.post(url, json={"chat_id": ANNA, "text": "stalled"}))
    await telegram.sees(lambda: shown(telegram) == ["stalled"])
    ended, _ = await asyncio.wait([calling], timeout=0.3)
    assert not ended
    calling.cancel()
    await asyncio.wait([calling])


async def test_a_delayed_call_acts_later(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.post("faults", kind="delay", seconds=0.05)
    assert await telegram.bot.send_message(ANNA, "late")


async def test_a_hold_lasts_until_it_is_taken_back(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.post("faults", kind="hold", chat_id=ANNA, retry_after=7200)
    with pytest.raises(TelegramRetryAfter) as caught:
        await telegram.bot.send_message(ANNA, "x")
    assert 7100 <= caught.value.retry_after <= 7200
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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(JSON, min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_anything_can_be_handed_out_as_an_update(updates: list[object]) -> None:
    async def scene() -> None:
        async with local_telegram() as telegram:
            ids = [(await telegram.post("updates/raw", update=update))["update_id"] for update in updates]
            await telegram.send("ordinary")
            *odd, ordinary = (await telegram.raw("getUpdates"))["result"]
            assert odd == updates
            assert ordinary["message"]["text"] == "ordinary"
            assert ids == list(range(ids[0], ids[0] + len(ids)))
            assert (await telegram.raw("getUpdates", offset=ordinary["update_id"]))["result"] == [ordinary]

    asyncio.run(scene())


async def test_an_update_of_a_kind_that_nobody_knows_has_the_id_that_it_names(telegram: LocalTelegram) -> None:
    update = {"update_id": 7, "brand_new_kind_of_update": {"x": 1}}
    assert await telegram.post("updates/raw", update=update) == {"update_id": 7}
    assert (await telegram.raw("getUpdates", offset=7))["result"] == [update]
    assert (await telegram.raw("getUpdates", offset=8))["result"] == []
    await telegram.post("updates/raw", update="text", update_id=900)
    await telegram.send("next")
    text, ordinary = (await telegram.raw("getUpdates"))["result"]
    assert (text, ordinary["update_id"]) == ("text", 901)


@pytest.mark.parametrize(("reading", "comes"), [("server", ["after the jump"]), ("documented", [])])
async def test_ids_may_begin_anew_in_either_reading(telegram: LocalTelegram, reading: str, comes: list[str]) -> None:
    await telegram.send("before")
    newest = (await telegram.raw("getUpdates"))["result"][-1]["update_id"]
    assert (await telegram.raw("getUpdates", offset=newest + 1))["result"] == []
    await telegram.post("updates/ids", next_id=5, reading=reading)
    await telegram.send("after the jump")
    for _ in range(2):
        found = (await telegram.raw("getUpdates", offset=newest + 1))["result"]
        assert [(update["update_id"], update["message"]["text"]) for update in found] == [(5, text) for text in comes]
    # Whoever follows the new ids is understood in both.
    await telegram.send("again")
    assert (await telegram.raw("getUpdates", offset=6))["result"][0]["message"]["text"] == "again"
    await telegram.post("updates/ids", reading="upside down", status=400)


async def test_ids_begin_anew_only_where_nothing_waits_if_that_is_asked_for(telegram: LocalTelegram) -> None:
    await telegram.send("before")
    assert (await telegram.post("updates/ids", next_id=5, when_empty=True))["next_id"] != 5
    newest = (await telegram.raw("getUpdates"))["result"][-1]["update_id"]
    await telegram.raw("getUpdates", offset=newest + 1)
    assert (await telegram.post("updates/ids", next_id=5, when_empty=True))["next_id"] == 5


async def test_an_offset_little_above_the_queue_confirms_in_the_servers_reading_too(telegram: LocalTelegram) -> None:
    await telegram.post("updates/ids", next_id=100, reading="server")
    await telegram.send("one")
    assert len((await telegram.raw("getUpdates", offset=112))["result"]) == 1
    assert (await telegram.raw("getUpdates", offset=111))["result"] == []


@pytest.mark.parametrize("method", ["getMe", "getUpdates", "sendMessage", "answerCallbackQuery"])
@pytest.mark.parametrize("value", [0, -5, 86_400, 10**30, 1.5, "soon", "a\r\nb", None, [], {"seconds": 3}])
async def test_retry_after_may_be_anything_on_any_method(telegram: LocalTelegram, method: str, value: object) -> None:
    await telegram.post("faults", kind="error", method=method, retry_after=value)
    url = f"{telegram.url}/bot{telegram.bot.token}/{method}"
    async with telegram.session.post(url, json={}) as response:
        answer = await response.json()
        assert (response.status, answer["parameters"]) == (429, {"retry_after": value})
        assert json.loads(response.headers["Retry-After"]) == value


@pytest.mark.parametrize("method", ["sendMessage", "getMe", "getUpdates"])
@pytest.mark.parametrize("result", [None, True, [], "x", {"message_id": "x"}, 10**30])
async def test_any_method_may_answer_anything(telegram: LocalTelegram, method: str, result: object) -> None:
    await telegram.send("hello")
    url = f"{telegram.url}/bot{telegram.bot.token}/{method}"
    asked = {"chat_id": ANNA, "text": "sent"} if method == "sendMessage" else {}
    plans: list[tuple[Json, object]] = [
        ({"result": result}, {"ok": True, "result": result}),
        ({"body": result}, result),
        ({"body": {"ok": False}, "error_code": 418, "acts": False}, {"ok": False}),
    ]
    for plan, expected in plans:
        await telegram.post("faults", kind="answer", method=method, **plan)
        async with telegram.session.post(url, json=asked) as response:
            assert await response.json() == expected
            assert response.status == plan.get("error_code", 200)
    assert shown(telegram) == (["sent", "sent"] if method == "sendMessage" else [])
    await telegram.post("faults", kind="answer", method=method, raw="<html>not JSON", acts=False)
    async with telegram.session.post(url, json=asked) as response:
        assert await response.text() == "<html>not JSON"
