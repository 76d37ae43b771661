"""Bot API: what passes: drafts, `typing…`, answers to buttons, reactions."""

from __future__ import annotations

from typing import Final

from bot.playground import places
from bot.playground.entities import TEXT_LIMIT, utf16_length
from bot.playground.errors import bad_request
from bot.playground.exchange import Exchange
from bot.playground.methods_messages import written
from bot.playground.parameters import Parameters
from bot.playground.world import DRAFT_LIFE, Draft

TYPING_LIFE: Final = 5.0
"""Seconds that a chat action is shown."""
ANSWER_LIMIT: Final = 200
_ACTIONS: Final = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
        "choose_sticker", "find_location", "record_video_note", "upload_video_note",
    }
)  # fmt: skip


def send_message_draft(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `sendMessageDraft`: private chats only, shown for 30 seconds; an empty text shows "Thinking…"."""
    chat = places.writable_chat(exchange, parameters)
    if not chat.private:
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    thread = places.topic(exchange, chat, parameters)
    identity = parameters.integer("draft_id")
    if not identity:
        raise bad_request("RANDOM_ID_INVALID")
    content = written(parameters, empty="", too_long="message is too long", limit=TEXT_LIMIT)
    if identity in chat.stopped_drafts:
        return True
    draft = Draft(
        identity,
        content.get("text", ""),
        content.get("entities", []),
        parameters.flag("can_stop"),
        parameters.flag("keep_on_stop"),
        exchange.clock() + DRAFT_LIFE,
    )
    exchange.draft(chat, thread, draft)
    return True


def send_chat_action(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `sendChatAction`: shown for 5 seconds or until a message comes."""
    chat = places.writable_chat(exchange, parameters)
    thread = places.topic(exchange, chat, parameters)
    action = parameters.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.typing[thread or 0] = exchange.clock() + TYPING_LIFE
    exchange.events.tell(
        "typing", chat_id=chat.id, topic=thread or 0, action=action, until=exchange.wall() + TYPING_LIFE
    )
    return True


def answer_callback_query(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `answerCallbackQuery`: once for each press, soon."""
    text = parameters.text("text")
    if utf16_length(text) > ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": parameters.flag("show_alert"), "url": parameters.text("url")}
    exchange.queries.answer(parameters.text("callback_query_id"), exchange.clock(), answer)
    return True


def set_message_reaction(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `setMessageReaction`; the page does not show reactions."""
    chat = places.member_chat(exchange, parameters)
    if parameters.integer("message_id") not in chat.messages:
        raise bad_request("message to react not found")
    parameters.objects("reaction")
    return True
