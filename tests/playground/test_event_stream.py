"""The event stream, the snapshot, the page's files, and who is kept out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from playground.server import Playground
from playground.world.event_stream import MAX_EVENTS
from tests.playground.local_telegram import ANNA, BORIS, Json, LocalTelegram


async def read_events(response: aiohttp.ClientResponse, count: int) -> list[Json]:
    events: list[Any] = []
    while len(events) < count:
        line = await response.content.readline()
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            events.append(json.loads(line[6:]))
    return events


async def test_events_go_on_from_where_the_snapshot_ended(telegram: LocalTelegram) -> None:
    await telegram.send("before")
    world = await telegram.get("world")
    sent = await telegram.bot.send_message(ANNA, "hello")
    await sent.edit_text("hello again")
    await sent.delete()
    async with telegram.session.get(f"{telegram.url}/events?since={world['seq']}") as response:
        assert response.content_type == "text/event-stream"
        hello, *events = await read_events(response, 4)
        assert (hello["type"], hello["boot"]) == ("hello", world["boot"])
        assert [event["type"] for event in events] == ["message", "edited", "deleted"]
        assert [event["seq"] for event in events] == [world["seq"] + 1, world["seq"] + 2, world["seq"] + 3]
        assert events[1]["message"]["text"] == "hello again"
        assert events[2]["message_ids"] == [sent.message_id]
        await telegram.bot.send_chat_action(ANNA, "typing")
        assert (await read_events(response, 1))[0]["type"] == "typing"
    headers = {"Last-Event-ID": str(events[1]["seq"])}
    async with telegram.session.get(f"{telegram.url}/events?since=1", headers=headers) as response:
        assert [event["type"] for event in await read_events(response, 3)] == ["hello", "deleted", "typing"]


async def test_whoever_missed_too_much_is_told_to_begin_anew(telegram: LocalTelegram) -> None:
    seen = telegram.hub.events.last
    for _ in range(MAX_EVENTS + 1):
        telegram.hub.events.publish("link", url="x")
    for since in (seen, telegram.hub.events.last + 5):
        async with telegram.session.get(f"{telegram.url}/events?since={since}") as response:
            assert (await read_events(response, 2))[1]["type"] == "reset"


async def test_the_first_world_has_two_people_and_their_forum(telegram: LocalTelegram) -> None:
    world = await telegram.get("world")
    assert [(one["id"], one["language_code"]) for one in world["people"]] == [(ANNA, "en"), (BORIS, "ru")]
    private, _, friends = world["chats"]
    assert (private["type"], private["person"], private["started"]) == ("private", ANNA, False)
    assert (friends["title"], friends["is_forum"], friends["members"]) == ("Friends", True, [ANNA, BORIS])
    assert [topic["name"] for topic in friends["topics"]] == ["Ideas"]
    assert (friends["owner"], friends["admins"], friends["bot_status"]) == (ANNA, [ANNA], "member")


async def test_the_page_is_served_with_its_types(telegram: LocalTelegram) -> None:
    for path, kind in (("", "text/html"), ("page.js", "text/javascript"), ("page.css", "text/css")):
        async with telegram.session.get(f"{telegram.url}/{path}") as response:
            assert (response.status, response.content_type) == (200, kind)
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    for path in ("../server.py", "server.py", "nothing.js", "page/index.html"):
        async with telegram.session.get(f"{telegram.url}/{path}") as response:
            assert response.status == 404


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
async def test_other_web_pages_in_the_same_browser_are_kept_out(
    telegram: LocalTelegram, headers: dict[str, str]
) -> None:
    address = f"{telegram.url}/people/{ANNA}/send"
    async with telegram.session.post(address, json={"text": "x"}, headers=headers) as response:
        assert response.status == 403
    own = {"Origin": telegram.url}
    async with telegram.session.post(address, json={"text": "x"}, headers=own) as response:
        assert response.status == 200


async def test_a_document_is_downloaded_and_never_shown(telegram: LocalTelegram) -> None:
    given = {"file_name": "evil.html", "mime_type": "text/html", "content_base64": "PGI+"}
    sent = await telegram.send("", document=given)
    async with telegram.session.get(f"{telegram.url}/files/{sent['document']['file_id']}") as response:
        assert await response.read() == b"<b>"
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")


async def test_a_link_for_the_page_is_an_event(telegram: LocalTelegram) -> None:
    await telegram.post("links", url="https://t.me/aura_bot?start=x")
    assert (telegram.hub.events.since(telegram.hub.events.last - 1) or [])[0]["url"].endswith("start=x")


async def test_odd_updates_can_be_put_in_by_hand(telegram: LocalTelegram) -> None:
    channel = {"id": -100999, "type": "channel", "title": "News"}
    await telegram.post("updates", channel_post={"message_id": 1, "date": 1, "text": "x", "chat": channel})
    assert (await telegram.updates())[0].event_type == "channel_post"


async def test_a_taken_port_is_an_error_that_leaves_nothing_behind(telegram: LocalTelegram) -> None:
    other = Playground()
    with pytest.raises(OSError, match="address already in use"):
        await other.start(port=int(telegram.url.rpartition(":")[2]))
    await other.stop()


async def test_stopping_ends_every_wait(telegram: LocalTelegram) -> None:
    async with asyncio.TaskGroup() as group:
        polling = group.create_task(telegram.raw("getUpdates", timeout=50))
        async with telegram.session.get(f"{telegram.url}/events") as stream:
            await read_events(stream, 1)
            await telegram.sees(lambda: telegram.hub.updates._poller)
            async with asyncio.timeout(60):
                await telegram.playground.stop()
    assert polling.result() == {"ok": True, "result": []}
