"""What happens to the bot itself in chats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiogram import methods

from tests.handlers.scene import ANNA, BORIS, GROUP, OWNER, Actor, Scene, scene
from tests.recording import BOT_ID, ME

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
    stage: Scene,
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
    await stage.update(
        {"my_chat_member": {"chat": kind, "from": by.user, "date": 1, "old_chat_member": old, "new_chat_member": new}}
    )


def restricted(*, can_send: bool) -> dict[str, Any]:
    others = dict.fromkeys(MEMBERS, True)
    return {**others, "is_member": True, "can_send_messages": can_send, "until_date": 0}


async def test_a_group_is_greeted_once_with_a_word_about_privacy(stage: Scene) -> None:
    await changed(stage, "member")
    await changed(stage, "left")
    await changed(stage, "member")
    assert len(stage.said) == 1
    assert "Write @Aura_Bot and your question" in stage.last
    assert "privacy mode" in stage.last


async def test_a_bot_that_administers_the_group_sees_everything(stage: Scene) -> None:
    await changed(stage, "member", chat=NEW_GROUP)
    assert "privacy mode" in stage.last
    group_admins: dict[str, Any] = dict.fromkeys(ADMINISTRATORS, False)
    await changed(stage, "administrator", **group_admins)
    assert "privacy mode" not in stage.last


async def test_a_guarded_group_is_told_to_ask_for_admission_unless_an_admin_brought_the_bot(folder: Path) -> None:
    async with scene(folder, access="approved") as stage:
        await changed(stage, "member", by=BORIS)
        assert "/allow" in stage.last
        await changed(stage, "member", by=OWNER, chat=NEW_GROUP)
        assert "/allow" not in stage.last
        await stage.message(BORIS, f"{MENTION} привет", chat=NEW_GROUP)
        await stage.answered()


async def test_a_bot_that_may_not_write_asks_no_generator(stage: Scene) -> None:
    await changed(stage, "member")
    before = await stage.message(ANNA, f"{MENTION} hi", chat=GROUP)
    await stage.answered()
    stage.paths.clear()
    stage.may_write.clear()
    await changed(stage, "restricted", **restricted(can_send=False))
    await stage.message(ANNA, f"{MENTION} hello?", chat=GROUP)
    await stage.edited(ANNA, before, f"{MENTION} hi there", chat=GROUP)
    assert await stage.turns.current(stage.key(GROUP)) is None
    assert stage.paths == []
    stage.may_write.set()
    await changed(stage, "restricted", **restricted(can_send=True))
    await stage.message(ANNA, f"{MENTION} hello!", chat=GROUP)
    await stage.answered()


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
    stage: Scene, status: str, chat: int, group_admins: dict[str, Any]
) -> None:
    addressed = "" if chat > 0 else f"{MENTION} "
    stage.may_write.clear()
    for text in ("one", "two"):
        await stage.message(ANNA, addressed + text, chat=chat)
        await stage.message(ANNA, f"{MENTION} {text}", chat=STEAL_DELAY)
    await stage.written_to(2)
    await changed(stage, status, chat=chat, **group_admins)
    await changed(stage, "member", chat=chat)
    stage.may_write.set()
    await stage.answered(3)
    assert sorted(path[-1].text for path in stage.paths) == ["one", "one", "two"], "elsewhere nothing has ended"
    await stage.message(ANNA, f"{addressed}three", chat=chat)
    await stage.answered(4)
    assert stage.paths[-1][-1].text == "three"


async def test_being_blocked_and_let_in_again_by_a_person_says_nothing(stage: Scene) -> None:
    await changed(stage, "kicked", chat=ANNA.id, until_date=0)
    await changed(stage, "member", chat=ANNA.id)
    assert stage.recording.calls == []
    await stage.message(ANNA, "Hi again")
    await stage.answered()


async def test_a_group_that_becomes_a_supergroup_keeps_everything(stage: Scene) -> None:
    await stage.message(ANNA, f"{MENTION} One", chat=GROUP)
    await stage.answered(1)
    await stage.message(OWNER, "/system Be brief.", chat=GROUP)
    await stage.message(ANNA, None, chat=GROUP, migrate_to_chat_id=NEW_GROUP)
    await stage.message(ANNA, None, chat=NEW_GROUP, migrate_from_chat_id=GROUP)
    await stage.message(ANNA, f"{MENTION} Two", chat=NEW_GROUP)
    await stage.answered(2)
    assert [message.text for message in stage.paths[-1]] == ["One", "Answer to One", "Two"]
    assert (await stage.preferences.effective(stage.key(NEW_GROUP))).system_prompt.value == "Be brief."


async def test_topics_that_open_and_close_are_passed_over(stage: Scene) -> None:
    await stage.message(ANNA, None, chat=GROUP, forum_topic_closed={}, message_thread_id=5, is_topic_message=True)
    await stage.message(
        ANNA,
        None,
        chat=GROUP,
        forum_topic_created={"name": "Ideas", "icon_color": 1},
        message_thread_id=5,
        is_topic_message=True,
    )
    assert stage.recording.calls == []
    assert await stage.chats.get(BOT_ID, GROUP) is None


async def test_greetings_are_messages_of_their_own(stage: Scene) -> None:
    await changed(stage, "member")
    assert stage.recording.made(methods.SendMessage)[0].reply_parameters is None
