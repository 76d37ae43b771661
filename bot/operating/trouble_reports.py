"""The reasons of failed answers, for bot admins."""

from __future__ import annotations

from bot.conversation.troubles import PlacedTrouble, turn_of
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.storage.repositories.troubles import TroubleRepository

MAX_TROUBLES_LISTED = 10
"""Troubles in one list: as many as a message takes with their causes."""


class TroubleReports:
    """Shows what failed. Raises OnlyBotAdmins, StorageUnavailable."""

    def __init__(self, troubles: TroubleRepository, permissions: Permissions) -> None:
        self._troubles = troubles
        self._permissions = permissions

    async def newest(self, speaker: Speaker) -> list[PlacedTrouble]:
        """The newest troubles, newest first."""
        self._permissions.require_bot_admin(speaker)
        return await self._troubles.newest(speaker.key.bot, MAX_TROUBLES_LISTED)

    async def find(self, speaker: Speaker, reference: str) -> PlacedTrouble | None:
        """The trouble that a person read this reference of. None: it is unknown, or was forgotten since."""
        self._permissions.require_bot_admin(speaker)
        turn = turn_of(reference)
        return None if turn is None else await self._troubles.get(speaker.key.bot, turn)
