"""What people do, and what the bot hears of it."""

from __future__ import annotations

import pytest
from aiogram.types import MessageOriginChannel

from playground.people_api.person_actions import split_as_apps_do
from playground.text.entities import utf16_length
from tests.playground.local_telegram import ANNA, BORIS, LocalTelegram


async def heard(telegram: LocalTelegram) -> list[str]:
    return [update.message.text or "" for update in await telegram.updates() if update.message]


async def test_privacy_mode_lets_through_what_is_meant_for_the_bot(telegram: LocalTelegram) -> None:
    group = telegram.friends
    answer = await telegram.bot.send_message(group, "I am here")
    await telegram.send("just talking", chat=group)
    await telegram.send("hey @AURA_bot", chat=group)
    await telegram.send("/help", chat=group)
    await telegram.send("/help@aura_bot", chat=group)
    await telegram.send("/help@other_bot", chat=group)
    await telegram.send("yes", chat=group, reply_to=answer.message_id)
    mention = {"type": "text_mention", "offset": 0, "length": 4, "user": telegram.hub.world.bot_user()}
    await telegram.send("Aura listens", chat=group, entities=[mention])
    await telegram.send("by way of it", chat=group, via_bot=True)
    assert await heard(telegram) == [
        "hey @AURA_bot",
        "/help",
        "/help@aura_bot",
        "yes",
        "Aura listens",
        "by way of it",
    ]


async def test_mentions_may_be_hidden_and_administrators_see_everything(telegram: LocalTelegram) -> None:
    group = telegram.friends
    await telegram.post("bot", mentions_pass=False)
    await telegram.send("hey @aura_bot", chat=group)
    assert await heard(telegram) == []
    await telegram.post(f"chats/{group}/admins", user=telegram.bot.id)
    await telegram.send("just talking", chat=group)
    assert await heard(telegram) == ["just talking"]
    await telegram.post(f"chats/{group}/admins", user=telegram.bot.id, admin=False)
    await telegram.post("bot", can_read_all_group_messages=True)
    await telegram.send("still talking", chat=group)
    assert await heard(telegram) == ["still talking"]
    assert (await telegram.bot.get_me()).can_read_all_group_messages


async def test_a_long_paste_arrives_in_several_messages(telegram: LocalTelegram) -> None:
    paste = "слово 👍 " * 1500
    await telegram.send(paste)
    parts = await heard(telegram)
    assert len(parts) == 4
    assert all(4000 <= utf16_length(part) <= 4096 for part in parts[:-1])
    assert " ".join(parts) == paste.strip()
    assert split_as_apps_do("👍" * 3000) == ["👍" * 2048, "👍" * 952]


async def test_edits_reach_the_bot_even_when_nobody_sees_a_difference(telegram: LocalTelegram) -> None:
    sent = await telegram.send("hello")
    place = {"chat_id": ANNA, "message_id": sent["message_id"]}
    await telegram.post(f"people/{ANNA}/edit", text="hello", **place)
    await telegram.post(f"people/{ANNA}/edit", text="hello @aura_bot", **place)
    edits = [update.edited_message for update in await telegram.updates() if update.edited_message]
    assert [edit.text for edit in edits] == ["hello", "hello @aura_bot"]
    assert edits[1].edit_date is not None
    await telegram.post(f"people/{BORIS}/edit", status=400, text="mine", **place)


async def test_a_start_link_carries_its_payload(telegram: LocalTelegram) -> None:
    await telegram.post(f"people/{ANNA}/start", payload="admin-1")
    message = (await telegram.updates())[0].message
    assert message is not None
    assert message.text == "/start admin-1"
    assert [one.type for one in message.entities or []] == ["bot_command"]


async def test_blocking_and_unblocking_are_told(telegram: LocalTelegram) -> None:
    await telegram.post(f"people/{ANNA}/start")
    await telegram.post(f"people/{ANNA}/block")
    await telegram.post(f"people/{ANNA}/send", status=400, text="hello")
    await telegram.post(f"people/{ANNA}/start")
    changes = [update.my_chat_member for update in await telegram.updates() if update.my_chat_member]
    assert [change.new_chat_member.status for change in changes] == ["kicked", "member"]


