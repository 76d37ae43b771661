"""Where a call may act: chats, topics, messages, and the refusals of each, in Telegram's words."""

from __future__ import annotations

from bot.playground.errors import Refusal, bad_request, forbidden
from bot.playground.exchange import Exchange
from bot.playground.parameters import Parameters
from bot.playground.world import BOT, GENERAL, Chat, Message


def any_chat(exchange: Exchange, parameters: Parameters) -> Chat:
    """Return the chat of a call. Raises 400 where the bot knows none."""
    given = parameters.text("chat_id").strip()
    if not given:
        raise bad_request("chat_id is empty")
    chat = exchange.world.chats.get(parameters.integer("chat_id"))
    if chat is None:
        raise bad_request("chat not found")
    if chat.migrated_to is not None:
        raise Refusal(
            400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": chat.migrated_to}
        )
    return chat


def member_chat(exchange: Exchange, parameters: Parameters) -> Chat:
    """Return the chat of a call that needs the bot to be in it. Raises 403 where it is not."""
    chat = any_chat(exchange, parameters)
    kind = "group" if chat.type == "group" else "supergroup"
    if chat.deleted:
        raise forbidden("the group chat was deleted")
    if chat.private:
        _person_reachable(exchange, chat)
    elif chat.bot_status == "kicked":
        raise forbidden(f"bot was kicked from the {kind} chat")
    elif chat.bot_status == "left":
        raise forbidden(f"bot is not a member of the {kind} chat")
    return chat


def _person_reachable(exchange: Exchange, chat: Chat) -> None:
    if exchange.world.people[chat.id].deactivated:
        raise forbidden("user is deactivated")
    if not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    if chat.blocked:
        raise forbidden("bot was blocked by the user")


def writable_chat(exchange: Exchange, parameters: Parameters) -> Chat:
    """Return the chat of a call that writes. Raises 400 where the bot was restricted."""
    chat = member_chat(exchange, parameters)
    if chat.bot_status == "restricted":
        raise bad_request("not enough rights to send text messages to the chat")
    return chat


def topic(exchange: Exchange, chat: Chat, parameters: Parameters) -> int | None:
    """Return the topic of a call. Raises 400 for one that is not there (General has no id) or is closed."""
    thread = parameters.integer("message_thread_id")
    if not thread:
        general = chat.topics.get(GENERAL)
        if general is not None and general.closed and not chat.bot_is_admin:
            raise bad_request("TOPIC_CLOSED")
        return None
    if chat.private and not exchange.world.bot.has_topics_enabled:
        raise bad_request("message thread not found")
    if thread == GENERAL or thread not in chat.topics:
        raise bad_request("message thread not found")
    if chat.topics[thread].closed and not chat.bot_is_admin:
        raise bad_request("TOPIC_CLOSED")
    return thread


def own_message(exchange: Exchange, parameters: Parameters) -> tuple[Chat, Message]:
    """Return the message of the bot that a call edits. Raises 400 where it is not there or somebody else's."""
    chat = member_chat(exchange, parameters)
    if not parameters.text("message_id").strip():
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(parameters.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender != BOT:
        raise bad_request("message can't be edited")
    return chat, message
