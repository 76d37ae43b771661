"""The use cases about people, made of what they need."""

from __future__ import annotations

from dataclasses import dataclass

from bot.people.access import Access
from bot.people.acquaintance import Acquaintance
from bot.people.admin_rights import AdminRights
from bot.people.admission import Admission
from bot.people.audit import AuditLog
from bot.people.bot_admins import BotAdmins
from bot.people.directory import Directory
from bot.people.groups import Groups
from bot.people.permissions import Permissions
from bot.people.settings_changes import SettingsChanges
from bot.preferences import Preferences
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.held_messages import HeldMessageRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.question_times import QuestionTimes


@dataclass(frozen=True, slots=True)
class PeopleUseCases:
    """Everything that handlers ask about people, and change for them."""

    permissions: Permissions
    acquaintance: Acquaintance
    admission: Admission
    directory: Directory
    groups: Groups
    admin_rights: AdminRights
    changes: SettingsChanges
    audit: AuditLog


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The owner's rules about access."""

    access: Access
    tell_blocked: bool = True
    """Whoever is blocked hears so."""


@dataclass(frozen=True, slots=True)
class PeopleStores:
    """The database, and what it holds about people and chats."""

    database: Database
    people: PersonRepository
    chats: ChatRepository


def people_use_cases(
    unit: UnitOfWork,
    stores: PeopleStores,
    bot_admins: BotAdmins,
    permissions: Permissions,
    preferences: Preferences,
    audit: AuditLog,
    rules: AccessRules,
    context_tokens: int,
) -> PeopleUseCases:
    """Wire the use cases about people."""
    people, chats, clock = stores.people, stores.chats, stores.database.clock
    approving = rules.access == "approved"
    held = HeldMessageRepository(stores.database)
    return PeopleUseCases(
        permissions=permissions,
        acquaintance=Acquaintance(people, chats, bot_admins, rules.access),
        admission=Admission(
            unit, people, held, bot_admins, permissions, audit, clock=clock, tell_blocked=rules.tell_blocked
        ),
        directory=Directory(
            people, QuestionTimes(stores.database), bot_admins, permissions, approving=approving, clock=clock
        ),
        groups=Groups(unit, chats, permissions, audit, approving=approving),
        admin_rights=AdminRights(unit, people, bot_admins, permissions, audit),
        changes=SettingsChanges(unit, preferences, permissions, audit, context_tokens),
        audit=audit,
    )
