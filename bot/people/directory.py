"""The people that the bot knows: listed page by page, searched, found by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.conversation.people import Person, Standing
from bot.people.bot_admins import BotAdmins
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.question_times import QuestionTimes

PEOPLE_PAGE_SIZE = 8
"""People on one page: each may have a button."""
COUNTED_SECONDS = 86_400.0
"""Seconds back to which questions are counted."""

PERSON_ID = re.compile(r"[0-9]{1,16}")
"""The id of a person as people write it: Telegram's have at most 52 bits (Bot API, User)."""


async def name_of(people: PersonRepository, chats: ChatRepository, id_: int, *, bot: int) -> str:
    """Give the name of a person, or the title of a group; empty: unknown. Raises StorageUnavailable."""
    if id_ < 0:
        chat = await chats.get(bot, id_)
        return chat.title if chat is not None else ""
    person = await people.get(bot, id_)
    return person.name if person is not None else ""


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A person as the list shows them."""

    person: Person
    admin: bool
    questions: int
    """Questions of the last day."""
    days: int | None
    """Whole days since they wrote last. None: unknown."""


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some of the people: whoever waits comes first, then whoever wrote last."""

    people: tuple[ListedPerson, ...]
    page: int
    pages: int
    count: int
    waiting: int
    """People who wait to be let in, on this page or another."""
    outside: int
    """People who could be let in all at once: met or waiting."""
    approving: bool
    """Admins let people in."""
    sought: str = ""


class Directory:
    """Finds people for bot admins. `clock` gives Unix seconds. Raises OnlyBotAdmins, StorageUnavailable."""

    def __init__(
        self,
        people: PersonRepository,
        times: QuestionTimes,
        bot_admins: BotAdmins,
        permissions: Permissions,
        *,
        approving: bool,
        clock: Callable[[], float],
    ) -> None:
        self._people = people
        self._times = times
        self._bot_admins = bot_admins
        self._permissions = permissions
        self._approving = approving
        self._clock = clock

    async def page(self, speaker: Speaker, page: int, sought: str = "") -> PeoplePage:
        """Read one page, of everybody or of those whose name, username or id has `sought` in it."""
        self._permissions.require_bot_admin(speaker)
        bot = speaker.key.bot
        some, count = await self._people.page(bot, sought, offset=page * PEOPLE_PAGE_SIZE, limit=PEOPLE_PAGE_SIZE)
        pages = max(1, -(-count // PEOPLE_PAGE_SIZE))
        if page >= pages:
            return await self.page(speaker, pages - 1, sought)
        now = self._clock()
        asked = await self._times.counts(bot, [person.id for person in some], since=now - COUNTED_SECONDS)
        return PeoplePage(
            tuple(self._listed(person, asked.get(person.id, 0), now) for person in some),
            page,
            pages,
            count,
            await self._people.count(bot, Standing.WAITING),
            await self._people.count(bot, Standing.WAITING, Standing.NEW),
            self._approving,
            sought,
        )

    async def waiting(self, speaker: Speaker) -> int:
        """Count the people who wait to be let in."""
        self._permissions.require_bot_admin(speaker)
        return await self._people.count(speaker.key.bot, Standing.WAITING)

    async def find(self, speaker: Speaker, who: str) -> Person | None:
        """Find somebody by id, by @username, or by a name that only one person has. None: nobody, or several."""
        self._permissions.require_bot_admin(speaker)
        bot = speaker.key.bot
        if PERSON_ID.fullmatch(who):
            return await self._people.get(bot, int(who))
        if who.startswith("@"):
            return await self._people.called(bot, who[1:])
        named, count = await self._people.page(bot, who, offset=0, limit=1)
        return named[0] if count == 1 else None

    def _listed(self, person: Person, questions: int, now: float) -> ListedPerson:
        days = int(max(0.0, now - person.seen) // 86_400) if person.seen else None
        return ListedPerson(person, self._bot_admins.includes(person), questions, days)
