"""Records of who changed what."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select

from bot.conversation.names import framed
from bot.storage.database import Database
from bot.storage.mappers import storable
from bot.storage.schema import audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change, in the words of that time: names may have changed since."""

    at: float
    """Unix time."""
    by: int
    by_name: str
    action: str
    about: str
    """The person, group or setting that was changed."""
    value: str = ""
    place: str = ""
    """The title of the group where it counts; empty: everywhere."""


class AuditRepository:
    """The records of each bot. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, bot: int, entry: AuditEntry) -> None:
        """Record a change, in the transaction that makes it."""
        row = {name: storable(value) if isinstance(value, str) else value for name, value in asdict(entry).items()}
        async with self._database.transaction() as connection:
            await connection.execute(audit.insert().values(bot=bot, **row))

    async def page(self, bot: int, *, since: float, offset: int, limit: int) -> tuple[list[AuditEntry], int]:
        """Read some of the records since a Unix time, newest first, and count them all."""
        mine = (audit.c.bot == bot) & (audit.c.at >= since)
        newest = select(audit).where(mine).order_by(audit.c.id.desc()).offset(offset).limit(limit)
        async with self._database.reading() as connection:
            count = (await connection.execute(select(func.count()).select_from(audit).where(mine))).scalar_one()
            rows = await connection.execute(newest)
            return [
                AuditEntry(
                    row.at, row.by, framed(row.by_name), row.action, framed(row.about), row.value, framed(row.place)
                )
                for row in rows
            ], count

    async def prune(self, before: float) -> None:
        """Forget what was recorded before a Unix time."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(audit).where(audit.c.at < before))
