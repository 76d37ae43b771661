"""The processes that serve a bot together, each kept alive by its heartbeat."""

from __future__ import annotations

from sqlalchemy import delete, or_, select

from bot.storage.database import Database
from bot.storage.schema import replicas
from bot.storage.turn_queue.leases import LEASE_DURATION


class ReplicaRepository:
    """The replicas of each bot. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, bot: int, owner: str, *, lease_duration: float = LEASE_DURATION) -> list[str]:
        """Say that this process lives. Gives everybody who does."""
        now = self._database.now()
        row = {"bot": bot, "owner": owner, "lease_until": now + lease_duration}
        new = self._database.insert(replicas).values(row)
        keys = [replicas.c.bot, replicas.c.owner]
        alive = select(replicas.c.owner).where(replicas.c.bot == bot, replicas.c.lease_until > now)
        async with self._database.transaction() as connection:
            changed = {"lease_until": new.excluded.lease_until}
            await connection.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))
            return list((await connection.scalars(alive)).all())

    async def sign_off(self, bot: int, owner: str) -> None:
        """Say that those whose name begins like this have ended, and forget those that died long ago."""
        ended = replicas.c.owner.startswith(owner, autoescape=True)
        dead = replicas.c.lease_until < self._database.now() - LEASE_DURATION
        async with self._database.transaction() as connection:
            await connection.execute(delete(replicas).where(replicas.c.bot == bot, or_(ended, dead)))
