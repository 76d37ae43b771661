"""Groups: joined, left, administered, given topics; all of it as aiogram's types."""

from __future__ import annotations

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import ChatMemberAdministrator, ChatMemberOwner, ChatMemberRestricted

from tests.playground.local_telegram import ANNA, BORIS, LocalTelegram


async def test_the_bot_hears_that_it_was_added_and_removed(telegram: LocalTelegram) -> None:
    chat = await telegram.group("group")
    added, joined = await telegram.updates()
    assert added.my_chat_member is not None
    assert added.my_chat_member.old_chat_member.status == "left"
    assert added.my_chat_member.new_chat_member.status == "member"
    assert added.my_chat_member.from_user.id == ANNA
    assert joined.message is not None
    assert joined.message.new_chat_members is not None
    assert joined.message.new_chat_members[0].id == telegram.bot.id
    await telegram.post(f"chats/{chat}/remove_bot", by=BORIS)
    left, removed = await telegram.updates()
    assert left.message is not None
    assert left.message.left_chat_member is not None
    assert removed.my_chat_member is not None
    assert removed.my_chat_member.new_chat_member.status == "kicked"


async def test_members_and_administrators(telegram: LocalTelegram) -> None:
    bot, group = telegram.bot, telegram.friends
    assert isinstance(await bot.get_chat_member(group, ANNA), ChatMemberOwner)
    assert (await bot.get_chat_member(group, BORIS)).status == "member"
    await telegram.post(f"chats/{group}/admins", user=BORIS)
    assert isinstance(await bot.get_chat_member(group, BORIS), ChatMemberAdministrator)
    assert {one.user.id for one in await bot.get_chat_administrators(group)} == {ANNA, BORIS}
    assert await bot.get_chat_member_count(group) == 3
    await telegram.post(f"chats/{group}/leave", user=BORIS)
    assert (await bot.get_chat_member(group, BORIS)).status == "left"
    await telegram.post(f"chats/{group}/restrict_bot", can_send=False)
    assert isinstance(await bot.get_chat_member(group, bot.id), ChatMemberRestricted)
    with pytest.raises(TelegramBadRequest, match="PARTICIPANT_ID_INVALID"):
        await bot.get_chat_member(group, 999)
    info = await bot.get_chat(group)
    assert (info.type, info.title, info.is_forum) == ("supergroup", "Friends", True)


async def test_administrators_hear_of_others_if_they_ask(telegram: LocalTelegram) -> None:
    group = telegram.friends
    await telegram.bot.get_updates(allowed_updates=["chat_member"])
    await telegram.post(f"chats/{group}/admins", user=BORIS)
    assert await telegram.updates() == []
    await telegram.post(f"chats/{group}/admins", user=telegram.bot.id)
    await telegram.post(f"chats/{group}/admins", user=BORIS, admin=False)
    change = (await telegram.updates())[-1].chat_member
    assert change is not None
    assert (change.old_chat_member.status, change.new_chat_member.status) == ("administrator", "member")


async def test_topics_come_change_and_go(telegram: LocalTelegram) -> None:
    group = telegram.friends
    topic = (await telegram.post(f"chats/{group}/topics", name="Plans"))["id"]
    await telegram.post(f"chats/{group}/topics/{topic}/rename", name="Old plans")
    await telegram.post(f"chats/{group}/topics/{topic}/close")
    await telegram.post(f"people/{BORIS}/send", status=400, chat_id=group, text="x", topic=topic)
    await telegram.post(f"chats/{group}/topics/{topic}/reopen")
    await telegram.send("back", chat=group, topic=topic, by=BORIS)
    created, edited, closed, reopened = [update.message for update in await telegram.updates()]
    assert created is not None
    assert created.forum_topic_created is not None
    assert created.message_id == created.message_thread_id == topic
    assert edited is not None
    assert edited.forum_topic_edited is not None
    assert closed is not None
    assert closed.forum_topic_closed is not None
    assert reopened is not None
    assert reopened.forum_topic_reopened is not None
    await telegram.post(f"chats/{group}/topics/{topic}/delete")
    world = await telegram.get("world")
    chat = next(one for one in world["chats"] if one["id"] == group)
    assert [one["name"] for one in chat["topics"]] == ["Ideas"]
    assert all(one.get("message_thread_id") != topic for one in chat["messages"])


async def test_general_can_be_closed_too(telegram: LocalTelegram) -> None:
    await telegram.post(f"chats/{telegram.friends}/topics/1/close")
    with pytest.raises(TelegramBadRequest, match="TOPIC_CLOSED"):
        await telegram.bot.send_message(telegram.friends, "x")
    assert await telegram.bot.send_message(telegram.friends, "x", message_thread_id=telegram.ideas)


async def test_titles_pins_and_other_service_messages(telegram: LocalTelegram) -> None:
    group = telegram.friends
    sent = await telegram.bot.send_message(group, "pin me")
    await telegram.post(f"chats/{group}/title", title="Best friends")
    await telegram.post(f"chats/{group}/pin", message_id=sent.message_id)
    await telegram.post(f"chats/{group}/service", fields={"message_auto_delete_timer_changed": {
        "message_auto_delete_time": 60}})  # fmt: skip
    title, pin, timer = [update.message for update in await telegram.updates()]
    assert title is not None
    assert title.new_chat_title == "Best friends"
    assert pin is not None
    assert pin.pinned_message is not None
    assert pin.pinned_message.message_id == sent.message_id
    assert timer is not None
    assert timer.message_auto_delete_timer_changed is not None


async def test_the_bot_can_leave(telegram: LocalTelegram) -> None:
    assert await telegram.bot.leave_chat(telegram.friends)
    assert (await telegram.updates())[-1].event_type == "my_chat_member"
    assert "not a member" in await telegram.complaint("getChat", chat_id=telegram.friends)


async def test_private_chats_may_have_topics(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    assert "message thread not found" in await telegram.complaint(
        "sendMessage", chat_id=ANNA, text="x", message_thread_id=1
    )
    await telegram.post("bot", has_topics_enabled=True)
    topic = (await telegram.post(f"chats/{ANNA}/topics", name="Cooking"))["id"]
    sent = await telegram.bot.send_message(ANNA, "x", message_thread_id=topic)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic, True)
    await telegram.bot.send_message_draft(ANNA, 3, text="growing", message_thread_id=topic, can_stop=True)
    await telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA, topic=topic)
    stopped = (await telegram.updates())[-1].stopped_message_generation
    assert stopped is not None
    assert stopped.message_thread_id == topic
