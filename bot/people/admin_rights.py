"""Giving and taking the rights of bot admins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from bot.conversation.people import Person
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
        self, unit: UnitOfWork, people: PersonRepository, bot_admins: BotAdmins, permissions: Permissions
    ) -> None:
        self._unit = unit
        self._people = people
        self._bot_admins = bot_admins
        self._permissions = permissions

    async def open_link(self, speaker: Speaker, payload: str) -> bool:
        """Make the opener of a one-time link admin. False: the link is unknown, used or too old."""
        async with self._unit.transaction():
            return await self._bot_admins.take_link(payload, speaker.id)

    async def admins(self, speaker: Speaker) -> list[Named]:
        """List the admins."""
        self._permissions.require_bot_admin(speaker)
        return [await self._named(speaker, admin) for admin in await self._bot_admins.ids()]

    async def add(self, speaker: Speaker, person: int) -> AdminChange:
        """Make somebody admin whom the bot has met."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            added = await self._bot_admins.add(person)
            return AdminChange(
                AdminOutcome.ADDED if added else AdminOutcome.NEVER_MET, await self._named(speaker, person)
            )

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
            return AdminChange(outcome, await self._named(speaker, person))

    def includes(self, person: Person) -> bool:
        """Tell admins from others."""
        return self._bot_admins.includes(person)

    async def _named(self, speaker: Speaker, person: int) -> Named:
        return await self._people.get(speaker.key.bot, person) or person
