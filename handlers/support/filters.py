"""Conditions of handlers. What has to be asked of Telegram is asked here, before any transaction."""

from __future__ import annotations

from aiogram.types import TelegramObject

from bot.people.access import AccessDecision
from bot.people.group_admins import GroupAdmins
from handlers.support.mapping import EventContext


async def by_admin(_: TelegramObject, admin: bool) -> bool:
    """A bot admin did this."""
    return admin


async def may_change(_: TelegramObject, origin: EventContext, admin: bool, group_admins: GroupAdmins) -> bool:
    """Whoever did this may change the chat: anybody in private, in groups an administrator or a bot admin."""
    return admin or await administers(origin, group_admins)


async def administers(origin: EventContext, group_admins: GroupAdmins) -> bool:
    """Whether the speaker has the say in this chat. Raises TelegramProblem where Telegram cannot tell."""
    if origin.private or origin.anonymous:
        return True
    return origin.user is not None and await group_admins.administers(origin.key.chat, origin.user.id)


async def in_private(_: TelegramObject, origin: EventContext) -> bool:
    """It happened in a private chat."""
    return origin.private


async def unwelcome(_: TelegramObject, decide_access: AccessDecision) -> bool:
    """An admin has not let this person or group in, or has blocked them."""
    return decide_access is not AccessDecision.WELCOME


async def is_newcomer(_: TelegramObject, decide_access: AccessDecision) -> bool:
    """Somebody new wrote, whom an admin has to let in first."""
    return decide_access is AccessDecision.NEWCOMER


async def is_strange_group(_: TelegramObject, decide_access: AccessDecision) -> bool:
    """It came from a group that an admin has to let in first."""
    return decide_access is AccessDecision.STRANGE_GROUP
