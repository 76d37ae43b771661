"""The Bot API's methods by name, and what each of them costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from bot.playground import methods_bot, methods_chats, methods_files, methods_live, methods_messages
from bot.playground.budgets import Cost
from bot.playground.exchange import Exchange
from bot.playground.parameters import Parameters

Method = Callable[[Exchange, Parameters], Any]

METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {
        "getme": methods_bot.get_me,
        "logout": methods_bot.nothing,
        "close": methods_bot.nothing,
        "setmycommands": methods_bot.set_my_commands,
        "getmycommands": methods_bot.get_my_commands,
        "deletemycommands": methods_bot.delete_my_commands,
        "setmyname": methods_bot.set_my_name,
        "getmyname": methods_bot.get_my_name,
        "setmydescription": methods_bot.set_my_description,
        "getmydescription": methods_bot.get_my_description,
        "setmyshortdescription": methods_bot.set_my_short_description,
        "getmyshortdescription": methods_bot.get_my_short_description,
        "setwebhook": methods_bot.set_webhook,
        "deletewebhook": methods_bot.delete_webhook,
        "getwebhookinfo": methods_bot.get_webhook_info,
        "sendmessage": methods_messages.send_message,
        "editmessagetext": methods_messages.edit_message_text,
        "editmessagecaption": methods_messages.edit_message_caption,
        "editmessagereplymarkup": methods_messages.edit_message_reply_markup,
        "deletemessage": methods_messages.delete_message,
        "deletemessages": methods_messages.delete_messages,
        "senddocument": methods_files.send_document,
        "getfile": methods_files.get_file,
        "sendmessagedraft": methods_live.send_message_draft,
        "sendchataction": methods_live.send_chat_action,
        "answercallbackquery": methods_live.answer_callback_query,
        "setmessagereaction": methods_live.set_message_reaction,
        "getchat": methods_chats.get_chat,
        "getchatmember": methods_chats.get_chat_member,
        "getchatadministrators": methods_chats.get_chat_administrators,
        "getchatmembercount": methods_chats.get_chat_member_count,
        "leavechat": methods_chats.leave_chat,
    }
)
"""All methods but `getUpdates`, which waits; names are compared without case."""

COSTS: Final[Mapping[str, Cost]] = MappingProxyType(
    {
        "sendmessage": Cost.MESSAGE,
        "senddocument": Cost.MESSAGE,
        "editmessagetext": Cost.MESSAGE,
        "editmessagecaption": Cost.MESSAGE,
        "editmessagereplymarkup": Cost.MESSAGE,
        "sendmessagedraft": Cost.DRAFT,
        "sendchataction": Cost.HOLD_ONLY,
        "answercallbackquery": Cost.HOLD_ONLY,
        "deletemessage": Cost.HOLD_ONLY,
        "deletemessages": Cost.HOLD_ONLY,
        "setmessagereaction": Cost.HOLD_ONLY,
    }
)


def chat_of(exchange: Exchange, name: str, parameters: Parameters) -> int | None:
    """Return the chat that a call's cost is put down to."""
    if name == "answercallbackquery":
        return exchange.queries.chat_of(parameters.text("callback_query_id"))
    return parameters.integer("chat_id") or None
