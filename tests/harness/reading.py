"""Reading along, as the program wires it."""

from __future__ import annotations

from collections.abc import Callable

from bot.answering.reading_along import GroupView, ReadAlongRules, ReadingAlong
from bot.people.group_admins import GroupAdmins
from bot.preferences import Preferences
from bot.settings import Settings
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.group_messages import GroupMessageRepository
from tests.harness.recording_session import BOT_ID, ME


def reading_along(
    settings: Settings, preferences: Preferences, chats: ChatRepository, admins: GroupAdmins, clock: Callable[[], float]
) -> ReadingAlong:
    return ReadingAlong(
        preferences,
        GroupMessageRepository(chats.database),
        chats,
        GroupView(BOT_ID, bool(ME.can_read_all_group_messages), admins.administers),
        ReadAlongRules(settings.read_along_messages, settings.read_along_hours, settings.access == "approved"),
        clock=clock,
    )
