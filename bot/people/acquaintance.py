"""Meeting people and groups: remembers how they are called and finds out what they may do."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.messages import Author, ChatKey
from bot.conversation.people import Chat, Person
from bot.people.access import Access, decide_access
from bot.people.bot_admins import BotAdmins
from bot.people.speaker import Speaker
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.people import PersonRepository


class Acquaintance:
    """Makes a speaker of whoever Telegram names. Raises StorageUnavailable."""

    def __init__(self, people: PersonRepository, chats: ChatRepository, bot_admins: BotAdmins, access: Access) -> None:
        self._people = people
        self._chats = chats
        self._bot_admins = bot_admins
        self._access: Access = access

    async def meet(
        self, key: ChatKey, seen: Chat, author: Author, user: Person | None, *, private: bool, anonymous: bool
    ) -> Speaker:
        """Remember the person and the group; `seen` and `user` are as Telegram describes them just now."""
        person = await self._person(key, user, private=private)
        known = None if private else await self._group(key.bot, seen, person)
        admin = self._bot_admins.includes(person)
        access = decide_access(self._access, person=person, chat=known, private=private, admin=admin)
        return Speaker(key, author.id, author.name, known or seen, private, person, anonymous, admin, access)

    async def _person(self, key: ChatKey, user: Person | None, *, private: bool) -> Person | None:
        if user is None:  # of a press of Telegram's own Stop only the chat is known, which in private is the person
            return await self._people.get(key.bot, key.chat) if private else None
        return await self._people.meet(key.bot, user.id, user.name, user.username, user.language)

    async def _group(self, bot: int, seen: Chat, person: Person | None) -> Chat | None:
        """The group, whose language is that of the first person who has one."""
        group = await self._chats.get(bot, seen.id)
        if person is None or not person.language or (group is not None and group.language):
            return group
        named = replace(group or seen, language=person.language)
        await self._chats.put(bot, named)
        return named
