"""The stored reasons of answers that failed, and what admins were told of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, select

from bot.conversation.messages import ChatKey
from bot.conversation.troubles import PlacedTrouble, Trouble
from bot.storage.database import Database
from bot.storage.mappers import storable
from bot.storage.schema import alerts, chats, people, troubles


class TroubleRepository:
    """The SQL of troubles. Every method joins the transaction that is open. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, trouble: Trouble) -> None:
        """Store a trouble; a later one of the same turn takes its place."""
        key = trouble.key
        row = {"turn": trouble.turn, "bot": key.bot, "chat": key.chat, "topic": key.topic}
        said = {
            "at": trouble.at,
            "model": storable(trouble.model),
            "kind": trouble.kind,
            "cause": storable(trouble.cause),
            "attempt": trouble.attempt,
            "tries": trouble.tries,
            "replica": trouble.replica,
        }
        new = self._database.insert(troubles).values(row | said)
        put = new.on_conflict_do_update(index_elements=[troubles.c.turn], set_=said)
        async with self._database.transaction(durable=False) as connection:
            await connection.execute(put)

    async def newest(self, bot: int, limit: int) -> list[PlacedTrouble]:
        """The newest troubles, newest first."""
        async with self._database.reading() as connection:
            wanted = _placed(troubles.c.bot == bot).order_by(troubles.c.at.desc()).limit(limit)
            return [_read(row) for row in await connection.execute(wanted)]

    async def get(self, bot: int, turn: int) -> PlacedTrouble | None:
        """The trouble of a turn. None: there was none, or it was pruned."""
        async with self._database.reading() as connection:
            row = (await connection.execute(_placed(troubles.c.bot == bot, troubles.c.turn == turn))).one_or_none()
        return None if row is None else _read(row)

    async def prune(self, before: float) -> None:
        """Forget what happened before a Unix time."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(troubles).where(troubles.c.at < before))


class AlertRepository:
    """The SQL of alerts: each is raised once, whichever replica sees it first. Raises StorageUnavailable."""

    def __init__(self, database: Database, *, bot: int) -> None:
        self._database = database
        self._bot = bot

    async def raised(self) -> set[tuple[str, str]]:
        """Every alert that is not over: its kind and subject."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(alerts.c.kind, alerts.c.subject).where(alerts.c.bot == self._bot))
            return {(row.kind, row.subject) for row in rows}

    async def begin(self, kind: str, subject: str) -> bool:
        """Raise an alert. False: it is raised already."""
        row = {"bot": self._bot, "kind": kind, "subject": subject, "since": self._database.clock()}
        once = self._database.insert(alerts).values(row).on_conflict_do_nothing()
        async with self._database.transaction() as connection:
            return (await connection.execute(once)).rowcount == 1

    async def end(self, kind: str, subject: str) -> bool:
        """End an alert. False: it was not raised."""
        this = (alerts.c.bot == self._bot) & (alerts.c.kind == kind) & (alerts.c.subject == subject)
        async with self._database.transaction() as connection:
            return (await connection.execute(delete(alerts).where(this))).rowcount == 1


def _placed(*where: ColumnElement[bool]) -> Select[Any]:
    group = (chats.c.bot == troubles.c.bot) & (chats.c.id == troubles.c.chat)
    person = (people.c.bot == troubles.c.bot) & (people.c.id == troubles.c.chat)
    name = func.coalesce(func.nullif(people.c.name, ""), func.nullif(chats.c.title, ""), "").label("name")
    return select(troubles, name).outerjoin(chats, group).outerjoin(people, person).where(*where)


def _read(row: Row[Any]) -> PlacedTrouble:
    key = ChatKey(row.bot, row.chat, row.topic)
    trouble = Trouble(row.turn, key, row.at, row.model, row.kind, row.cause, row.attempt, row.tries, row.replica)
    return PlacedTrouble(trouble, row.name)
