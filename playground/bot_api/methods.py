"""The Bot API's methods by name, and what each of them costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from playground.bot_api import bot_methods, chat_methods, file_methods, live_methods, message_methods
from playground.bot_api.budgets import CallCost
from playground.bot_api.parameters import Parameters
from playground.world.hub import Hub

Method = Callable[[Hub, Parameters], Any]

METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {
        "getme": bot_methods.get_me,
        "logout": bot_methods.nothing,
        "close": bot_methods.nothing,
        "setmycommands": bot_methods.set_my_commands,
        "getmycommands": bot_methods.get_my_commands,
        "deletemycommands": bot_methods.delete_my_commands,
        "setmyname": bot_methods.set_my_name,
        "getmyname": bot_methods.get_my_name,
        "setmydescription": bot_methods.set_my_description,
        "getmydescription": bot_methods.get_my_description,
        "setmyshortdescription": bot_methods.set_my_short_description,
        "getmyshortdescription": bot_methods.get_my_short_description,
        "setwebhook": bot_methods.set_webhook,
        "deletewebhook": bot_methods.delete_webhook,
        "getwebhookinfo": bot_methods.get_webhook_info,
        "sendmessage": message_methods.send_message,
        "editmessagetext": message_methods.edit_message_text,
        "editmessagecaption": message_methods.edit_message_caption,
        "editmessagereplymarkup": message_methods.edit_message_reply_markup,
        "deletemessage": message_methods.delete_message,
        "deletemessages": message_methods.delete_messages,
        "copymessage": message_methods.copy_message,
        "senddocument": file_methods.sender("document"),
        "sendphoto": file_methods.sender("photo"),
        "sendaudio": file_methods.sender("audio"),
        "sendvoice": file_methods.sender("voice"),
        "sendanimation": file_methods.sender("animation"),
        "sendvideo": file_methods.sender("video"),
        "sendmediagroup": file_methods.send_media_group,
        "editmessagemedia": file_methods.edit_message_media,
        "getfile": file_methods.get_file,
        "sendmessagedraft": live_methods.send_message_draft,
        "sendrichmessagedraft": live_methods.send_rich_message_draft,
        "sendchataction": live_methods.send_chat_action,
        "answercallbackquery": live_methods.answer_callback_query,
        "setmessagereaction": live_methods.set_message_reaction,
        "getchat": chat_methods.get_chat,
        "getchatmember": chat_methods.get_chat_member,
        "getchatadministrators": chat_methods.get_chat_administrators,
        "getchatmembercount": chat_methods.get_chat_member_count,
        "leavechat": chat_methods.leave_chat,
    }
)
"""All methods but `getUpdates`, which waits; names are compared without case."""

CALL_COSTS: Final[Mapping[str, CallCost]] = MappingProxyType(
    {
        "sendmessage": CallCost.MESSAGE,
        "copymessage": CallCost.MESSAGE,
        "senddocument": CallCost.MESSAGE,
        "sendphoto": CallCost.MESSAGE,
        "sendaudio": CallCost.MESSAGE,
        "sendvoice": CallCost.MESSAGE,
        "sendanimation": CallCost.MESSAGE,
        "sendvideo": CallCost.MESSAGE,
        "sendmediagroup": CallCost.MESSAGE,
        "editmessagemedia": CallCost.MESSAGE,
        "editmessagetext": CallCost.MESSAGE,
        "editmessagecaption": CallCost.MESSAGE,
        "editmessagereplymarkup": CallCost.MESSAGE,
        "sendmessagedraft": CallCost.DRAFT,
        "sendrichmessagedraft": CallCost.DRAFT,
        "sendchataction": CallCost.DRAFT,
        "answercallbackquery": CallCost.HOLD_ONLY,
        "deletemessage": CallCost.HOLD_ONLY,
        "deletemessages": CallCost.HOLD_ONLY,
        "setmessagereaction": CallCost.HOLD_ONLY,
    }
)


def chat_of(hub: Hub, name: str, parameters: Parameters) -> int | None:
    """Return the chat that a call's cost is put down to."""
    if name == "answercallbackquery":
        return hub.queries.chat_of(parameters.text("callback_query_id"))
    return parameters.integer("chat_id") or None