@pytest.mark.parametrize(
    "media",
    [
        "photo",
        "sticker",
        "voice",
        "audio",
        "video",
        "animation",
        "video_note",
        "location",
        "contact",
        "dice",
        "venue",
        "poll",
    ],
)
async def test_other_media_are_what_aiogram_expects(telegram: LocalTelegram, media: str) -> None:
    await telegram.send("", media=media, caption="look" if media == "photo" else "")
    message = (await telegram.updates())[0].message
    assert message is not None
    assert message.content_type == media
    assert getattr(message, media)
    assert message.caption == ("look" if media == "photo" else None)


async def test_messages_in_other_names(telegram: LocalTelegram) -> None:
    group = telegram.friends
    await telegram.post(f"chats/{group}/admins", user=telegram.bot.id)
    await telegram.updates()
    await telegram.send("in the group's name", chat=group, sender_chat="anonymous")
    await telegram.send("in a channel's name", chat=group, sender_chat="channel", by=BORIS)
    await telegram.send("a post", chat=group, sender_chat="linked_channel")
    await telegram.send("by a bot", chat=group, via_bot="gif")
    anonymous, channel, post, via = [update.message for update in await telegram.updates()]
    assert anonymous is not None
    assert anonymous.from_user is not None
    assert anonymous.sender_chat is not None
    assert (anonymous.from_user.id, anonymous.sender_chat.id) == (1087968824, group)
    assert channel is not None
    assert channel.from_user is not None
    assert channel.sender_chat is not None
    assert (channel.from_user.id, channel.sender_chat.type) == (136817688, "channel")
    assert post is not None
    assert post.from_user is not None
    assert (post.from_user.id, post.is_automatic_forward) == (777000, True)
    assert isinstance(post.forward_origin, MessageOriginChannel)
    assert via is not None
    assert via.via_bot is not None
    assert via.via_bot.username == "gif"


async def test_another_bot_may_write(telegram: LocalTelegram) -> None:
    other = await telegram.post("people", first_name="Other", username="other_bot", is_bot=True)
    await telegram.post(f"chats/{telegram.friends}/join", user=other["id"])
    await telegram.send("@aura_bot beep", chat=telegram.friends, by=other["id"])
    message = (await telegram.updates())[-1].message
    assert message is not None
    assert message.from_user is not None
    assert message.from_user.is_bot


async def test_what_an_app_would_not_let_one_do(telegram: LocalTelegram) -> None:
    await telegram.post(f"people/{ANNA}/send", status=400, text=" ")
    await telegram.post(f"people/{ANNA}/send", status=400, chat_id=BORIS, text="x")
    await telegram.post("people/9/send", status=404, text="x")
    await telegram.post(f"people/{ANNA}/send", status=404, chat_id=9, text="x")
    await telegram.post(f"people/{ANNA}/send", status=404, text="x", reply_to=99)
    await telegram.post(f"people/{ANNA}/fly", status=404)
    await telegram.post("chats", status=400, members="x")


async def test_a_reply_in_a_topic_stays_there_and_plain_messages_answer_its_first(telegram: LocalTelegram) -> None:
    group, topic = telegram.friends, telegram.ideas
    await telegram.send("@aura_bot one", chat=group, topic=topic)
    question = await telegram.send("@aura_bot two", chat=group, topic=topic)
    assert "reply_to_message" not in question, "the page does not show it"
    await telegram.send("@aura_bot three", chat=group, reply_to=question["message_id"], quote="two")
    messages = [update.message for update in await telegram.updates()]
    for message in messages:
        assert message is not None
        assert message.message_thread_id == topic
        assert message.reply_to_message is not None
    assert messages[0] is not None
    assert messages[0].reply_to_message is not None
    assert messages[0].reply_to_message.forum_topic_created is not None
    assert messages[2] is not None
    assert messages[2].quote is not None
    assert messages[2].quote.position == 10
