"""In whose name a message stands: a person, a group, a channel, by way of a bot."""

from __future__ import annotations

from typing import Any, Final

from playground.errors import Impossible
from playground.world.hub import Hub
from playground.world.state import ANONYMOUS_BOT, CHANNEL_BOT, TELEGRAM, Chat

Json = dict[str, Any]

CHANNEL: Final = {"id": -1001999999999, "type": "channel", "title": "Friends News", "username": "friends_news"}


def sender_of(hub: Hub, chat: Chat, user: int, body: Json) -> tuple[int, Json]:
    """Return the user id and the extra fields of a message.

    `sender_chat` may be "anonymous" (an administrator in the group's name), "channel" (somebody in a channel's name),
    "linked_channel" (a post that Telegram forwards from the linked channel) or a channel's Chat. `via_bot` may be true
    (this bot) or another bot's username.
    """
    extra: Json = {}
    via = body.get("via_bot")
    if via is True:
        extra["via_bot"] = hub.world.bot_user()
    elif via:
        extra["via_bot"] = {"id": 5_000_000_001, "is_bot": True, "first_name": str(via), "username": str(via)}
    name = body.get("sender_chat")
    if not name:
        return user, extra
    if name == "anonymous":
        if not chat.is_admin(user):
            raise Impossible("only administrators can be anonymous")
        return ANONYMOUS_BOT, {**extra, "sender_chat": hub.world.chat(chat), "author_signature": "admin"}
    channel = name if isinstance(name, dict) else dict(CHANNEL)
    if name == "linked_channel":
        origin = {"type": "channel", "chat": channel, "message_id": 7, "date": hub.date()}
        return TELEGRAM, {**extra, "sender_chat": channel, "is_automatic_forward": True, "forward_origin": origin}
    if name != "channel" and not isinstance(name, dict):
        raise Impossible("sender_chat: anonymous, channel, linked_channel or a channel")
    return CHANNEL_BOT, {**extra, "sender_chat": channel}
