"""The stored outbox: messages that are kept until they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from bot.storage.database import Database
from bot.storage.schema import outbox

MAX_PER_CHAT = 50
"""Messages kept for one chat; beyond that the oldest go."""
SEND_LEASE = 60.0
"""Seconds for which one process alone sends a message: longer than a request and the waiting for its slot take."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that is to be sent."""

    id: int
    message: dict[str, Any]
    at: float


class OutboxRepository:
    """The SQL of the outbox. Every method joins the transaction that is open. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, bot: int, chat: int, message: dict[str, Any], *, owner: str) -> None:
        """Store a message behind those of its chat; `owner` is the process that is to send it."""
        lease = self._database.now() + SEND_LEASE
        row = {"bot": bot, "chat": chat, "message": message, "owner": owner, "at": self._database.clock()}
        here = (outbox.c.bot == bot) & (outbox.c.chat == chat)
        kept = select(outbox.c.id).where(here).order_by(outbox.c.id.desc()).limit(MAX_PER_CHAT)
        async with self._database.transaction() as connection:
            await connection.execute(outbox.insert().values(**row, lease_until=lease))
            await connection.execute(delete(outbox).where(here, outbox.c.id.not_in(kept)))

    async def chats(self, bot: int, *, owner: str) -> list[int]:
        """The chats for which this process may send something: its own, and those whose lease has ended."""
        free = or_(outbox.c.owner == owner, outbox.c.lease_until < self._database.now())
        async with self._database.reading() as connection:
            waiting = select(outbox.c.chat).where(outbox.c.bot == bot, free).distinct()
            return list((await connection.scalars(waiting)).all())

    async def claim(self, bot: int, chat: int, *, owner: str) -> Stored | None:
        """Make the oldest message of a chat this process's for a while. None: there is none, or another sends it."""
        oldest = select(func.min(outbox.c.id)).where(outbox.c.bot == bot, outbox.c.chat == chat).scalar_subquery()
        free = or_(outbox.c.owner == owner, outbox.c.lease_until < self._database.now())
        lease = {"owner": owner, "lease_until": self._database.now() + SEND_LEASE}
        taken = update(outbox).where(outbox.c.id == oldest, free).values(lease).returning(outbox)
        async with self._database.transaction(durable=False) as connection:
            row = (await connection.execute(taken)).one_or_none()
        return None if row is None else Stored(row.id, row.message, row.at)

    async def remove(self, message: int) -> None:
        """Forget a message that was sent, or is given up."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(outbox).where(outbox.c.id == message))

    async def take_back(self, bot: int) -> None:
        """End the leases of a process before this one, where no two can live at once."""
        if not self._database.shared:
            async with self._database.transaction() as connection:
                await connection.execute(update(outbox).where(outbox.c.bot == bot).values(lease_until=0.0))
