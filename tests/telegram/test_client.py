from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import (
    AmbiguousOutcome,
    BadMarkup,
    ChatMigrated,
    ChatUnavailable,
    DraftRefused,
    FloodWait,
    MessageNotFound,
    MessageTooLong,
    NotModified,
    ReplyTargetNotFound,
    TelegramProblem,
    TopicUnavailable,
    Unauthorized,
)
from bot.rendering.entities import Entity, Formatted
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button
from tests.delivery.stage import ANNA, TOKEN, Stage, on_stage

HELLO = Formatted("Hello")
THERE = Destination(ANNA, private=True)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage(speed=50) as running:
        yield running


async def test_a_message_carries_its_entities_its_keyboard_and_no_preview(stage: Stage) -> None:
    what = Formatted("see bold", (Entity("bold", 4, 4),))
    row = (Button("Stop", data="stop:1"), Button("Site", url="https://example.org/"))
    keyboard = (row, (Button("Copy", copy="x"),))
    message = await stage.telegram.send(THERE, what, keyboard=keyboard, silent=True)
    shown = stage.messages()[-1]
    assert shown.id == message
    assert shown.content["entities"] == [{"type": "bold", "offset": 4, "length": 4}]
    assert shown.markup is not None
    assert [len(row) for row in shown.markup["inline_keyboard"]] == [2, 1]
    sent = stage.calls("sendMessage")[-1]["parameters"]
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert sent["disable_notification"] is True
    assert "parse_mode" not in sent


async def test_an_edit_replaces_text_and_keyboard(stage: Stage) -> None:
    message = await stage.telegram.send(THERE, HELLO, keyboard=((Button("Stop", data="stop:1"),),))
    await stage.telegram.edit(ANNA, message, Formatted("Bye"))
    assert (stage.texts()[-1], stage.messages()[-1].markup) == ("Bye", None)
    await stage.telegram.edit_keyboard(ANNA, message, ((Button("Again", data="again:1"),),))
    assert stage.texts()[-1] == "Bye"
    assert stage.messages()[-1].markup is not None


async def test_messages_are_deleted_and_missing_ones_skipped(stage: Stage) -> None:
    messages = [await stage.telegram.send(THERE, HELLO) for _ in range(3)]
    await stage.telegram.delete(ANNA, [*messages, 999_999])
    assert stage.messages() == []


async def test_a_document_goes_out_and_comes_back(stage: Stage) -> None:
    content = b"line\n" * 1000
    await stage.telegram.document(THERE, "answer.md", content, caption="All of it")
    document = stage.messages()[-1].content["document"]
    assert (document["file_name"], stage.messages()[-1].content["caption"]) == ("answer.md", "All of it")
    assert await stage.telegram.download(document["file_id"], limit=10_000) == content
    with pytest.raises(MessageTooLong):
        await stage.telegram.download(document["file_id"], limit=100)


async def test_what_somebody_is_in_a_chat(stage: Stage) -> None:
    assert await stage.telegram.member(stage.group, ANNA) == "creator"
    await stage.telegram.leave(stage.group)


async def test_a_menu_is_set(stage: Stage) -> None:
    await stage.telegram.set_menu({"new": "Start over"}, language="en")
    assert stage.calls("setMyCommands")[-1]["ok"]


async def test_real_refusals_have_their_names(stage: Stage) -> None:
    message = await stage.telegram.send(THERE, HELLO)
    with pytest.raises(NotModified):
        await stage.telegram.edit(ANNA, message, HELLO)
    with pytest.raises(MessageNotFound):
        await stage.telegram.edit(ANNA, 999_999, HELLO)
    with pytest.raises(ReplyTargetNotFound):
        await stage.telegram.send(Destination(ANNA, reply_to=999_999), HELLO)
    with pytest.raises(MessageTooLong):
        await stage.telegram.send(THERE, Formatted("x" * 4097))
    with pytest.raises(TopicUnavailable):
        await stage.telegram.send(Destination(stage.group, thread=999_999), HELLO)
    with pytest.raises(ChatUnavailable):
        await stage.telegram.send(Destination(424_242), HELLO)
    with pytest.raises(DraftRefused):
        await stage.telegram.draft(Destination(stage.group), 1, HELLO, can_stop=True)


