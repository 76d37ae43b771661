"""What happens to the bot itself: added to a group, muted, removed, blocked; groups that become supergroups."""

from __future__ import annotations

from dataclasses import replace

from aiogram import F, Router
from aiogram.enums import ChatMemberStatus
from aiogram.types import ChatMemberRestricted, ChatMemberUpdated, Message

from bot.answering.service import TurnService
from bot.conversation.people import Chat
from bot.people.group_admins import GroupAdmins
from bot.settings import Settings
from bot.storage.repositories.chats import ChatRepository
from handlers.support.bot_info import BotInfo
from handlers.support.mapping import EventContext
from handlers.support.responders import Responder

_OUT = frozenset({ChatMemberStatus.LEFT, ChatMemberStatus.KICKED})


def router() -> Router:
    """Updates about the bot's own membership."""
    router = Router(name="membership")
    router.my_chat_member.register(follow, F.chat.type.in_({"group", "supergroup", "private"}))
    router.message.register(move, F.migrate_to_chat_id)
    router.message.register(arrive, F.migrate_from_chat_id)
    return router


async def follow(
    change: ChatMemberUpdated,
    origin: EventContext,
    admin: bool,
    chats: ChatRepository,
    group_admins: GroupAdmins,
    settings: Settings,
    bot_info: BotInfo,
    turns: TurnService,
    say: Responder,
) -> None:
    """Remember whether the bot can write there, end what waits where it cannot, and greet a group once."""
    group_admins.forget(origin.key.chat)
    known = await chats.get(origin.key.bot, origin.key.chat) or Chat(origin.key.chat, origin.kind, origin.title)
    now = replace(known, kind=origin.kind, title=origin.title, writable=can_write(change))
    if now.writable and admin and not origin.private:
        now = replace(now, allowed=True)
    greets = now.writable and not now.greeted and not origin.private
    await chats.put(origin.key.bot, replace(now, greeted=now.greeted or greets))
    if not now.writable:
        await turns.drop_chat(origin.key.bot, origin.key.chat)
    if greets:
        _greet(now, change, settings, bot_info, say)


async def move(message: Message, origin: EventContext, turns: TurnService) -> None:
    """A group became a supergroup: everything about it goes along."""
    if message.migrate_to_chat_id is not None:
        await turns.migrate(origin.key.bot, origin.key.chat, message.migrate_to_chat_id)


async def arrive(message: Message, origin: EventContext, turns: TurnService) -> None:
    """The same, told from the new supergroup's side."""
    if message.migrate_from_chat_id is not None:
        await turns.migrate(origin.key.bot, message.migrate_from_chat_id, origin.key.chat)


def can_write(change: ChatMemberUpdated) -> bool:
    """Whether the bot may send text there now."""
    member = change.new_chat_member
    if member.status in _OUT:
        return False
    return member.can_send_messages if isinstance(member, ChatMemberRestricted) else True


def _greet(group: Chat, change: ChatMemberUpdated, settings: Settings, bot_info: BotInfo, say: Responder) -> None:
    """Say how to ask, and what to change where Telegram may hide mentions from the bot."""
    parts = [say.text("group-hello", name=bot_info.name, username=bot_info.username)]
    if settings.access == "approved" and not group.allowed:
        parts.append(say.text("group-hello-allow"))
    if not bot_info.reads_all and change.new_chat_member.status != ChatMemberStatus.ADMINISTRATOR:
        parts.append(say.text("group-hello-privacy"))
    say.say_text("\n\n".join(parts))
