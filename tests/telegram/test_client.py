from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Update
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import (
    AmbiguousOutcome,
    BadMarkup,
    ChatMigrated,
    ChatUnavailable,
    DraftRefused,
    FloodWait,
    MediaForbidden,
    MessageNotFound,
    MessageTooLong,
    NotModified,
    ReplyTargetNotFound,
    TelegramProblem,
    TopicUnavailable,
    Unauthorized,
)
from bot.rate_limits.meter import MAX_FLIGHT
from bot.rendering.entities import Entity, Formatted
from bot.telegram.bot_session import TolerantSession
from bot.telegram.client import CALL_TIMEOUT, Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button
from tests.harness.telegram_scene import ANNA, TOKEN, TelegramScene, telegram_scene

HELLO = Formatted("Hello")
THERE = Destination(ANNA, private=True)


@pytest.fixture
async def scene() -> AsyncIterator[TelegramScene]:
    async with telegram_scene(speed=50) as running:
        yield running


async def test_a_message_carries_its_entities_its_keyboard_and_no_preview(scene: TelegramScene) -> None:
    what = Formatted("see bold", (Entity("bold", 4, 4),))
    row = (Button("Stop", data="stop:1"), Button("Site", url="https://example.org/"))
    keyboard = (row, (Button("Copy", copy="x"),))
    message = await scene.telegram.send(THERE, what, keyboard=keyboard, silent=True)
    shown = scene.messages()[-1]
    assert shown.id == message
    assert shown.content["entities"] == [{"type": "bold", "offset": 4, "length": 4}]
    assert shown.markup is not None
    assert [len(row) for row in shown.markup["inline_keyboard"]] == [2, 1]
    sent = scene.calls("sendMessage")[-1]["parameters"]
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert sent["disable_notification"] is True
    assert "parse_mode" not in sent


async def test_an_edit_replaces_text_and_keyboard(scene: TelegramScene) -> None:
    message = await scene.telegram.send(THERE, HELLO, keyboard=((Button("Stop", data="stop:1"),),))
    await scene.telegram.edit(ANNA, message, Formatted("Bye"))
    assert (scene.texts()[-1], scene.messages()[-1].markup) == ("Bye", None)
    await scene.telegram.edit_keyboard(ANNA, message, ((Button("Again", data="again:1"),),))
    assert scene.texts()[-1] == "Bye"
    assert scene.messages()[-1].markup is not None


async def test_messages_are_deleted_and_missing_ones_skipped(scene: TelegramScene) -> None:
    messages = [await scene.telegram.send(THERE, HELLO) for _ in range(3)]
    await scene.telegram.delete(ANNA, [*messages, 999_999])
    assert scene.messages() == []


async def test_a_document_goes_out_and_comes_back(scene: TelegramScene) -> None:
    content = b"line\n" * 1000
    await scene.telegram.document(THERE, "answer.md", content, caption="All of it")
    document = scene.messages()[-1].content["document"]
    assert (document["file_name"], scene.messages()[-1].content["caption"]) == ("answer.md", "All of it")
    assert await scene.telegram.download(document["file_id"], limit=10_000) == content
    with pytest.raises(MessageTooLong):
        await scene.telegram.download(document["file_id"], limit=100)


@pytest.mark.parametrize(("given", "expected"), [(None, "Its own"), ("", None), ("Another", "Another")])
async def test_a_copy_has_its_own_caption_another_or_none(
    scene: TelegramScene, given: str | None, expected: str | None
) -> None:
    file = await scene.telegram.document(THERE, "a.md", b"a", caption="Its own")
    copy = await scene.telegram.copy(THERE, ANNA, file, caption=given)
    shown = scene.messages()[-1]
    assert (shown.id, shown.content.get("caption")) == (copy, expected)


async def test_what_somebody_is_in_a_chat(scene: TelegramScene) -> None:
    assert await scene.telegram.member(scene.group, ANNA) == "creator"
    await scene.telegram.leave(scene.group)


async def test_a_menu_is_set(scene: TelegramScene) -> None:
    await scene.telegram.set_menu({"new": "Start over"}, language="en")
    assert scene.calls("setMyCommands")[-1]["ok"]


