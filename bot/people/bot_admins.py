"""Bot admins: those whom the environment names, and those whom they or the one-time link made admin."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from bot.conversation.people import Person, Standing
from bot.settings import Settings
from bot.storage.repositories.people import PersonRepository

ADMIN_LINK_LIFETIME = 3600.0
"""Seconds for which the one-time link works."""
LINK_PREFIX = "admin-"
"""The beginning of that link's start payload."""


class BotAdmins:
    """Admins of one bot. Times are Unix times in seconds."""

    def __init__(self, settings: Settings, table: PersonRepository, *, bot: int, clock: Callable[[], float]) -> None:
        self._named = settings.admin_ids
        self._table = table
        self._bot = bot
        self._clock = clock

    def includes(self, person: Person | None) -> bool:
        """Tell an admin from others; None is nobody."""
        return person is not None and (person.admin or person.id in self._named)

    def is_named(self, person: int) -> bool:
        """Tell admins that the environment names: no command takes their right away."""
        return person in self._named

    async def ids(self) -> list[int]:
        """Every admin's id."""
        made = {person.id for person in await self._table.admins(self._bot)}
        return sorted(made | self._named)

    async def offer_link(self, username: str) -> str:
        """A new `t.me` link that makes its first opener admin within the hour. Only its digest is stored."""
        payload = LINK_PREFIX + secrets.token_urlsafe(24)
        await self._table.offer_link(self._bot, _digest(payload), self._clock() + ADMIN_LINK_LIFETIME)
        return f"https://t.me/{username}?start={payload}"

    async def take_link(self, payload: str, person: int) -> bool:
        """Make the opener of a link admin. False: the link is unknown, used or too old."""
        if not await self._table.take_link(self._bot, _digest(payload), self._clock()):
            return False
        await self._make(person)
        return True

    async def add(self, person: int) -> bool:
        """Make somebody admin. False: the bot has never met this person."""
        if await self._table.get(self._bot, person) is None:
            return False
        await self._make(person)
        return True

    async def remove(self, person: int) -> bool:
        """Take the right away. False: this person is no admin."""
        known = await self._table.get(self._bot, person)
        if known is None or not known.admin:
            return False
        await self._table.set_admin(self._bot, person, False)
        return True

    async def _make(self, person: int) -> None:
        """Let the person in, too: they stay let in once they are no admin any more."""
        await self._table.set_admin(self._bot, person, True)
        await self._table.set_standing(self._bot, person, Standing.APPROVED)


def _digest(payload: str) -> str:
    return hashlib.sha256(payload.encode()).hexdigest()
