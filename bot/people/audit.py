"""The record of who changed what about access, rights and settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.people import Person
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.storage.repositories.audit import AuditEntry, AuditRepository

AUDIT_LIFETIME = 90 * 86_400.0
"""Seconds for which a change can be read."""
AUDIT_PAGE_SIZE = 15
"""Changes on one page."""


class AuditAction(StrEnum):
    """Kinds of changes. The values are stored, and name the variants of a text."""

    APPROVED = "approved"
    DECLINED = "declined"
    BLOCKED = "blocked"
    APPROVED_ALL = "approved-all"
    GROUP_ALLOWED = "group-allowed"
    GROUP_TAKEN_BACK = "group-taken-back"
    GROUP_LEFT = "group-left"
    ADMIN_ADDED = "admin-added"
    ADMIN_REMOVED = "admin-removed"
    ADMIN_LINK = "admin-link"
    SET = "set"
    RESET = "reset"
    HOLD_ENDED = "hold-ended"


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some of the changes, newest first."""

    entries: tuple[AuditEntry, ...]
    page: int
    pages: int


class AuditLog:
    """Records changes in the transactions that make them. `clock` gives Unix seconds. Raises StorageUnavailable."""

    def __init__(self, records: AuditRepository, permissions: Permissions, *, clock: Callable[[], float]) -> None:
        self._records = records
        self._permissions = permissions
        self._clock = clock

    async def note(
        self, speaker: Speaker, action: AuditAction, about: str = "", *, value: str = "", place: str = ""
    ) -> None:
        """Record a change that `speaker` makes."""
        entry = AuditEntry(self._clock(), speaker.id, speaker.name, action, about, value, place)
        await self._records.add(speaker.key.bot, entry)

    async def note_here(self, speaker: Speaker, action: AuditAction, name: str, *, value: str = "") -> None:
        """Record a change of a setting in a group. What people set in their private chats is their own."""
        if not speaker.private:
            await self.note(speaker, action, name, value=value, place=speaker.chat.title or str(speaker.chat.id))

    async def read(self, speaker: Speaker, page: int) -> AuditPage:
        """Read one page of the changes. Raises OnlyBotAdmins."""
        self._permissions.require_bot_admin(speaker)
        since, bot = self._clock() - AUDIT_LIFETIME, speaker.key.bot
        entries, count = await self._records.page(
            bot, since=since, offset=page * AUDIT_PAGE_SIZE, limit=AUDIT_PAGE_SIZE
        )
        return AuditPage(tuple(entries), page, max(1, -(-count // AUDIT_PAGE_SIZE)))


def described(person: Person | int) -> str:
    """A person for admins: name, @username, id."""
    if isinstance(person, int):
        return str(person)
    parts = [person.name, f"@{person.username}" if person.username else "", f"({person.id})"]
    return " ".join(part for part in parts if part)
