"""Privacy mode: the messages of a group that reach the bot, as the Bot API FAQ has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playground.text.entities import utf16_slice
from playground.world.state import BOT, Chat, Message

if TYPE_CHECKING:
    from playground.world.hub import Hub

SERVICE: Final = frozenset(
    {
        "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo",
        "group_chat_created", "supergroup_chat_created", "migrate_to_chat_id", "migrate_from_chat_id",
        "pinned_message", "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
        "general_forum_topic_hidden", "general_forum_topic_unhidden", "video_chat_started", "video_chat_ended",
        "message_auto_delete_timer_changed",
    }
)  # fmt: skip


def visible_to_bot(hub: Hub, chat: Chat, message: Message) -> bool:
    """Return whether the bot gets this message of somebody else."""
    if chat.private:
        return True
    if chat.bot_status in ("left", "kicked"):
        return False
    if hub.world.bot.can_read_all_group_messages or chat.bot_is_admin:
        return True
    if not SERVICE.isdisjoint(message.content):
        return True
    return _meant_for_bot(hub, chat, message)


def _meant_for_bot(hub: Hub, chat: Chat, message: Message) -> bool:
    target = chat.messages.get(message.reply_to) if message.reply_to is not None else None
    if target is not None and target.sender == BOT:
        return True
    bot = hub.world.bot
    if message.extra.get("via_bot", {}).get("id") == bot.id:
        return True
    text = message.content.get("text") or message.content.get("caption") or ""
    marked = message.content.get("entities") or message.content.get("caption_entities") or []
    name = "@" + bot.username.lower()
    for entity in marked:
        shown = utf16_slice(text, entity["offset"], entity["length"]).lower()
        if entity["type"] == "bot_command" and ("@" not in shown or shown.endswith(name)):
            return True
        if hub.mentions_pass and entity["type"] == "mention" and shown == name:
            return True
        if hub.mentions_pass and entity["type"] == "text_mention" and entity["user"].get("id") == bot.id:
            return True
    return False
