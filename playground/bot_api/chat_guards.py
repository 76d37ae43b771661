"""Checks of the chat, topic or message that a call names, with Telegram's refusals."""

from __future__ import annotations

from playground.bot_api.parameters import Parameters
from playground.errors import Refusal, bad_request, forbidden
from playground.world.hub import Hub
from playground.world.state import BOT, GENERAL, Chat, Message


def any_chat(hub: Hub, parameters: Parameters) -> Chat:
    """Return the chat of a call. Raises 400 where the bot knows none."""
    given = parameters.text("chat_id").strip()
    if not given:
        raise bad_request("chat_id is empty")
    chat = hub.world.chats.get(parameters.integer("chat_id"))
    if chat is None:
        raise bad_request("chat not found")
    if chat.migrated_to is not None:
        raise Refusal(
            400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": chat.migrated_to}
        )
    return chat


def source_chat(hub: Hub, parameters: Parameters) -> Chat:
    """Return the chat that a copied message is from. Raises 400 where the bot knows none, 403 where it is not there."""
    return member_chat(hub, Parameters({"chat_id": parameters.text("from_chat_id")}, {}))


def member_chat(hub: Hub, parameters: Parameters) -> Chat:
    """Return the chat of a call that needs the bot to be in it. Raises 403 where it is not."""
    chat = any_chat(hub, parameters)
    kind = "group" if chat.type == "group" else "supergroup"
    if chat.deleted:
        raise forbidden("the group chat was deleted")
    if chat.private:
        _person_reachable(hub, chat)
    elif chat.bot_status == "kicked":
        raise forbidden(f"bot was kicked from the {kind} chat")
    elif chat.bot_status == "left":
        raise forbidden(f"bot is not a member of the {kind} chat")
    return chat


def _person_reachable(hub: Hub, chat: Chat) -> None:
    if hub.world.people[chat.id].deactivated:
        raise forbidden("user is deactivated")
    if not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    if chat.blocked:
        raise forbidden("bot was blocked by the user")


def writable_chat(hub: Hub, parameters: Parameters) -> Chat:
    """Return the chat of a call that writes. Raises 400 where the bot was restricted."""
    chat = member_chat(hub, parameters)
    if chat.bot_status == "restricted":
        raise bad_request("not enough rights to send text messages to the chat")
    return chat


def topic(hub: Hub, chat: Chat, parameters: Parameters) -> int | None:
    """Return the topic of a call. Raises 400 for one that is not there (General has no id) or is closed."""
    thread = parameters.integer("message_thread_id")
    if not thread:
        general = chat.topics.get(GENERAL)
        if general is not None and general.closed and not chat.bot_is_admin:
            raise bad_request("TOPIC_CLOSED")
        return None
    if chat.private and not hub.world.bot.has_topics_enabled:
        raise bad_request("message thread not found")
    if thread == GENERAL or thread not in chat.topics:
        raise bad_request("message thread not found")
    if chat.topics[thread].closed and not chat.bot_is_admin:
        raise bad_request("TOPIC_CLOSED")
    return thread


def own_message(hub: Hub, parameters: Parameters) -> tuple[Chat, Message]:
    """Return the message of the bot that a call edits. Raises 400 where it is not there or somebody else's."""
    chat = member_chat(hub, parameters)
    if not parameters.text("message_id").strip():
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(parameters.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender != BOT:
        raise bad_request("message can't be edited")
    return chat, message
