"""What the bot sends, edits and deletes, and Telegram's answers, by way of a real aiogram Bot."""

from __future__ import annotations

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)

from tests.playground.local_telegram import ANNA, BORIS, Clock, LocalTelegram, local_telegram

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a"
    " current content and reply markup of the message"
)


def keyboard(data: str = "again:1") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="↻", callback_data=data)]])


async def test_a_sent_message_comes_back_as_it_is_kept(telegram: LocalTelegram) -> None:
    question = await telegram.send("hello")
    sent = await telegram.bot.send_message(
        ANNA,
        "  *kept* as typed ",
        entities=[MessageEntity(type="bold", offset=2, length=6)],
        reply_parameters=ReplyParameters(message_id=question["message_id"]),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_markup=keyboard(),
        disable_notification=True,
    )
    assert sent.text == "*kept* as typed"
    assert sent.entities is not None
    assert [(one.type, one.offset, one.length) for one in sent.entities] == [("bold", 0, 6)]
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "hello"
    assert sent.reply_markup is not None
    assert sent.reply_markup.inline_keyboard[0][0].callback_data == "again:1"
    assert sent.from_user is not None
    assert sent.from_user.id == telegram.bot.id


async def test_with_a_parse_mode_the_entities_are_ignored(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    entities = [MessageEntity(type="code", offset=0, length=1)]
    sent = await telegram.bot.send_message(ANNA, "<b>bold</b>", parse_mode="HTML", entities=entities)
    assert sent.text == "bold"
    assert [one.type for one in sent.entities or []] == ["bold"]


async def test_texts_that_telegram_refuses(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    sent = await telegram.bot.send_message(ANNA, "x")
    place = {"chat_id": ANNA, "message_id": sent.message_id}
    assert await telegram.complaint("sendMessage", chat_id=ANNA, text="") == "Bad Request: message text is empty"
    assert await telegram.complaint("sendMessage", chat_id=ANNA, text=" \n") == "Bad Request: text must be non-empty"
    assert await telegram.complaint("sendMessage", chat_id=ANNA, text="👍" * 2049) == "Bad Request: message is too long"
    assert await telegram.complaint("editMessageText", **place, text="x" * 4097) == "Bad Request: MESSAGE_TOO_LONG"
    assert await telegram.complaint("sendMessage", chat_id=ANNA, text="ж" * 16385) == "Bad Request: text is too long"
    assert await telegram.complaint("sendMessage", chat_id=7, text="x") == "Bad Request: chat not found"
    assert (await telegram.raw("sendMessage", chat_id=ANNA, text="x" * 4096))["ok"]


async def test_an_edit_that_changes_nothing_is_refused(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    sent = await telegram.bot.send_message(ANNA, "text", reply_markup=keyboard())
    with pytest.raises(TelegramBadRequest) as caught:
        await sent.edit_text("  text", reply_markup=keyboard())
    assert caught.value.message == NOT_MODIFIED
    bare = await sent.edit_text("text")
    assert isinstance(bare, Message)
    assert bare.reply_markup is None
    assert await telegram.complaint("editMessageReplyMarkup", chat_id=ANNA, message_id=sent.message_id) == NOT_MODIFIED
    renewed = await sent.edit_reply_markup(reply_markup=keyboard("on:1"))
    assert isinstance(renewed, Message)
    assert renewed.edit_date is not None


async def test_messages_that_cannot_be_edited_or_deleted(telegram: LocalTelegram) -> None:
    question = await telegram.send("@aura_bot hello", chat=telegram.friends)
    place = {"chat_id": telegram.friends, "message_id": question["message_id"]}
    assert await telegram.complaint("editMessageText", **place, text="x") == "Bad Request: message can't be edited"
    assert await telegram.complaint("deleteMessage", **place) == "Bad Request: message can't be deleted"
    gone = {"chat_id": telegram.friends, "message_id": 999}
    assert await telegram.complaint("editMessageText", **gone, text="x") == "Bad Request: message to edit not found"
    assert await telegram.complaint("deleteMessage", **gone) == "Bad Request: message to delete not found"
    await telegram.post(f"chats/{telegram.friends}/admins", user=telegram.bot.id)
    assert await telegram.bot.delete_message(telegram.friends, question["message_id"])


async def test_messages_are_deleted_within_48_hours() -> None:
    wall = Clock(1_700_000_000.0)
    async with local_telegram(wall=wall) as telegram:
        first = await telegram.send("first")
        own = [(await telegram.bot.send_message(ANNA, str(number))).message_id for number in range(3)]
        assert await telegram.bot.delete_messages(ANNA, [first["message_id"], own[0], 12345])
        wall.now += 48 * 3600 + 1
        assert await telegram.complaint("deleteMessage", chat_id=ANNA, message_id=own[1]) == (
            "Bad Request: message can't be deleted"
        )


async def test_replies_to_what_is_gone(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    reply = ReplyParameters(message_id=777)
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await telegram.bot.send_message(ANNA, "x", reply_parameters=reply)
    allowed = ReplyParameters(message_id=777, allow_sending_without_reply=True)
    sent = await telegram.bot.send_message(ANNA, "x", reply_parameters=allowed)
    assert sent.reply_to_message is None


async def test_a_quote_must_be_in_the_message(telegram: LocalTelegram) -> None:
    question = await telegram.send("one 👍 two")
    quoting = ReplyParameters(message_id=question["message_id"], quote="two")
    sent = await telegram.bot.send_message(ANNA, "x", reply_parameters=quoting)
    assert sent.quote is not None
    assert sent.quote.position == 7
    wrong = {"message_id": question["message_id"], "quote": "three"}
    assert await telegram.complaint("sendMessage", chat_id=ANNA, text="x", reply_parameters=wrong) == (
        "Bad Request: QUOTE_TEXT_INVALID"
    )


async def test_topics_of_a_forum(telegram: LocalTelegram) -> None:
    sent = await telegram.bot.send_message(telegram.friends, "x", message_thread_id=telegram.ideas)
    assert (sent.message_thread_id, sent.is_topic_message) == (telegram.ideas, True)
    general = await telegram.bot.send_message(telegram.friends, "x")
    assert (general.message_thread_id, general.is_topic_message) == (None, None)
    for missing in (1, 4711):
        with pytest.raises(TelegramBadRequest, match="message thread not found"):
            await telegram.bot.send_message(telegram.friends, "x", message_thread_id=missing)
    reply = ReplyParameters(message_id=sent.message_id)
    assert (await telegram.bot.send_message(telegram.friends, "x", reply_parameters=reply)).is_topic_message
    await telegram.post(f"chats/{telegram.friends}/topics/{telegram.ideas}/close")
    with pytest.raises(TelegramBadRequest, match="TOPIC_CLOSED"):
        await telegram.bot.send_message(telegram.friends, "x", message_thread_id=telegram.ideas)
    await telegram.post(f"chats/{telegram.friends}/topics/{telegram.ideas}/delete")
    assert (
        await telegram.complaint(
            "sendChatAction", chat_id=telegram.friends, action="typing", message_thread_id=sent.message_thread_id
        )
        == "Bad Request: message thread not found"
    )


async def test_a_reply_in_a_plain_supergroup_makes_a_thread_that_must_not_be_sent(telegram: LocalTelegram) -> None:
    chat = await telegram.group()
    first = await telegram.bot.send_message(chat, "first")
    question = await telegram.send("why?", chat=chat, reply_to=first.message_id)
    assert question["message_thread_id"] == first.message_id
    assert "is_topic_message" not in question
    assert await telegram.complaint("sendMessage", chat_id=chat, text="x", message_thread_id=first.message_id) == (
        "Bad Request: message thread not found"
    )


async def test_places_where_the_bot_may_not_write(telegram: LocalTelegram) -> None:
    async def forbidden(chat: int) -> str:
        with pytest.raises(TelegramForbiddenError) as caught:
            await telegram.bot.send_message(chat, "x")
        return caught.value.message.removeprefix("Forbidden: ")

    assert await forbidden(BORIS) == "bot can't initiate conversation with a user"
    await telegram.send("hello")
    await telegram.post(f"people/{ANNA}/block")
    assert await forbidden(ANNA) == "bot was blocked by the user"
    await telegram.post(f"people/{ANNA}/unblock")
    await telegram.post(f"people/{ANNA}/deactivate")
    assert await forbidden(ANNA) == "user is deactivated"
    group = await telegram.group("group")
    await telegram.post(f"chats/{group}/remove_bot")
    assert await forbidden(group) == "bot was kicked from the group chat"
    await telegram.post(f"chats/{telegram.friends}/remove_bot", left=True)
    assert await forbidden(telegram.friends) == "bot is not a member of the supergroup chat"
    doomed = await telegram.group("group")
    await telegram.post(f"chats/{doomed}/delete")
    assert await forbidden(doomed) == "the group chat was deleted"


async def test_a_restricted_bot_lacks_the_right_to_write(telegram: LocalTelegram) -> None:
    await telegram.post(f"chats/{telegram.friends}/restrict_bot", can_send=False)
    assert await telegram.complaint("sendMessage", chat_id=telegram.friends, text="x") == (
        "Bad Request: not enough rights to send text messages to the chat"
    )
    await telegram.post(f"chats/{telegram.friends}/restrict_bot", can_send=True)
    assert (await telegram.raw("sendMessage", chat_id=telegram.friends, text="x"))["ok"]


async def test_a_group_that_became_a_supergroup_says_so(telegram: LocalTelegram) -> None:
    group = await telegram.group("group")
    new = await telegram.post(f"chats/{group}/migrate")
    with pytest.raises(TelegramMigrateToChat) as caught:
        await telegram.bot.send_message(group, "x")
    assert caught.value.migrate_to_chat_id == new["id"]
    moved = [update.message for update in await telegram.updates() if update.message]
    assert [(one.migrate_to_chat_id, one.migrate_from_chat_id) for one in moved[-2:]] == [
        (new["id"], None),
        (None, group),
    ]
    assert (await telegram.bot.send_message(new["id"], "x")).message_id == 2


async def test_keyboards_are_checked(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    for data in ("", "ж" * 33):
        rows = {"inline_keyboard": [[{"text": "x", "callback_data": data}]]}
        assert await telegram.complaint("sendMessage", chat_id=ANNA, text="x", reply_markup=rows) == (
            "Bad Request: BUTTON_DATA_INVALID"
        )
    assert (await telegram.bot.send_message(ANNA, "x", reply_markup=keyboard("x" * 64))).reply_markup


async def test_documents_go_both_ways(telegram: LocalTelegram) -> None:
    given = {"file_name": "данные.csv", "mime_type": "text/csv", "content_base64": "YSxiCg=="}
    await telegram.send("", document=given, caption="what is this?")
    question = (await telegram.updates())[-1].message
    assert question is not None
    assert question.document is not None
    assert (question.document.file_name, question.caption) == ("данные.csv", "what is this?")
    content = await telegram.bot.download(question.document)
    assert content is not None
    assert content.read() == b"a,b\n"
    sent = await telegram.bot.send_document(ANNA, BufferedInputFile(b"{}", "диалог.json"), caption="<b>here</b>")
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.mime_type) == ("диалог.json", "application/json")
    again = await telegram.bot.send_document(ANNA, sent.document.file_id)
    assert again.document == sent.document


async def test_tokens_and_methods_that_do_not_exist(telegram: LocalTelegram) -> None:
    async with telegram.session.get(f"{telegram.url}/bot1:x/getMe") as response:
        answer = await response.json()
        assert (response.status, answer["description"]) == (401, "Unauthorized")
    assert await telegram.raw("sendPigeon") == {
        "ok": False,
        "error_code": 404,
        "description": "Not Found: method not found",
    }


async def test_parameters_may_stand_in_the_address_or_a_form(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    address = telegram.url + "/bot" + telegram.bot.token + "/SENDMESSAGE"
    async with telegram.session.get(address, params={"chat_id": ANNA, "text": "in & the = address"}) as response:
        assert (await response.json())["result"]["text"] == "in & the = address"
    form = {"chat_id": str(ANNA), "text": "форма + 100% 👍", "entities": '[{"type":"bold","offset":0,"length":5}]'}
    async with telegram.session.post(address, data=form) as response:
        result = (await response.json())["result"]
        assert (result["text"], result["entities"][0]["length"]) == ("форма + 100% 👍", 5)
    broken = {"chat_id": str(ANNA), "text": "x", "entities": "[{"}
    async with telegram.session.post(address, data=broken) as response:
        assert response.status == 400


async def test_a_copy_has_the_content_and_no_sign_of_where_it_is_from(telegram: LocalTelegram) -> None:
    await telegram.send("hello", by=BORIS)
    photo = await telegram.send("A *view*", media="photo")
    copy = await telegram.bot.copy_message(BORIS, ANNA, photo["message_id"])
    renamed = await telegram.bot.copy_message(BORIS, ANNA, photo["message_id"], caption="Another")
    bare = await telegram.bot.copy_message(BORIS, ANNA, photo["message_id"], caption=" ")
    stored = telegram.hub.world.chats[BORIS].messages
    assert [stored[one.message_id].content.get("caption") for one in (copy, renamed, bare)] == [
        "A *view*",
        "Another",
        None,
    ]
    assert stored[copy.message_id].content["photo"] == photo["photo"]
    assert stored[copy.message_id].extra == {}


async def test_copies_that_telegram_refuses(telegram: LocalTelegram) -> None:
    photo = await telegram.send("", media="photo")
    with pytest.raises(TelegramBadRequest, match="message to copy not found"):
        await telegram.bot.copy_message(ANNA, ANNA, photo["message_id"] + 1000)
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await telegram.bot.copy_message(ANNA, 5, photo["message_id"])
    guarded = await telegram.bot.send_message(ANNA, "mine", protect_content=True)
    with pytest.raises(TelegramBadRequest, match="message can't be copied"):
        await telegram.bot.copy_message(ANNA, ANNA, guarded.message_id)
