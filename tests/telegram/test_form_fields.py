"""A call's form fields are those that aiogram would write, without its copies."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot, methods
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    MessageEntity,
    ReactionTypeEmoji,
    ReplyParameters,
)
from aiohttp import FormData
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.bot_session import TolerantSession
from bot.telegram.form_fields import NotPlain, form_fields

TOKEN = "7000000001:playground-token-for-tests-0123456789"
KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="■ Стоп", callback_data="stop:1:1"),
            InlineKeyboardButton(text="copy", copy_text=CopyTextButton(text='"quoted" & more')),
        ]
    ]
)
CALLS: dict[str, TelegramMethod[Any]] = {
    "a message": methods.SendMessage(
        chat_id=5,
        text="Hello & <b> 👋",
        parse_mode=None,
        entities=[MessageEntity(type="text_link", offset=0, length=5, url="https://example.org/?a=1&b=2")],
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        disable_notification=True,
        reply_parameters=ReplyParameters(message_id=7),
        reply_markup=KEYBOARD,
    ),
    "defaults": methods.SendMessage(chat_id="@channel", text="as the bot likes it"),
    "an edit": methods.EditMessageText(chat_id=5, message_id=7, text="", reply_markup=None),
    "a keyboard": methods.EditMessageReplyMarkup(chat_id=5, message_id=7, reply_markup=KEYBOARD),
    "a draft": methods.SendMessageDraft(chat_id=5, draft_id=1, text="Hi", can_stop=True),
    "an action": methods.SendChatAction(chat_id=-5, action="typing", message_thread_id=3),
    "a reaction": methods.SetMessageReaction(chat_id=5, message_id=7, reaction=[ReactionTypeEmoji(emoji="👀")]),
    "no reaction": methods.SetMessageReaction(chat_id=5, message_id=7, reaction=[]),
    "numbers": methods.DeleteMessages(chat_id=5, message_ids=[1, 2, 3]),
    "false": methods.AnswerCallbackQuery(callback_query_id="1", text=None, show_alert=False),
    "a menu": methods.SetMyCommands(
        commands=[BotCommand(command="new", description="Начать")], scope=BotCommandScopeChat(chat_id=5)
    ),
    "updates": methods.GetUpdates(offset=-1, timeout=0, allowed_updates=["message", "callback_query"]),
    "what no version knows": methods.SendMessage(chat_id=5, text="a", from_the_future={"a": [1, None, {"b": None}]}),
}
FILES: dict[str, TelegramMethod[Any]] = {
    "a document": methods.SendDocument(chat_id=5, document=BufferedInputFile(b"content", filename="a.txt")),
    "another picture": methods.EditMessageMedia(
        chat_id=5, message_id=7, media=InputMediaPhoto(media=BufferedInputFile(b"png", filename="a.png"))
    ),
    "a duration": methods.BanChatMember(chat_id=5, user_id=6, until_date=timedelta(days=1)),
}
DEFAULTS = {
    "none": DefaultBotProperties(),
    "some": DefaultBotProperties(parse_mode="HTML", protect_content=True, link_preview_is_disabled=True),
}


def as_aiogram_writes(call: TelegramMethod[Any], defaults: DefaultBotProperties) -> FormData:
    return AiohttpSession().build_form_data(Bot(TOKEN, default=defaults), call)


def fields(form: FormData) -> list[tuple[Any, Any]]:
    return [(options["name"], value) for options, _headers, value in form._fields]


@pytest.mark.parametrize("defaults", DEFAULTS.values(), ids=DEFAULTS)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_call_is_written_as_aiogram_writes_it(call: TelegramMethod[Any], defaults: DefaultBotProperties) -> None:
    assert list(form_fields(call, defaults, json.dumps).items()) == fields(as_aiogram_writes(call, defaults))


@settings(deadline=None)  # aiogram builds its models at the first example
@given(text=st.text(), url=st.text(min_size=1))
def test_any_text_is_written_as_aiogram_writes_it(text: str, url: str) -> None:
    entity = MessageEntity(type="text_link", offset=0, length=1, url=url)
    call = methods.EditMessageText(chat_id=1, message_id=2, text=text, entities=[entity])
    written = as_aiogram_writes(call, DEFAULTS["none"])
    assert list(form_fields(call, DEFAULTS["none"], json.dumps).items()) == fields(written)


@pytest.mark.parametrize("call", FILES.values(), ids=FILES)
def test_what_is_not_plain_is_left_to_aiogram(call: TelegramMethod[Any]) -> None:
    with pytest.raises(NotPlain):
        form_fields(call, DEFAULTS["none"], json.dumps)
    form = TolerantSession().build_form_data(Bot(TOKEN), call)
    assert len(fields(form)) == len(fields(as_aiogram_writes(call, DEFAULTS["none"])))
