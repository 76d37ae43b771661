"""Giving and taking the rights of bot admins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from bot.conversation.people import Person
from bot.people.audit import AuditAction, AuditLog, described
from bot.people.bot_admins import BotAdmins
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.people import PersonRepository

Named = Person | int
"""A person, or the bare id of one whom the bot has never met."""


class AdminOutcome(Enum):
    """The result of a change of somebody's rights."""

    ADDED = auto()
    NEVER_MET = auto()
    REMOVED = auto()
    IS_NONE = auto()
    """The person was no admin."""
    IN_ENVIRONMENT = auto()
    """ADMIN_IDS names the person: no command takes that right away."""


@dataclass(frozen=True, slots=True)
class AdminChange:
    """A change, or why it was none, and whose rights it was about."""

    outcome: AdminOutcome
    person: Named


class AdminRights:
    """Makes admins, by command and by the one-time link. Raises OnlyBotAdmins, StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        people: PersonRepository,
        bot_admins: BotAdmins,
        permissions: Permissions,
        audit: AuditLog,
    ) -> None:
        self._unit = unit
        self._people = people
        self._bot_admins = bot_admins
        self._permissions = permissions
        self._audit = audit

    async def open_link(self, speaker: Speaker, payload: str) -> bool:
        """Make the opener of a one-time link admin. False: the link is unknown, used or too old."""
        async with self._unit.transaction():
            taken = await self._bot_admins.take_link(payload, speaker.id)
            if taken:
                await self._audit.note(speaker, AuditAction.ADMIN_LINK)
            return taken

    async def admins(self, speaker: Speaker) -> list[Named]:
        """List the admins."""
        self._permissions.require_bot_admin(speaker)
        return [await self._named(speaker, admin) for admin in await self._bot_admins.ids()]

    async def add(self, speaker: Speaker, person: int) -> AdminChange:
        """Make somebody admin whom the bot has met."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            added = await self._bot_admins.add(person)
            named = await self._named(speaker, person)
            if added:
                await self._audit.note(speaker, AuditAction.ADMIN_ADDED, described(named))
            return AdminChange(AdminOutcome.ADDED if added else AdminOutcome.NEVER_MET, named)

    async def remove(self, speaker: Speaker, person: int) -> AdminChange:
        """Take the right away."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            if self._bot_admins.is_named(person):
                outcome = AdminOutcome.IN_ENVIRONMENT
            elif await self._bot_admins.remove(person):
                outcome = AdminOutcome.REMOVED
            else:
                outcome = AdminOutcome.IS_NONE
            named = await self._named(speaker, person)
            if outcome is AdminOutcome.REMOVED:
                await self._audit.note(speaker, AuditAction.ADMIN_REMOVED, described(named))
            return AdminChange(outcome, named)

    async def _named(self, speaker: Speaker, person: int) -> Named:
        return await self._people.get(speaker.key.bot, person) or person
