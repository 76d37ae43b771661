"""Bot API: chats and who is in them."""

from __future__ import annotations

from typing import Any

from bot.playground import places
from bot.playground.errors import bad_request
from bot.playground.exchange import Exchange
from bot.playground.members import bot_member, member, tell_bot_status
from bot.playground.parameters import Parameters
from bot.playground.world import BOT

Json = dict[str, Any]


def get_chat(exchange: Exchange, parameters: Parameters) -> Json:
    """Bot API `getChat`."""
    chat = places.any_chat(exchange, parameters)
    if chat.private and not chat.started:
        raise bad_request("chat not found")
    if not chat.private:
        places.member_chat(exchange, parameters)
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    return {
        **exchange.world.chat(chat),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": gifts,
    }


def get_chat_member(exchange: Exchange, parameters: Parameters) -> Json:
    """Bot API `getChatMember`."""
    chat = places.member_chat(exchange, parameters)
    user = parameters.integer("user_id")
    if user == exchange.world.bot.id:
        return bot_member(exchange.world, chat)
    if user not in exchange.world.people:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member(exchange.world, chat, user)


def get_chat_administrators(exchange: Exchange, parameters: Parameters) -> list[Json]:
    """Bot API `getChatAdministrators`: the bot itself among them, other bots not."""
    chat = places.member_chat(exchange, parameters)
    if chat.private:
        raise bad_request("there are no administrators in the private chat")
    people = [user for user in chat.members if chat.is_admin(user) and not exchange.world.user(user)["is_bot"]]
    found = [member(exchange.world, chat, user) for user in people]
    if chat.bot_is_admin:
        found.append(bot_member(exchange.world, chat))
    return found


def get_chat_member_count(exchange: Exchange, parameters: Parameters) -> int:
    """Bot API `getChatMemberCount`."""
    chat = places.member_chat(exchange, parameters)
    return len(chat.members) + 1


def leave_chat(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `leaveChat`."""
    chat = places.member_chat(exchange, parameters)
    if chat.private:
        raise bad_request("chat member status can't be changed in private chats")
    tell_bot_status(exchange, chat, "left", by=BOT)
    return True
