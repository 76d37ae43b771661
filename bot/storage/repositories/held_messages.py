"""Messages of people who wait to be let in, as Telegram sent them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from bot.conversation.people import Standing
from bot.storage.database import Database
from bot.storage.schema import held_messages, people


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that is acted upon once its sender is let in."""

    update_id: int
    message: Mapping[str, Any]


class HeldMessageRepository:
    """The held messages of each bot. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, bot: int, person: int, held: HeldMessage, *, limit: int) -> bool:
        """Keep a message. False: `limit` messages of this person are kept already."""
        mine = (held_messages.c.bot == bot) & (held_messages.c.person == person)
        row = {
            "bot": bot,
            "update_id": held.update_id,
            "person": person,
            "message": dict(held.message),
            "at": self._database.clock(),
        }
        async with self._database.transaction() as connection:
            kept = (await connection.execute(select(func.count()).select_from(held_messages).where(mine))).scalar_one()
            if kept >= limit:
                return False
            await connection.execute(self._database.insert(held_messages).values(row).on_conflict_do_nothing())
        return True

    async def of(self, bot: int, person: int) -> list[HeldMessage]:
        """Give a person's messages, oldest first."""
        mine = (held_messages.c.bot == bot) & (held_messages.c.person == person)
        async with self._database.reading() as connection:
            rows = await connection.execute(select(held_messages).where(mine).order_by(held_messages.c.update_id))
            return [HeldMessage(row.update_id, row.message) for row in rows]

    async def released(self, bot: int) -> list[int]:
        """Name the people who are let in and whose messages nobody has acted upon yet."""
        both = (people.c.bot == held_messages.c.bot) & (people.c.id == held_messages.c.person)
        query = select(held_messages.c.person).distinct().join(people, both)
        async with self._database.reading() as connection:
            approved = query.where(held_messages.c.bot == bot, people.c.standing == Standing.APPROVED)
            return list((await connection.scalars(approved)).all())

    async def forget(self, bot: int, *, person: int, update_id: int | None = None) -> None:
        """Forget a person's messages, or one of them."""
        mine = (held_messages.c.bot == bot) & (held_messages.c.person == person)
        if update_id is not None:
            mine &= held_messages.c.update_id == update_id
        async with self._database.transaction() as connection:
            await connection.execute(delete(held_messages).where(mine))

    async def prune(self, before: float) -> None:
        """Forget what was held before a Unix time: nobody waits for its answer any more."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(held_messages).where(held_messages.c.at < before))
