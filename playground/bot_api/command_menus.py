"""Command menus: which set of commands a person sees in a chat."""

from __future__ import annotations

from typing import Any

from playground.bot_api.parameters import Parameters
from playground.errors import bad_request
from playground.world.hub import Hub
from playground.world.state import Chat, Person, World

Json = dict[str, Any]


def scope_key(hub: Hub, parameters: Parameters) -> tuple[str, str]:
    """Return what a call's scope and language are kept under. Raises 400 where the bot does not know the chat."""
    scope = parameters.object("scope") or {"type": "default"}
    kind = str(scope.get("type", ""))
    language = parameters.text("language_code").strip().lower()
    if kind in ("default", "all_private_chats", "all_group_chats", "all_chat_administrators"):
        return kind, language
    if kind not in ("chat", "chat_administrators", "chat_member"):
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    chat_id = Parameters(scope).integer("chat_id")
    chat = hub.world.chats.get(chat_id)
    if chat is None or (chat.private and not chat.started):
        raise bad_request("chat not found")
    if chat.private and kind != "chat":
        raise bad_request("can't change commands in private chats with this scope")
    user = f" {Parameters(scope).integer('user_id')}" if kind == "chat_member" else ""
    return f"{kind} {chat_id}{user}", language


def _scopes(chat: Chat, person: Person) -> list[str]:
    """Return the scopes that apply, the narrowest first (Bot API, "Determining list of commands")."""
    if chat.private:
        return [f"chat {chat.id}", "all_private_chats", "default"]
    scopes = [f"chat_member {chat.id} {person.id}"]
    if chat.is_admin(person.id):
        scopes.append(f"chat_administrators {chat.id}")
    scopes.append(f"chat {chat.id}")
    if chat.is_admin(person.id):
        scopes.append("all_chat_administrators")
    return [*scopes, "all_group_chats", "default"]


def menu(world: World, chat: Chat, person: Person) -> list[Json]:
    """Return the commands that a person sees in a chat: by scope first, then by their language."""
    language = (person.language_code or "").lower()
    for scope in _scopes(chat, person):
        for spoken in (language, ""):
            commands = world.commands.get((scope, spoken))
            if commands:
                return commands
    return []


def menus(world: World) -> dict[str, dict[str, list[Json]]]:
    """Return every menu, by chat and person."""
    return {
        str(chat.id): {
            str(user): menu(world, chat, world.people[user]) for user in chat.members if user in world.people
        }
        for chat in world.chats.values()
        if chat.bot_status not in ("left", "kicked")
    }
