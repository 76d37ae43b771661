"""What happens to the bot itself in chats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiogram import methods

from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Actor, Harness, open_harness
from tests.harness.recording_session import BOT_ID, ME

MENTION = "@aura_bot"
NEW_GROUP = -1009
STEAL_DELAY = -1010
ADMINISTRATORS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
MEMBERS = (
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_react_to_messages",
    "can_edit_tag",
)


async def changed(
    harness: Harness,
    status: str,
    *,
    by: Actor = ANNA,
    chat: int = GROUP,
    **group_admins: Any,  # any field of a ChatMember
) -> None:
    """The bot's own membership changes."""
    kind = {"id": chat, "type": "private"} if chat > 0 else {"id": chat, "type": "supergroup", "title": "Friends"}
    old, new = (
        {"user": ME.model_dump(), "status": "left"},
        {"user": ME.model_dump(), "status": status, **group_admins},
    )
    await harness.update(
        {"my_chat_member": {"chat": kind, "from": by.user, "date": 1, "old_chat_member": old, "new_chat_member": new}}
    )


def restricted(*, can_send: bool) -> dict[str, Any]:
    others = dict.fromkeys(MEMBERS, True)
    return {**others, "is_member": True, "can_send_messages": can_send, "until_date": 0}


async def test_a_group_is_greeted_once_with_a_word_about_privacy(harness: Harness) -> None:
    await changed(harness, "member")
    await changed(harness, "left")
    await changed(harness, "member")
    assert len(harness.said) == 1
    assert "Write @Aura_Bot and your question" in harness.last
    assert "privacy mode" in harness.last


async def test_a_bot_that_administers_the_group_sees_everything(harness: Harness) -> None:
    await changed(harness, "member", chat=NEW_GROUP)
    assert "privacy mode" in harness.last
    group_admins: dict[str, Any] = dict.fromkeys(ADMINISTRATORS, False)
    await changed(harness, "administrator", **group_admins)
    assert "privacy mode" not in harness.last


async def test_a_guarded_group_is_told_to_ask_for_admission_unless_an_admin_brought_the_bot(folder: Path) -> None:
    async with open_harness(folder, access="approved") as harness:
        await changed(harness, "member", by=BORIS)
        assert "/allow" in harness.last
        await changed(harness, "member", by=OWNER, chat=NEW_GROUP)
        assert "/allow" not in harness.last
        await harness.message(BORIS, f"{MENTION} привет", chat=NEW_GROUP)
        await harness.answered()


async def test_a_bot_that_may_not_write_asks_no_generator(harness: Harness) -> None:
    await changed(harness, "member")
    before = await harness.message(ANNA, f"{MENTION} hi", chat=GROUP)
    await harness.answered()
    harness.paths.clear()
    harness.may_write.clear()
    await changed(harness, "restricted", **restricted(can_send=False))
    await harness.message(ANNA, f"{MENTION} hello?", chat=GROUP)
    await harness.edited(ANNA, before, f"{MENTION} hi there", chat=GROUP)
    assert await harness.turns.current(harness.key(GROUP)) is None
    assert harness.paths == []
    harness.may_write.set()
    await changed(harness, "restricted", **restricted(can_send=True))
    await harness.message(ANNA, f"{MENTION} hello!", chat=GROUP)
    await harness.answered()


@pytest.mark.parametrize(
    ("status", "chat", "group_admins"),
    [
        ("left", GROUP, {}),
        ("kicked", GROUP, {"until_date": 0}),
        ("restricted", GROUP, restricted(can_send=False)),
        ("kicked", ANNA.id, {"until_date": 0}),
    ],
)
async def test_questions_that_wait_end_where_the_bot_may_not_write_any_more(
    harness: Harness, status: str, chat: int, group_admins: dict[str, Any]
) -> None:
    addressed = "" if chat > 0 else f"{MENTION} "
    harness.may_write.clear()
    for text in ("one", "two"):
        await harness.message(ANNA, addressed + text, chat=chat)
        await harness.message(ANNA, f"{MENTION} {text}", chat=STEAL_DELAY)
    await harness.written_to(2)
    await changed(harness, status, chat=chat, **group_admins)
    await changed(harness, "member", chat=chat)
    harness.may_write.set()
    await harness.answered(3)
    assert sorted(path[-1].text for path in harness.paths) == ["one", "one", "two"], "elsewhere nothing has ended"
    await harness.message(ANNA, f"{addressed}three", chat=chat)
    await harness.answered(4)
    assert harness.paths[-1][-1].text == "three"


async def test_being_blocked_and_let_in_again_by_a_person_says_nothing(harness: Harness) -> None:
    await changed(harness, "kicked", chat=ANNA.id, until_date=0)
    await changed(harness, "member", chat=ANNA.id)
    assert harness.recording.calls == []
    await harness.message(ANNA, "Hi again")
    await harness.answered()


async def test_a_group_that_becomes_a_supergroup_keeps_everything(harness: Harness) -> None:
    await harness.message(ANNA, f"{MENTION} One", chat=GROUP)
    await harness.answered(1)
    await harness.message(OWNER, "/system Be brief.", chat=GROUP)
    await harness.message(ANNA, None, chat=GROUP, migrate_to_chat_id=NEW_GROUP)
    await harness.message(ANNA, None, chat=NEW_GROUP, migrate_from_chat_id=GROUP)
    await harness.message(ANNA, f"{MENTION} Two", chat=NEW_GROUP)
    await harness.answered(2)
    assert [message.text for message in harness.paths[-1]] == ["One", "Answer to One", "Two"]
    assert (await harness.preferences.effective(harness.key(NEW_GROUP))).system_prompt.value == "Be brief."


async def test_topics_that_open_and_close_are_passed_over(harness: Harness) -> None:
    await harness.message(ANNA, None, chat=GROUP, forum_topic_closed={}, message_thread_id=5, is_topic_message=True)
    await harness.message(
        ANNA,
        None,
        chat=GROUP,
        forum_topic_created={"name": "Ideas", "icon_color": 1},
        message_thread_id=5,
        is_topic_message=True,
    )
    assert harness.recording.calls == []
    assert await harness.chats.get(BOT_ID, GROUP) is None


async def test_greetings_are_messages_of_their_own(harness: Harness) -> None:
    await changed(harness, "member")
    assert harness.recording.made(methods.SendMessage)[0].reply_parameters is None
