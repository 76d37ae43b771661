"""The number of questions that wait, for a monitor."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.storage.database import Database
from bot.storage.schema import turns


class QueueLength:
    """Reads how many turns of a bot nobody works on yet. Raises StorageUnavailable."""

    def __init__(self, database: Database, *, bot: int) -> None:
        self._database = database
        self._bot = bot

    async def waiting(self) -> int:
        """Turns that are open and not claimed, in all replicas."""
        unclaimed = select(func.count()).where(turns.c.open, turns.c.owner.is_(None), turns.c.bot == self._bot)
        async with self._database.reading() as connection:
            return int((await connection.execute(unclaimed)).scalar_one())
