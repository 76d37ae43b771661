"""People, their standing, and the one-time links that make an admin."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from bot.conversation.people import Person, Standing
from bot.storage.cache import InvalidatedCache
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, storable
from bot.storage.schema import admin_links, people

PEOPLE_CHANNEL = "people"
"""Each change is told here, in every process: the bot and the person, with a space between them."""


class PersonRepository:
    """The people of each bot. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: InvalidatedCache[tuple[int, int], Person | None] = InvalidatedCache(
            database, PEOPLE_CHANNEL, _concerns
        )

    async def get(self, bot: int, person: int) -> Person | None:
        """A person. None: never met."""
        return await self._known.get((bot, person), lambda: self._find(bot, person))

    async def _find(self, bot: int, person: int) -> Person | None:
        async with self._database.reading() as connection:
            mine = (people.c.bot == bot) & (people.c.id == person)
            row = (await connection.execute(select(people).where(mine))).one_or_none()
        return None if row is None else _person(row)

    async def meet(self, bot: int, person: int, name: str, username: str, language: str) -> Person:
        """Remember how a person is called now. Writes only what changed."""
        said = {"name": storable(name), "username": storable(username), "language": storable(language)}
        known = await self.get(bot, person)
        if known is not None and (known.name, known.username, known.language) == tuple(said.values()):
            return known
        row = {"bot": bot, "id": person, "standing": Standing.NEW, "admin": False, **said}
        new = self._database.insert(people).values(row)
        put = new.on_conflict_do_update(index_elements=[people.c.bot, people.c.id], set_=said).returning(people)
        async with self._database.transaction(durable=False) as connection:  # the next durable one keeps it
            met = (await connection.execute(put)).one()
            await self._database.notify(PEOPLE_CHANNEL, f"{bot} {person}")
        return _person(met)

    async def set_standing(self, bot: int, person: int, standing: Standing) -> None:
        """Change what a person may do; one never met can be approved or blocked by id."""
        await self._set(bot, person, {"standing": standing})

    async def let_wait(self, bot: int, person: int) -> bool:
        """Let somebody new wait for an admin. False: they are not new (any more)."""
        new = (people.c.bot == bot) & (people.c.id == person) & (people.c.standing == Standing.NEW)
        async with self._database.transaction() as connection:
            changed = await connection.execute(update(people).where(new).values(standing=Standing.WAITING))
            await self._database.notify(PEOPLE_CHANNEL, f"{bot} {person}")
        return changed.rowcount == 1

    async def set_admin(self, bot: int, person: int, admin: bool) -> None:
        """Make an admin of a person, or not any more."""
        await self._set(bot, person, {"admin": admin})

    async def everyone(self, bot: int) -> list[Person]:
        """All people that the bot knows, by name."""
        everyone = select(people).where(people.c.bot == bot).order_by(people.c.name, people.c.id)
        async with self._database.reading() as connection:
            return [_person(row) for row in await connection.execute(everyone)]

    async def offer_link(self, bot: int, digest: str, expires: float) -> None:
        """Remember a one-time link by the digest of its secret, until a Unix time. Expired ones are forgotten."""
        row = {"bot": bot, "digest": digest, "expires": expires}
        new = self._database.insert(admin_links).values(row)
        keys = [admin_links.c.bot, admin_links.c.digest]
        async with self._database.transaction() as connection:
            await connection.execute(delete(admin_links).where(admin_links.c.expires < self._database.clock()))
            await connection.execute(new.on_conflict_do_update(index_elements=keys, set_={"expires": expires}))

    async def take_link(self, bot: int, digest: str, now: float) -> bool:
        """Use a link up, and every other one with it. False: it never was, is used or has expired."""
        mine = (admin_links.c.bot == bot) & (admin_links.c.digest == digest) & (admin_links.c.expires > now)
        async with self._database.transaction() as connection:
            taken = await connection.execute(delete(admin_links).where(mine))
            if taken.rowcount == 1:
                await connection.execute(delete(admin_links).where(admin_links.c.bot == bot))
        return taken.rowcount == 1

    async def _set(self, bot: int, person: int, change: dict[str, object]) -> None:
        stranger = {"bot": bot, "id": person, "name": "", "username": "", "language": ""}
        row = {**stranger, "standing": Standing.NEW, "admin": False, **change}
        mine = (people.c.bot == bot) & (people.c.id == person)
        async with self._database.transaction() as connection:
            await connection.execute(self._database.insert(people).values(row).on_conflict_do_nothing())
            await connection.execute(update(people).where(mine).values(change))
            await self._database.notify(PEOPLE_CHANNEL, f"{bot} {person}")


def _concerns(payload: str, key: tuple[int, int]) -> bool:
    return payload == f"{key[0]} {key[1]}"


def _person(row: AnyRow) -> Person:
    return Person(row.id, row.name, row.username, row.language, Standing(row.standing), row.admin)
