"""Letting people and groups in: newcomers, requests, the list of people, groups that are allowed or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.conversation.people import Person, Standing
from bot.people.bot_admins import BotAdmins
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.people import PersonRepository


@dataclass(frozen=True, slots=True)
class Decided:
    """A person and the standing they have now; `informs`: they waited for it and have to hear of it."""

    person: Person
    standing: Standing
    informs: bool


class Admission:
    """Decides who may use the bot. Raises OnlyBotAdmins where an admin has to decide, and StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        people: PersonRepository,
        chats: ChatRepository,
        bot_admins: BotAdmins,
        permissions: Permissions,
    ) -> None:
        self._unit = unit
        self._people = people
        self._chats = chats
        self._bot_admins = bot_admins
        self._permissions = permissions

    async def request(self, newcomer: Speaker) -> list[Person] | None:
        """Let a newcomer wait. Gives the admins to ask, some known by id only. None: the newcomer waits already."""
        async with self._unit.transaction():
            if not await self._people.let_wait(newcomer.key.bot, newcomer.id):
                return None
            return [
                await self._people.get(newcomer.key.bot, admin) or Person(admin, "")
                for admin in await self._bot_admins.ids()
            ]

    async def allow_group(self, speaker: Speaker) -> bool:
        """Let the group in. False: this is no group."""
        self._permissions.require_bot_admin(speaker)
        if speaker.private:
            return False
        async with self._unit.transaction():
            await self._chats.put(speaker.key.bot, replace(speaker.chat, allowed=True, refused=False))
        return True

    async def turn_group_away(self, speaker: Speaker) -> bool:
        """Remember that the group has to be let in first. False: it has been told before."""
        async with self._unit.transaction():
            return await self._chats.refuse(speaker.key.bot, speaker.chat)

    async def everyone(self, speaker: Speaker) -> list[Person]:
        """List all people that the bot knows, by name."""
        self._permissions.require_bot_admin(speaker)
        return await self._people.everyone(speaker.key.bot)

    async def answer_request(self, speaker: Speaker, newcomer: int, *, approve: bool) -> Decided | None:
        """Let a newcomer in, or not, unless another admin was faster. None: they are not known any more."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            person = await self._people.get(speaker.key.bot, newcomer)
            if person is None:
                return None
            if person.standing is not Standing.WAITING:
                return Decided(person, person.standing, informs=False)
            return await self._decide(speaker, person, Standing.APPROVED if approve else Standing.BLOCKED)

    async def set_standing(self, speaker: Speaker, person: int, standing: Standing) -> Decided | None:
        """Block somebody or let them in, for the first time or again. None: an admin, or somebody unknown."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            known = await self._people.get(speaker.key.bot, person)
            if known is None or self._bot_admins.includes(known):
                return None
            return await self._decide(speaker, known, standing)

    async def _decide(self, speaker: Speaker, person: Person, standing: Standing) -> Decided:
        await self._people.set_standing(speaker.key.bot, person.id, standing)
        return Decided(person, standing, informs=person.standing is Standing.WAITING)
