"""Updates about the bot itself: added to a group, muted, removed, blocked; groups that become supergroups."""

from __future__ import annotations

from dataclasses import replace

from aiogram import F, Router
from aiogram.enums import ChatMemberStatus
from aiogram.types import ChatMemberRestricted, ChatMemberUpdated, Message

from bot.answering.use_cases.chat_membership import ChatMembership
from bot.conversation.people import Chat
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences
from bot.settings import Settings
from handlers.commands import kinds_read
from handlers.support.bot_info import BotInfo
from handlers.support.event_context import EventContext
from handlers.support.magic import Matches
from handlers.support.responders import Responder

_OUT = frozenset({ChatMemberStatus.LEFT, ChatMemberStatus.KICKED})


def router() -> Router:
    """Updates about the bot's own membership."""
    router = Router(name="membership")
    router.my_chat_member.register(follow, Matches(F.chat.type.in_({"group", "supergroup", "private"})))
    router.message.register(move, Matches(F.migrate_to_chat_id.as_("new")))
    router.message.register(arrive, Matches(F.migrate_from_chat_id.as_("old")))
    return router


async def follow(
    change: ChatMemberUpdated,
    origin: EventContext,
    speaker: Speaker,
    membership: ChatMembership,
    settings: Settings,
    bot_info: BotInfo,
    effective: EffectivePreferences,
    say: Responder,
) -> None:
    """Remember whether the bot can write there, and greet a group once."""
    followed = await membership.follow(speaker, seen_now(origin.chat, change))
    if followed.greets:
        reads = say.text("greeting-reads", kinds=kinds_read(settings, effective))
        _greet(followed.chat, change, settings, bot_info, say, reads)


async def move(_: Message, new: int, origin: EventContext, membership: ChatMembership) -> None:
    """A group became a supergroup."""
    await membership.migrate(origin.key.bot, origin.key.chat, new)


async def arrive(_: Message, old: int, origin: EventContext, membership: ChatMembership) -> None:
    """The same, told from the new supergroup's side."""
    await membership.migrate(origin.key.bot, old, origin.key.chat)


def seen_now(chat: Chat, change: ChatMemberUpdated) -> Chat:
    """The chat as this update describes it."""
    present = change.new_chat_member.status not in _OUT
    return replace(chat, writable=can_write(change), present=present)


def can_write(change: ChatMemberUpdated) -> bool:
    """Tell whether the bot may send text there now."""
    member = change.new_chat_member
    if member.status in _OUT:
        return False
    return member.can_send_messages if isinstance(member, ChatMemberRestricted) else True


def _greet(
    group: Chat, change: ChatMemberUpdated, settings: Settings, bot_info: BotInfo, say: Responder, reads: str
) -> None:
    """Say how to ask, and what to change where Telegram may hide mentions from the bot."""
    parts = [say.text("group-hello", name=bot_info.name, username=bot_info.username), reads]
    if settings.access == "approved" and not group.allowed:
        parts.append(say.text("group-hello-allow"))
    if settings.read_along_messages:
        parts.append(say.text("group-hello-read-along"))
    if not bot_info.reads_all and change.new_chat_member.status != ChatMemberStatus.ADMINISTRATOR:
        parts.append(say.text("group-hello-privacy"))
    say.say_text("\n\n".join(parts))
