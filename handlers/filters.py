"""Conditions of handlers. What has to be asked of Telegram is asked here, before any transaction."""

from __future__ import annotations

from aiogram.types import TelegramObject

from bot.people.access import Verdict
from bot.people.rights import GroupRights
from handlers.reading import Origin


async def by_admin(_: TelegramObject, admin: bool) -> bool:
    """A bot admin did this."""
    return admin


async def may_change(_: TelegramObject, origin: Origin, admin: bool, rights: GroupRights) -> bool:
    """Whoever did this may change the chat: anybody in private, in groups an administrator or a bot admin."""
    return admin or await administers(origin, rights)


async def administers(origin: Origin, rights: GroupRights) -> bool:
    """Whether the speaker has the say in this chat. Raises TelegramProblem where Telegram cannot tell."""
    if origin.private or origin.anonymous:
        return True
    return origin.user is not None and await rights.administers(origin.key.chat, origin.user.id)


async def in_private(_: TelegramObject, origin: Origin) -> bool:
    """It happened in a private chat."""
    return origin.private


async def unwelcome(_: TelegramObject, verdict: Verdict) -> bool:
    """An admin has not let this person or group in, or has blocked them."""
    return verdict is not Verdict.WELCOME


async def is_newcomer(_: TelegramObject, verdict: Verdict) -> bool:
    """Somebody new wrote, whom an admin has to let in first."""
    return verdict is Verdict.NEWCOMER


async def is_strange_group(_: TelegramObject, verdict: Verdict) -> bool:
    """It came from a group that an admin has to let in first."""
    return verdict is Verdict.STRANGE_GROUP
