"""Times of questions for the limits, those of deleted ones as well."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import TurnKind
from bot.storage.database import Database
from bot.storage.schema import conversations, spent, turns


async def keep_times(connection: AsyncConnection, which: ColumnElement[bool]) -> None:
    """Remember when the questions of these turns were asked: the turns are about to be deleted."""
    asked = (
        select(turns.c.bot, turns.c.asker, conversations.c.chat, turns.c.asked_at)
        .join(conversations)
        .where(which, turns.c.kind != TurnKind.SHOW)
    )
    await connection.execute(spent.insert().from_select(["bot", "asker", "chat", "at"], asked))


class QuestionTimes:
    """The times at which people of a bot asked. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def asked_since(self, bot: int, *, person: int | None, chat: int | None, since: float) -> list[float]:
        """Give the times of a person's or a chat's questions since a Unix time, oldest first; deleted ones count."""
        asked = select(turns.c.asked_at).where(
            turns.c.bot == bot, turns.c.asked_at >= since, turns.c.kind != TurnKind.SHOW
        )
        gone = select(spent.c.at).where(spent.c.bot == bot, spent.c.at >= since)
        if person is not None:
            asked, gone = asked.where(turns.c.asker == person), gone.where(spent.c.asker == person)
        if chat is not None:
            asked = asked.join(conversations).where(conversations.c.bot == bot, conversations.c.chat == chat)
            gone = gone.where(spent.c.chat == chat)
        async with self._database.reading() as connection:
            return sorted((await connection.scalars(union_all(asked, gone))).all())

    async def counts(self, bot: int, people: Sequence[int], *, since: float) -> dict[int, int]:
        """Count the questions of some people since a Unix time; whoever asked none is left out."""
        asked = select(turns.c.asker).where(
            turns.c.bot == bot, turns.c.asker.in_(people), turns.c.asked_at >= since, turns.c.kind != TurnKind.SHOW
        )
        gone = select(spent.c.asker).where(spent.c.bot == bot, spent.c.asker.in_(people), spent.c.at >= since)
        every = union_all(asked, gone).subquery()
        counted = select(every.c.asker, func.count()).group_by(every.c.asker)
        async with self._database.reading() as connection:
            return {row.asker: row[1] for row in await connection.execute(counted)}
