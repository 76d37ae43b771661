"""Letting people in: requests of newcomers, and the standing that admins give to people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.conversation.people import Person, Standing
from bot.conversation.statistics import HOUR_LENGTH
from bot.people.audit import AuditAction, AuditLog, described
from bot.people.bot_admins import BotAdmins
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.held_messages import HeldMessage, HeldMessageRepository
from bot.storage.repositories.people import PersonRepository

REQUEST_INTERVAL = 86_400.0
"""Seconds after which the admins are asked again about somebody who goes on writing."""
MAX_REQUESTS_AN_HOUR = 5
"""Requests that admins get one by one; beyond them a digest says how many wait, so that a flood hides nobody."""
MAX_HELD_MESSAGES = 5
"""Messages of somebody who waits that are kept to be answered; as many as may wait in a chat by default."""
HELD_LIFETIME = 30 * 86_400.0
"""Seconds after which nobody waits for an answer any more."""


@dataclass(frozen=True, slots=True)
class Request:
    """Admins to ask about somebody, some known by id only; `again`: they have been asked before."""

    admins: tuple[Person, ...]
    again: bool
    waiting: int = 0
    """People who wait, where they are too many to be asked about one by one; else 0."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A person and the standing they have now; `informs`: it is news that they have to hear."""

    person: Person
    standing: Standing
    informs: bool
    waited: bool = False
    """They had asked to be let in."""


Tell = Callable[[Sequence[Decided]], Awaitable[None]]
"""Stores what people hear of decisions about them, in the transaction that decides."""


class Admission:
    """Decides who may use the bot. Raises OnlyBotAdmins where an admin has to decide, and StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        people: PersonRepository,
        held: HeldMessageRepository,
        bot_admins: BotAdmins,
        permissions: Permissions,
        audit: AuditLog,
        *,
        clock: Callable[[], float],
        tell_blocked: bool = True,
    ) -> None:
        self._unit = unit
        self._people = people
        self._held = held
        self._bot_admins = bot_admins
        self._permissions = permissions
        self._audit = audit
        self._clock = clock
        self._tell_blocked = tell_blocked

    async def request(self, newcomer: Speaker, update_id: int, message: Mapping[str, Any] | None) -> Request | None:
        """Let somebody wait, and keep what they say for later (None: it is nothing to answer).

        Gives the admins to ask, once a day. None: nobody has to be asked now.
        """
        bot, person = newcomer.key.bot, newcomer.id
        async with self._unit.transaction():
            first = await self._people.let_wait(bot, person)
            if message is not None:
                await self._held.hold(bot, person, HeldMessage(update_id, message), limit=MAX_HELD_MESSAGES)
            if not first and not await self._people.ask_again(bot, person, before=self._clock() - REQUEST_INTERVAL):
                return None
            admins = [await self._people.get(bot, admin) or Person(admin, "") for admin in await self._bot_admins.ids()]
            return Request(tuple(admins), again=not first, waiting=await self._too_many(bot))

    async def answer_request(self, speaker: Speaker, newcomer: int, *, approve: bool, tell: Tell) -> Decided | None:
        """Let a newcomer in, or not, unless another admin was faster. None: they are not known any more."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            person = await self._people.get(speaker.key.bot, newcomer)
            if person is None:
                return None
            if person.standing is not Standing.WAITING:
                return Decided(person, person.standing, informs=False)
            return await self._decide(speaker, person, Standing.APPROVED if approve else Standing.BLOCKED, tell)

    async def set_standing(self, speaker: Speaker, person: int, standing: Standing, tell: Tell) -> Decided | None:
        """Block somebody or let them in, for the first time or again. None: an admin, or somebody unknown."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            known = await self._people.get(speaker.key.bot, person)
            if known is None or self._bot_admins.includes(known):
                return None
            if known.standing is standing:
                return Decided(known, standing, informs=False)
            return await self._decide(speaker, known, standing, tell)

    async def let_everybody_in(self, speaker: Speaker, tell: Tell) -> None:
        """Let in everybody who was met or waits. Those who waited are told: to the others nothing changes."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            waited = await self._people.approve_all(speaker.key.bot)
            await self._audit.note(speaker, AuditAction.APPROVED_ALL)
            await tell([Decided(person, Standing.APPROVED, informs=True, waited=True) for person in waited])

    async def held_messages(self, bot: int, person: int) -> list[HeldMessage]:
        """Give what somebody asked before they were let in."""
        return await self._held.of(bot, person)

    async def released(self, bot: int) -> list[int]:
        """Name the people whose kept messages can be answered now."""
        return await self._held.released(bot)

    async def forget_held(self, bot: int, person: int, update_id: int) -> None:
        """Forget a kept message that was acted upon."""
        await self._held.forget(bot, person=person, update_id=update_id)

    async def _too_many(self, bot: int) -> int:
        if await self._people.asked_about(bot, since=self._clock() - HOUR_LENGTH) <= MAX_REQUESTS_AN_HOUR:
            return 0
        return await self._people.count(bot, Standing.WAITING)

    async def _decide(self, speaker: Speaker, person: Person, standing: Standing, tell: Tell) -> Decided:
        await self._people.set_standing(speaker.key.bot, person.id, standing)
        waited = person.standing is Standing.WAITING
        action = AuditAction.APPROVED
        if standing is Standing.BLOCKED:
            action = AuditAction.DECLINED if waited else AuditAction.BLOCKED
            await self._held.forget(speaker.key.bot, person=person.id)
        await self._audit.note(speaker, action, described(person))
        informs = waited or standing is Standing.APPROVED or self._tell_blocked
        decided = Decided(person, standing, informs, waited)
        await tell([decided])
        return decided
