"""People, their standing, and the one-time links that make an admin."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update

from bot.conversation.names import framed
from bot.conversation.people import Person, Standing
from bot.storage.cache import InvalidatedCache
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, storable
from bot.storage.schema import admin_links, people

PEOPLE_CHANNEL = "people"
"""Each change is told here, in every process: the bot and the person, with a space between them."""
MAX_SOUGHT_DIGITS = 18
"""Digits from which on a number may be none of the database's."""
SEEN_INTERVAL = 3600.0
"""Seconds after which it is worth a write that somebody was seen again."""


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
        said: dict[str, str | float] = {
            "name": storable(name),
            "username": storable(username),
            "language": storable(language),
        }
        known = await self.get(bot, person)
        now = self._database.clock()
        same = known is not None and (known.name, known.username, known.language) == tuple(said.values())
        if known is not None and same and now - known.seen < SEEN_INTERVAL:
            return known
        said["seen"] = now
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
            waits = {"standing": Standing.WAITING, "requested": self._database.clock()}
            changed = await connection.execute(update(people).where(new).values(waits))
            await self._database.notify(PEOPLE_CHANNEL, f"{bot} {person}")
        return changed.rowcount == 1

    async def ask_again(self, bot: int, person: int, *, before: float) -> bool:
        """Note that the admins are asked again about somebody who waits. False: they were since a Unix time."""
        waits = (people.c.bot == bot) & (people.c.id == person) & (people.c.standing == Standing.WAITING)
        long_ago = people.c.requested.is_(None) | (people.c.requested < before)
        async with self._database.transaction() as connection:
            asking = update(people).where(waits, long_ago).values(requested=self._database.clock())
            return (await connection.execute(asking)).rowcount == 1

    async def asked_about(self, bot: int, *, since: float) -> int:
        """Count those who wait and about whom the admins were asked since a Unix time."""
        lately = (people.c.standing == Standing.WAITING) & (people.c.requested >= since)
        async with self._database.reading() as connection:
            counting = select(func.count()).select_from(people).where(people.c.bot == bot, lately)
            return (await connection.execute(counting)).scalar_one()

    async def approve_all(self, bot: int) -> list[Person]:
        """Let in everybody who was met or waits. Gives those who waited."""
        outside = (people.c.bot == bot) & people.c.standing.in_([Standing.NEW, Standing.WAITING])
        async with self._database.transaction() as connection:
            waiting = select(people).where(outside, people.c.standing == Standing.WAITING)
            let_in = [_person(row) for row in await connection.execute(waiting)]
            await connection.execute(update(people).where(outside).values(standing=Standing.APPROVED))
            await self._database.notify(PEOPLE_CHANNEL, "")
        return let_in

    async def set_admin(self, bot: int, person: int, admin: bool) -> None:
        """Make an admin of a person, or not any more."""
        await self._set(bot, person, {"admin": admin})

    async def admins(self, bot: int) -> list[Person]:
        """List the people who were made admins, by name."""
        made = select(people).where(people.c.bot == bot, people.c.admin).order_by(people.c.name, people.c.id)
        async with self._database.reading() as connection:
            return [_person(row) for row in await connection.execute(made)]

    async def called(self, bot: int, username: str) -> Person | None:
        """The person with a username, in upper or lower case; of several the one seen last. None: never met."""
        mine = (people.c.bot == bot) & (func.lower(people.c.username) == username.lower())
        async with self._database.reading() as connection:
            found = await connection.execute(select(people).where(mine).order_by(people.c.seen.desc()).limit(1))
            row = found.one_or_none()
        return None if row is None else _person(row)

    async def page(self, bot: int, sought: str, *, offset: int, limit: int) -> tuple[list[Person], int]:
        """Read some of the people whose name, username or id has `sought` in it, and count them all.

        Whoever waits comes first, then whoever was seen last.
        """
        mine = (people.c.bot == bot) & _has(sought)
        waits_first = case((people.c.standing == Standing.WAITING, 0), else_=1)
        order = (waits_first, people.c.seen.desc(), people.c.name, people.c.id)
        some = select(people).where(mine).order_by(*order).offset(offset).limit(limit)
        async with self._database.reading() as connection:
            count = (await connection.execute(select(func.count()).select_from(people).where(mine))).scalar_one()
            return [_person(row) for row in await connection.execute(some)], count

    async def count(self, bot: int, *standings: Standing) -> int:
        """Count the people of these standings."""
        mine = (people.c.bot == bot) & people.c.standing.in_(standings)
        async with self._database.reading() as connection:
            return (await connection.execute(select(func.count()).select_from(people).where(mine))).scalar_one()

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
    return Person(row.id, framed(row.name), row.username, row.language, Standing(row.standing), row.admin, row.seen)


def _has(sought: str) -> ColumnElement[bool]:
    """A condition on name, username and id. SQLite tells cases apart beyond ASCII, so the usual ones are tried."""
    sought = storable(sought).strip().removeprefix("@")
    spellings = {sought, sought.lower(), sought.capitalize(), sought.title(), sought.upper()}
    said = [
        column.icontains(spelling, autoescape=True)
        for column in (people.c.name, people.c.username)
        for spelling in sorted(spellings)
    ]
    return (
        or_(*said, people.c.id == int(sought)) if sought.isdecimal() and len(sought) < MAX_SOUGHT_DIGITS else or_(*said)
    )
