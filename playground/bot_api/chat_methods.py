"""Bot API: chats and who is in them."""

from __future__ import annotations

from typing import Any

from playground.bot_api import chat_guards
from playground.bot_api.parameters import Parameters
from playground.errors import bad_request
from playground.world.hub import Hub
from playground.world.members import bot_member, member, tell_bot_status
from playground.world.state import BOT

Json = dict[str, Any]


def get_chat(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `getChat`."""
    chat = chat_guards.any_chat(hub, parameters)
    if chat.private and not chat.started:
        raise bad_request("chat not found")
    if not chat.private:
        chat_guards.member_chat(hub, parameters)
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    return {
        **hub.world.chat(chat),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": gifts,
    }


def get_chat_member(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `getChatMember`."""
    chat = chat_guards.member_chat(hub, parameters)
    user = parameters.integer("user_id")
    if user == hub.world.bot.id:
        return bot_member(hub.world, chat)
    if user not in hub.world.people:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member(hub.world, chat, user)


def get_chat_administrators(hub: Hub, parameters: Parameters) -> list[Json]:
    """Bot API `getChatAdministrators`: the bot itself among them, other bots not."""
    chat = chat_guards.member_chat(hub, parameters)
    if chat.private:
        raise bad_request("there are no administrators in the private chat")
    people = [user for user in chat.members if chat.is_admin(user) and not hub.world.user(user)["is_bot"]]
    found = [member(hub.world, chat, user) for user in people]
    if chat.bot_is_admin:
        found.append(bot_member(hub.world, chat))
    return found


def get_chat_member_count(hub: Hub, parameters: Parameters) -> int:
    """Bot API `getChatMemberCount`."""
    chat = chat_guards.member_chat(hub, parameters)
    return len(chat.members) + 1


def leave_chat(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `leaveChat`."""
    chat = chat_guards.member_chat(hub, parameters)
    if chat.private:
        raise bad_request("chat member status can't be changed in private chats")
    tell_bot_status(hub, chat, "left", by=BOT)
    return True
