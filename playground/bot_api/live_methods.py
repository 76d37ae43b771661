"""Bot API: drafts, chat actions, answers to buttons, reactions: nothing that stays in the chat."""

from __future__ import annotations

from typing import Final

from playground.bot_api import chat_guards
from playground.bot_api.message_methods import written
from playground.bot_api.parameters import Parameters
from playground.errors import bad_request
from playground.text.entities import MAX_TEXT_LENGTH, utf16_length
from playground.world.drafts import DRAFT_LIFETIME, Draft
from playground.world.hub import Hub

CHAT_ACTION_LIFETIME: Final = 5.0
"""Seconds that a chat action is shown."""
MAX_CALLBACK_ANSWER_LENGTH: Final = 200
_ACTIONS: Final = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
        "choose_sticker", "find_location", "record_video_note", "upload_video_note",
    }
)  # fmt: skip


def send_message_draft(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `sendMessageDraft`: private chats only, shown for 30 seconds; an empty text shows "Thinking…"."""
    chat = chat_guards.writable_chat(hub, parameters)
    if not chat.private:
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    thread = chat_guards.topic(hub, chat, parameters)
    identity = parameters.integer("draft_id")
    if not identity:
        raise bad_request("RANDOM_ID_INVALID")
    content = written(parameters, empty="", too_long="message is too long", limit=MAX_TEXT_LENGTH)
    if chat.drafts.is_stopped(identity):
        return True
    draft = Draft(
        identity,
        content.get("text", ""),
        content.get("entities", []),
        parameters.flag("can_stop"),
        parameters.flag("keep_on_stop"),
        hub.clock() + DRAFT_LIFETIME,
        thread or 0,
    )
    hub.draft(chat, draft)
    return True


def send_rich_message_draft(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `sendRichMessageDraft`: refused like every rich message here, but counted with the other drafts."""
    chat_guards.writable_chat(hub, parameters)
    raise bad_request("rich messages are not supported here")


def send_chat_action(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `sendChatAction`: shown for 5 seconds or until a message comes."""
    chat = chat_guards.writable_chat(hub, parameters)
    thread = chat_guards.topic(hub, chat, parameters)
    action = parameters.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.typing[thread or 0] = hub.clock() + CHAT_ACTION_LIFETIME
    hub.events.publish(
        "typing", chat_id=chat.id, topic=thread or 0, action=action, until=hub.wall() + CHAT_ACTION_LIFETIME
    )
    return True


def answer_callback_query(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `answerCallbackQuery`: once for each press, soon."""
    text = parameters.text("text")
    if utf16_length(text) > MAX_CALLBACK_ANSWER_LENGTH:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": parameters.flag("show_alert"), "url": parameters.text("url")}
    hub.queries.answer(parameters.text("callback_query_id"), hub.clock(), answer)
    return True


def set_message_reaction(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `setMessageReaction`; the page does not show reactions."""
    chat = chat_guards.member_chat(hub, parameters)
    if parameters.integer("message_id") not in chat.messages:
        raise bad_request("message to react not found")
    parameters.objects("reaction")
    return True
