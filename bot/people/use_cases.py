"""The use cases about people, made of what they need."""

from __future__ import annotations

from dataclasses import dataclass

from bot.people.access import Access
from bot.people.acquaintance import Acquaintance
from bot.people.admin_rights import AdminRights
from bot.people.admission import Admission
from bot.people.bot_admins import BotAdmins
from bot.people.permissions import Permissions
from bot.people.settings_changes import SettingsChanges
from bot.preferences import Preferences
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.people import PersonRepository


@dataclass(frozen=True, slots=True)
class PeopleUseCases:
    """Everything that handlers ask about people, and change for them."""

    permissions: Permissions
    acquaintance: Acquaintance
    admission: Admission
    admin_rights: AdminRights
    changes: SettingsChanges


def people_use_cases(
    unit: UnitOfWork,
    people: PersonRepository,
    chats: ChatRepository,
    bot_admins: BotAdmins,
    permissions: Permissions,
    preferences: Preferences,
    access: Access,
    context_tokens: int,
) -> PeopleUseCases:
    """Wire the use cases about people."""
    return PeopleUseCases(
        permissions=permissions,
        acquaintance=Acquaintance(people, chats, bot_admins, access),
        admission=Admission(unit, people, chats, bot_admins, permissions),
        admin_rights=AdminRights(unit, people, bot_admins, permissions),
        changes=SettingsChanges(unit, preferences, permissions, context_tokens),
    )
