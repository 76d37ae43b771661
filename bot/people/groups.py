"""Groups: listed, let in, taken back, left."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.conversation.people import Chat
from bot.people.audit import AuditAction, AuditLog
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.chats import ChatRepository

GROUPS_PAGE_SIZE = 6
"""Groups on one page: each has two buttons."""


@dataclass(frozen=True, slots=True)
class GroupsPage:
    """Some of the groups that the bot is in, by title."""

    groups: tuple[Chat, ...]
    page: int
    pages: int
    count: int
    approving: bool
    """Admins let groups in."""


class Groups:
    """Decides which groups may use the bot. Raises OnlyBotAdmins, StorageUnavailable."""

    def __init__(
        self, unit: UnitOfWork, chats: ChatRepository, permissions: Permissions, audit: AuditLog, *, approving: bool
    ) -> None:
        self._unit = unit
        self._chats = chats
        self._permissions = permissions
        self._audit = audit
        self._approving = approving

    async def page(self, speaker: Speaker, page: int) -> GroupsPage:
        """Read one page of the groups."""
        self._permissions.require_bot_admin(speaker)
        offset = page * GROUPS_PAGE_SIZE
        some, count = await self._chats.groups(speaker.key.bot, offset=offset, limit=GROUPS_PAGE_SIZE)
        pages = max(1, -(-count // GROUPS_PAGE_SIZE))
        if page >= pages:
            return await self.page(speaker, pages - 1)
        return GroupsPage(tuple(some), page, pages, count, self._approving)

    async def get(self, speaker: Speaker, group: int) -> Chat | None:
        """Give a group. None: it is not known."""
        self._permissions.require_bot_admin(speaker)
        return await self._chats.get(speaker.key.bot, group)

    async def allow(self, speaker: Speaker, group: Chat, *, allowed: bool = True) -> bool:
        """Let a group in, or take that back. False: it was so before."""
        self._permissions.require_bot_admin(speaker)
        if group.allowed == allowed:
            return False
        async with self._unit.transaction():
            known = await self._chats.get(speaker.key.bot, group.id) or group
            # whoever is told that the group is out hears nothing else about it
            await self._chats.put(speaker.key.bot, replace(known, allowed=allowed, refused=not allowed))
            action = AuditAction.GROUP_ALLOWED if allowed else AuditAction.GROUP_TAKEN_BACK
            await self._audit.note(speaker, action, known.title or str(known.id))
        return True

    async def leave(self, speaker: Speaker, group: int) -> Chat | None:
        """Note that the bot leaves a group; whoever calls this leaves it. None: it is not known."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            known = await self._chats.get(speaker.key.bot, group)
            if known is None or group >= 0:
                return None
            await self._chats.put(speaker.key.bot, replace(known, allowed=False, present=False))
            await self._audit.note(speaker, AuditAction.GROUP_LEFT, known.title or str(known.id))
        return known

    async def turn_away(self, speaker: Speaker) -> bool:
        """Remember that the group has to be let in first. False: it has been told before."""
        async with self._unit.transaction():
            return await self._chats.refuse(speaker.key.bot, speaker.chat)
