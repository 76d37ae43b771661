"""Holds: the chats that Telegram wants left alone for a while, shown to bot admins, who can end one."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.errors import StorageUnavailable
from bot.people.audit import AuditAction, AuditLog
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.runtime.task_supervisor import TaskSupervisor
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.pacing import PacingRepository
from bot.storage.repositories.people import PersonRepository

logger = logging.getLogger(__name__)

MAX_HOLDS_LISTED = 20
"""Holds in one list: as many as a message takes with the names of their chats."""
_CHANNEL = "holds"

Release = Callable[[int], Awaitable[None]]
"""Ends the hold of a chat in this process: `SlotAllocator.release`."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A chat, how it is called, and the Unix time until which nothing is sent to it."""

    chat: int
    name: str
    until: float


class Holds:
    """Shows and ends holds, in every replica. Raises OnlyBotAdmins, StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        database: Database,
        permissions: Permissions,
        audit: AuditLog,
        tasks: TaskSupervisor,
        release: Release,
    ) -> None:
        self._unit = unit
        self._database = database
        self._permissions = permissions
        self._audit = audit
        self._tasks = tasks
        self._release = release
        self._people, self._chats = PersonRepository(database), ChatRepository(database)
        database.listen(_CHANNEL, self._hear)

    async def all(self, speaker: Speaker) -> list[Hold]:
        """List the holds, the longest first."""
        self._permissions.require_bot_admin(speaker)
        holds = await PacingRepository(self._database, speaker.key.bot).holds()
        longest = sorted(holds.items(), key=lambda one: -one[1])[:MAX_HOLDS_LISTED]
        return [Hold(chat, await self._name(speaker.key.bot, chat), until) for chat, until in longest]

    async def end(self, speaker: Speaker, chat: int) -> Hold | None:
        """End the hold of a chat before its time. None: there is none."""
        self._permissions.require_bot_admin(speaker)
        bot = speaker.key.bot
        async with self._unit.transaction():
            pacing = PacingRepository(self._database, bot)
            until = (await pacing.holds()).get(chat)
            if until is None:
                return None
            hold = Hold(chat, await self._name(bot, chat), until)
            await pacing.hold(chat, 0.0)
            await self._audit.note(speaker, AuditAction.HOLD_ENDED, hold.name or str(chat))
            await self._database.notify(_CHANNEL, json.dumps({"chat": chat}))
        return hold

    async def _name(self, bot: int, chat: int) -> str:
        if chat > 0:
            person = await self._people.get(bot, chat)
            return person.name if person else ""
        group = await self._chats.get(bot, chat)
        return group.title if group else ""

    def _hear(self, payload: str) -> None:
        """Free a chat here, whichever replica was asked to."""
        try:
            chat = json.loads(payload or "{}")["chat"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return  # something may have been missed, or it is none of ours
        if isinstance(chat, int):
            self._tasks.start(self._free(chat), name=f"end the hold of chat {chat}")

    async def _free(self, chat: int) -> None:
        try:
            await self._release(chat)
        except StorageUnavailable as error:
            logger.info("chat %d: free here, and stored as held: %s", chat, error)