REFUSALS: list[tuple[int, str, type[TelegramProblem]]] = [
    (400, "Bad Request: message can't be edited", MessageNotFound),
    (400, "Bad Request: message to delete not found", MessageNotFound),
    (400, "Bad Request: MESSAGE_TOO_LONG", MessageTooLong),
    (400, "Bad Request: text is too long", MessageTooLong),
    (400, "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 3", BadMarkup),
    (400, 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 3', BadMarkup),
    (400, "Bad Request: ENTITY_BOUNDS_INVALID", BadMarkup),
    (400, "Bad Request: chat not found", ChatUnavailable),
    (400, "Bad Request: not enough rights to send text messages to the chat", ChatUnavailable),
    (400, "Bad Request: TOPIC_CLOSED", TopicUnavailable),
    (400, "Bad Request: message text is empty", TelegramProblem),
    (403, "Forbidden: bot was blocked by the user", ChatUnavailable),
    (403, "Forbidden: user is deactivated", ChatUnavailable),
    (403, "Forbidden: bot was kicked from the supergroup chat", ChatUnavailable),
    (403, "Forbidden: the group chat was deleted", ChatUnavailable),
    (401, "Unauthorized", Unauthorized),
    (429, "Too Many Requests: retry later", FloodWait),
    (500, "Internal Server Error", AmbiguousOutcome),
    (502, "Bad Gateway", AmbiguousOutcome),
]


async def test_each_refusal_has_its_name(stage: Stage) -> None:
    for code, text, problem in REFUSALS:
        stage.fault(kind="error", method="sendMessage", error_code=code, description=text)
        with pytest.raises(TelegramProblem) as raised:
            await stage.telegram.send(THERE, HELLO)
        assert (type(raised.value), text) == (problem, text)


async def test_a_migrated_group_names_its_new_id(stage: Stage) -> None:
    stage.playground.hub.world.chats[stage.group].migrated_to = -100_777
    with pytest.raises(ChatMigrated) as raised:
        await stage.telegram.send(Destination(stage.group), HELLO)
    assert raised.value.to == -100_777


async def test_a_broken_connection_has_no_known_outcome_and_tells_no_token(stage: Stage) -> None:
    for kind in ("drop_before", "drop_after"):
        stage.fault(kind=kind, method="sendMessage")
        with pytest.raises(AmbiguousOutcome) as raised:
            await stage.telegram.send(THERE, HELLO)
        assert TOKEN.partition(":")[2] not in repr(raised.value) + str(raised.value.__cause__)
    assert len(stage.messages()) == 1


@asynccontextmanager
async def newer_telegram() -> AsyncIterator[Telegram]:
    """A Telegram whose messages have something that the library does not know yet."""
    media = {"star_count": 1, "paid_media": [{"type": "hologram"}]}
    message = {"message_id": 77, "date": 1, "chat": {"id": ANNA, "type": "private"}, "paid_media": media}

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": message})

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    async with TestServer(app) as server:
        api = TelegramAPIServer.from_base(str(server.make_url("")).rstrip("/"))
        async with Bot(TOKEN, session=AiohttpSession(api=api)) as bot:
            yield Telegram(bot)


async def test_what_was_done_is_done_although_its_answer_cannot_be_read() -> None:
    async with newer_telegram() as telegram:
        assert await telegram.send(THERE, HELLO) == 77
        assert await telegram.document(THERE, "a.txt", b"a") == 77
        await telegram.edit(ANNA, 77, HELLO)
        await telegram.edit_keyboard(ANNA, 77, ())
        with pytest.raises(AmbiguousOutcome):
            await telegram.member(ANNA, ANNA)
