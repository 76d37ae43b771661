"""Bot API: sending, editing and deleting messages."""

from __future__ import annotations

from typing import Any, Final

from playground.bot_api import chat_guards
from playground.bot_api.keyboards import reply_markup
from playground.bot_api.parameters import Parameters
from playground.errors import bad_request
from playground.text.entities import MAX_CAPTION_LENGTH, MAX_RAW_BYTES, MAX_TEXT_LENGTH, normalize, utf16_length
from playground.text.parse_mode import parse
from playground.world.hub import Hub
from playground.world.state import BOT, Chat, Message, reply_thread
from playground.world.stored_media import CAPTIONED

Json = dict[str, Any]

DELETE_TIME_LIMIT: Final = 48 * 3600
"""Seconds during which a message can be deleted."""
MAX_DELETED_AT_ONCE: Final = 100


def written(parameters: Parameters, name: str = "text", *, empty: str, too_long: str, limit: int) -> Json:
    """Return the text of a call and its entities, as content. With a parse mode given, `entities` are ignored."""
    text = parameters.text(name)
    prefix = "" if name == "text" else "caption_"
    if not text and empty:
        raise bad_request(empty)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_RAW_BYTES:
        raise bad_request("text is too long")
    mode = parameters.text("parse_mode")
    if mode:
        text, entities = parse(text, mode)
    else:
        entities = parameters.objects(prefix + "entities")
    text, entities = normalize(text, entities, allow_empty=not empty)
    if utf16_length(text) > limit:
        raise bad_request(too_long)
    content: Json = {name: text} if text else {}
    if entities:
        content[prefix + "entities"] = entities
    return content


def _message_text(parameters: Parameters, too_long: str) -> Json:
    if parameters.values.get("rich_message"):
        raise bad_request("rich messages are not supported here")
    content = written(parameters, empty="message text is empty", too_long=too_long, limit=MAX_TEXT_LENGTH)
    preview = parameters.object("link_preview_options")
    if preview and any(entity["type"] in ("url", "text_link") for entity in content.get("entities", [])):
        content["link_preview_options"] = preview
    return content


def reply_target(chat: Chat, parameters: Parameters) -> tuple[Message | None, Json]:
    """Return the message that is replied to and the quote. Raises 400 where it is gone and that was not allowed."""
    reply = parameters.object("reply_parameters") or {}
    wanted = reply.get("message_id") or parameters.integer("reply_to_message_id")
    if not wanted:
        return None, {}
    other = reply.get("chat_id")
    target = chat.messages.get(int(wanted)) if other in (None, chat.id, str(chat.id)) else None
    if target is None:
        if reply.get("allow_sending_without_reply") or parameters.flag("allow_sending_without_reply"):
            return None, {}
        raise bad_request("message to be replied not found")
    quote = reply.get("quote")
    if not quote:
        return target, {}
    text = target.content.get("text") or target.content.get("caption") or ""
    if quote not in text:
        raise bad_request("QUOTE_TEXT_INVALID")
    position = utf16_length(text[: text.index(quote)])
    return target, {"quote": {"text": quote, "position": position, "is_manual": True}}


def say(hub: Hub, parameters: Parameters, content: Json, more: Json | None = None) -> Json:
    """Post a message of the bot, with everything that its call says beside the content, and `more` fields."""
    chat = chat_guards.writable_chat(hub, parameters)
    thread = chat_guards.topic(hub, chat, parameters)
    target, extra = reply_target(chat, parameters)
    markup = reply_markup(parameters)
    in_topic = thread is not None
    if target is not None and thread is None:
        thread, in_topic = reply_thread(chat, target)
    extra = {**extra, **(more or {})}
    if parameters.flag("protect_content"):
        extra = {**extra, "has_protected_content": True}
    message = Message(
        hub.world.message_id(chat),
        hub.date(),
        BOT,
        content,
        thread=thread,
        in_topic=in_topic,
        reply_to=target.id if target else None,
        markup=markup,
        extra=extra,
    )
    return hub.post(chat, message)


