"""Messages that people forward: what comes along, and what is told of where they are from."""

from __future__ import annotations

from typing import Any, Final

from playground.errors import Impossible
from playground.world.hub import Hub
from playground.world.state import Chat, Message

Json = dict[str, Any]

MAX_FORWARDED: Final = 100
"""Messages that can be forwarded at once."""


def chosen_messages(chat: Chat, ids: Any) -> list[Message]:  # noqa: ANN401  # whatever the JSON held
    """Return the messages to forward, in their order. Raises Impossible for what cannot be forwarded."""
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_FORWARDED:
        raise Impossible(f"message_ids: 1 to {MAX_FORWARDED} ids")
    missing = [identity for identity in ids if identity not in chat.messages]
    if missing:
        raise Impossible("no such message", 404)
    messages = [chat.messages[identity] for identity in sorted(set(ids))]
    for message in messages:
        if message.extra.get("has_protected_content"):
            raise Impossible("this message may not be forwarded")
        if message.is_service:
            raise Impossible("a service message cannot be forwarded")
    return messages


def origin_fields(hub: Hub, message: Message, *, hidden: bool) -> Json:
    """Return the fields that a forward has beside its content. `hidden`: its author's account is not linked to."""
    extra: Json = {"forward_origin": message.extra.get("forward_origin") or _origin(hub, message, hidden=hidden)}
    if "via_bot" in message.extra:
        extra["via_bot"] = message.extra["via_bot"]
    return extra


def _origin(hub: Hub, message: Message, *, hidden: bool) -> Json:
    chat = message.extra.get("sender_chat")
    if chat is not None and chat["type"] == "channel":
        return {"type": "channel", "chat": chat, "message_id": message.id, "date": message.date}
    if chat is not None:
        signature = message.extra.get("author_signature")
        signed = {"author_signature": signature} if signature else {}
        return {"type": "chat", "sender_chat": chat, "date": message.date, **signed}
    author = hub.world.user(message.sender)
    if hidden:
        return {"type": "hidden_user", "sender_user_name": author["first_name"], "date": message.date}
    return {"type": "user", "sender_user": author, "date": message.date}
