"""Times of questions for the limits, those of deleted ones as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Double, bindparam, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import TurnKind
from bot.storage.database import Database
from bot.storage.prepared import PreparedStatement
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

    async def asked_since(
        self, bot: int, *, person: tuple[int, float], chat: tuple[int, float]
    ) -> tuple[list[float], list[float]]:
        """Give the times of a person's and of a chat's questions, oldest first; deleted ones count.

        `person` and `chat` are an id and the Unix time since which questions count.
        """
        wanted = {"of": bot, "person": person[0], "by_since": person[1], "here": chat[0], "here_since": chat[1]}
        async with self._database.reading() as connection:
            rows = await _ASKED.rows(connection, wanted)
        by_person = sorted(row.asked_at for row in rows if not row.in_chat)
        return by_person, sorted(row.asked_at for row in rows if row.in_chat)

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


def _asked() -> CompoundSelect[Any]:
    """Selects times, each beside whether it is one of the chat's; a person's in that chat come twice."""
    by, here = literal(value=False).label("in_chat"), literal(value=True).label("in_chat")
    of_bot = turns.c.bot == bindparam("of"), turns.c.kind != TurnKind.SHOW.value
    in_chat = conversations.c.bot == bindparam("of"), conversations.c.chat == bindparam("here")
    gone_of_bot = spent.c.bot == bindparam("of")
    by_since, here_since = bindparam("by_since", type_=Double), bindparam("here_since", type_=Double)
    return union_all(
        select(turns.c.asked_at, by).where(*of_bot, turns.c.asker == bindparam("person"), turns.c.asked_at >= by_since),
        select(spent.c.at, by).where(gone_of_bot, spent.c.asker == bindparam("person"), spent.c.at >= by_since),
        select(turns.c.asked_at, here).join(conversations).where(*of_bot, *in_chat, turns.c.asked_at >= here_since),
        select(spent.c.at, here).where(gone_of_bot, spent.c.chat == bindparam("here"), spent.c.at >= here_since),
    )


_ASKED = PreparedStatement(_asked())