async def test_real_refusals_have_their_names(scene: TelegramScene) -> None:
    message = await scene.telegram.send(THERE, HELLO)
    with pytest.raises(NotModified):
        await scene.telegram.edit(ANNA, message, HELLO)
    with pytest.raises(MessageNotFound):
        await scene.telegram.edit(ANNA, 999_999, HELLO)
    with pytest.raises(ReplyTargetNotFound):
        await scene.telegram.send(Destination(ANNA, reply_to=999_999), HELLO)
    with pytest.raises(MessageTooLong):
        await scene.telegram.send(THERE, Formatted("x" * 4097))
    with pytest.raises(TopicUnavailable):
        await scene.telegram.send(Destination(scene.group, thread=999_999), HELLO)
    with pytest.raises(ChatUnavailable):
        await scene.telegram.send(Destination(424_242), HELLO)
    with pytest.raises(DraftRefused):
        await scene.telegram.draft(Destination(scene.group), 1, HELLO)


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
    (400, "Bad Request: not enough rights to send photos to the chat", MediaForbidden),
    (400, "Bad Request: message to copy not found", MessageNotFound),
    (400, "Bad Request: message can't be copied", MessageNotFound),
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


async def test_each_refusal_has_its_name(scene: TelegramScene) -> None:
    for code, text, problem in REFUSALS:
        scene.fault(kind="error", method="sendMessage", error_code=code, description=text)
        with pytest.raises(TelegramProblem) as raised:
            await scene.telegram.send(THERE, HELLO)
        assert (type(raised.value), text) == (problem, text)


async def test_a_migrated_group_names_its_new_id(scene: TelegramScene) -> None:
    scene.playground.hub.world.chats[scene.group].migrated_to = -100_777
    with pytest.raises(ChatMigrated) as raised:
        await scene.telegram.send(Destination(scene.group), HELLO)
    assert raised.value.to == -100_777


async def test_a_broken_connection_has_no_known_outcome_and_tells_no_token(scene: TelegramScene) -> None:
    for kind in ("drop_before", "drop_after"):
        scene.fault(kind=kind, method="sendMessage")
        with pytest.raises(AmbiguousOutcome) as raised:
            await scene.telegram.send(THERE, HELLO)
        assert TOKEN.partition(":")[2] not in repr(raised.value) + str(raised.value.__cause__)
    assert len(scene.messages()) == 1


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
        async with Bot(TOKEN, session=TolerantSession(api=api)) as bot:
            yield Telegram(bot)


async def test_what_was_done_is_done_although_its_answer_cannot_be_read() -> None:
    async with newer_telegram() as telegram:
        assert await telegram.send(THERE, HELLO) == 77
        assert await telegram.document(THERE, "a.txt", b"a") == 77
        await telegram.edit(ANNA, 77, HELLO)
        await telegram.edit_keyboard(ANNA, 77, ())
        with pytest.raises(AmbiguousOutcome):
            await telegram.member(ANNA, ANNA)


async def test_a_topic_that_is_gone_in_a_private_chat_is_left_out(
    scene: TelegramScene, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Destination(ANNA, thread=424_242, private=True)
    with caplog.at_level(logging.INFO):
        await scene.telegram.send(gone, HELLO)
        await scene.telegram.send(gone, HELLO)
        await scene.telegram.draft(gone, 1, HELLO)
        await scene.telegram.typing(gone)
        await scene.telegram.document(gone, "a.txt", b"a")
    threads = [call["parameters"].get("message_thread_id") for call in scene.calls("sendMessage")]
    assert threads == [424_242, None, None]
    assert len(scene.messages()) == 3
    assert caplog.text.count("topic 424242 is gone") == 1


async def test_a_topic_that_is_gone_in_a_group_is_said_to_the_caller(scene: TelegramScene) -> None:
    for _ in range(2):
        with pytest.raises(TopicUnavailable):
            await scene.telegram.send(Destination(scene.group, thread=424_242), HELLO)


async def test_a_draft_stays_when_it_is_stopped(scene: TelegramScene) -> None:
    await scene.telegram.draft(THERE, 5, HELLO)
    assert scene.calls("sendMessageDraft")[-1]["parameters"]["keep_on_stop"] is True


@pytest.mark.parametrize("draft_id", [12, "12"])
def test_the_press_of_telegrams_own_stop_is_read(draft_id: object) -> None:
    chat = {"id": ANNA, "type": "private"}
    update = {"update_id": 1, "stopped_message_generation": {"chat": chat, "draft_id": draft_id}}
    stopped = Update.model_validate(update).stopped_message_generation
    assert stopped is not None
    assert stopped.draft_id == 12


def test_an_unanswered_request_blocks_its_budget_for_as_long_as_a_call_may_take() -> None:
    assert MAX_FLIGHT == CALL_TIMEOUT
