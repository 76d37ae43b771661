"""Members of chats as the Bot API shows them, and what the bot hears when its own standing changes."""

from __future__ import annotations

from typing import Any, Final

from playground.world.hub import Hub
from playground.world.state import Chat, World

Json = dict[str, Any]

_ADMIN_RIGHTS: Final = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
    "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
    "can_send_welcome_messages", "can_pin_messages", "can_manage_topics",
)  # fmt: skip
_MEMBER_RIGHTS: Final = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_react_to_messages", "can_edit_tag", "can_change_info", "can_invite_users",
    "can_pin_messages", "can_manage_topics",
)  # fmt: skip


def _standing(status: str, user: Json) -> Json:
    shown: Json = {"status": status, "user": user}
    if status == "administrator":
        return {**shown, "can_be_edited": False, "is_anonymous": False, **dict.fromkeys(_ADMIN_RIGHTS, True)}
    if status == "creator":
        return {**shown, "is_anonymous": False}
    if status == "restricted":
        return {**shown, "is_member": True, "until_date": 0, **dict.fromkeys(_MEMBER_RIGHTS, False)}
    if status == "kicked":
        return {**shown, "until_date": 0}
    return shown


def bot_member(world: World, chat: Chat) -> Json:
    """Return the bot as a member of a chat."""
    return _standing("kicked" if chat.blocked else chat.bot_status, world.bot_user())


def member(world: World, chat: Chat, user: int) -> Json:
    """Return a person as a member of a chat."""
    if chat.private:
        return _standing("member" if user == chat.id else "left", world.user(user))
    if user == chat.owner:
        status = "creator"
    elif chat.is_admin(user):
        status = "administrator"
    else:
        status = "member" if user in chat.members else "left"
    return _standing(status, world.user(user))


def tell_bot_status(hub: Hub, chat: Chat, status: str, *, by: int) -> None:
    """Change the bot's standing in a chat and let it know (`my_chat_member`)."""
    old = bot_member(hub.world, chat)
    if chat.private:
        chat.blocked = status == "kicked"
    else:
        chat.bot_status = status
    new = bot_member(hub.world, chat)
    hub.updates.put("my_chat_member", _changed(hub, chat, by, old, new))
    hub.chat_changed(chat)


def tell_member_status(hub: Hub, chat: Chat, old: Json, user: int, *, by: int) -> None:
    """Let the bot know that somebody's standing has changed (`chat_member`, for administrators that ask for it)."""
    new = member(hub.world, chat, user)
    if chat.bot_is_admin and old != new:
        hub.updates.put("chat_member", _changed(hub, chat, by, old, new))
    hub.chat_changed(chat)


def _changed(hub: Hub, chat: Chat, by: int, old: Json, new: Json) -> Json:
    return {
        "chat": hub.world.chat(chat),
        "from": hub.world.user(by),
        "date": hub.date(),
        "old_chat_member": old,
        "new_chat_member": new,
    }