def send_message(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `sendMessage`."""
    chat_guards.any_chat(hub, parameters)
    return say(hub, parameters, _message_text(parameters, "message is too long"))


def copy_message(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `copyMessage`: a new message with the same content, and without a sign of where it is from."""
    chat_guards.any_chat(hub, parameters)
    source = chat_guards.source_chat(hub, parameters)
    if not parameters.text("message_id").strip():
        raise bad_request("message identifier is not specified")
    message = source.messages.get(parameters.integer("message_id"))
    if message is None:
        raise bad_request("message to copy not found")
    if message.is_service or message.extra.get("has_protected_content"):
        raise bad_request("message can't be copied")
    content = dict(message.content)
    if "caption" in parameters.values and not CAPTIONED.isdisjoint(content):
        content = {name: value for name, value in content.items() if name not in ("caption", "caption_entities")}
        content |= written(
            parameters, "caption", empty="", too_long="message caption is too long", limit=MAX_CAPTION_LENGTH
        )
    return {"message_id": say(hub, parameters, content)["message_id"]}


def edit_message_text(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `editMessageText`: the keyboard goes unless it is given again."""
    content = _message_text(parameters, "MESSAGE_TOO_LONG")
    chat, message = chat_guards.own_message(hub, parameters)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    markup = reply_markup(parameters, inline_only=True)
    if message.content == content and message.markup == markup:
        raise not_modified()
    message.content, message.markup, message.edited = content, markup, hub.date()
    return hub.edited(chat, message)


def edit_message_reply_markup(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `editMessageReplyMarkup`."""
    chat, message = chat_guards.own_message(hub, parameters)
    markup = reply_markup(parameters, inline_only=True)
    if message.markup == markup:
        raise not_modified()
    message.markup = markup
    return hub.edited(chat, message)


def not_modified() -> Exception:
    """Return the refusal of an edit that would change nothing."""
    return bad_request(
        "message is not modified: specified new message content and reply markup are exactly the same as a current"
        " content and reply markup of the message"
    )


def edit_message_caption(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `editMessageCaption`."""
    caption = written(parameters, "caption", empty="", too_long="message caption is too long", limit=MAX_CAPTION_LENGTH)
    chat, message = chat_guards.own_message(hub, parameters)
    if CAPTIONED.isdisjoint(message.content):
        raise bad_request("there is no caption in the message to edit")
    markup = reply_markup(parameters, inline_only=True)
    content = {kind: file for kind, file in message.content.items() if kind in CAPTIONED} | caption
    if message.content == content and message.markup == markup:
        raise not_modified()
    message.content, message.markup, message.edited = content, markup, hub.date()
    return hub.edited(chat, message)


def delete_message(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `deleteMessage`: own messages, others' in private chats or as an administrator, within 48 hours."""
    chat = chat_guards.member_chat(hub, parameters)
    message = chat.messages.get(parameters.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if not _may_delete(hub, chat, message):
        raise bad_request("message can't be deleted")
    hub.delete(chat, [message.id])
    return True


def delete_messages(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `deleteMessages`: 1–100 ids; those that are not there are skipped."""
    chat = chat_guards.member_chat(hub, parameters)
    given = parameters.nested("message_ids")
    if not isinstance(given, list) or not given:
        raise bad_request("message identifiers are not specified")
    if len(given) > MAX_DELETED_AT_ONCE:
        raise bad_request("too many messages to delete")
    found = [chat.messages[identity] for identity in given if identity in chat.messages]
    if any(not _may_delete(hub, chat, message) for message in found):
        raise bad_request("message can't be deleted")
    hub.delete(chat, [message.id for message in found])
    return True


def _may_delete(hub: Hub, chat: Chat, message: Message) -> bool:
    if chat.bot_is_admin:
        return True
    if hub.date() - message.date > DELETE_TIME_LIMIT:
        return False
    return message.sender == BOT or chat.private
