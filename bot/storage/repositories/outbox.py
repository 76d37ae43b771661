"""The stored outbox: messages that are kept until they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, delete, func, or_, select, update

from bot.storage.database import Database
from bot.storage.schema import digests, outbox

MAX_PER_CHAT = 50
"""Messages kept for one chat; beyond that the oldest go."""
SEND_LEASE = 60.0
"""Seconds for which one process alone sends a message: longer than a request and the waiting for its slot take."""


class Lane(NamedTuple):
    """Messages that are sent one after another: those of a chat, and apart from them the edits of one digest there."""

    chat: int
    digest: str = ""


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
        here = (outbox.c.bot == bot) & (outbox.c.chat == chat)
        kept = select(outbox.c.id).where(here).order_by(outbox.c.id.desc()).limit(MAX_PER_CHAT)
        async with self._database.transaction() as connection:
            await connection.execute(outbox.insert().values(self._row(bot, Lane(chat), message, owner)))
            await connection.execute(delete(outbox).where(here, outbox.c.id.not_in(kept)))

    async def put(self, bot: int, lane: Lane, message: dict[str, Any], *, owner: str) -> None:
        """Store what a digest is to say next, in place of what it has not said yet."""
        newest = {"message": message, "at": outbox.c.at + 0.001}  # so that `remove` sees that it is another one
        async with self._database.transaction() as connection:
            waiting = update(outbox).where(outbox.c.id == _oldest(bot, lane)).values(newest)
            if (await connection.execute(waiting)).rowcount == 0:
                await connection.execute(outbox.insert().values(self._row(bot, lane, message, owner)))

    async def lanes(self, bot: int, *, owner: str) -> list[Lane]:
        """The lanes in which this process may send something: its own, and those whose lease has ended."""
        free = or_(outbox.c.owner == owner, outbox.c.lease_until < self._database.now())
        waiting = select(outbox.c.chat, outbox.c.digest).where(outbox.c.bot == bot, free).distinct()
        async with self._database.reading() as connection:
            return [Lane(*row) for row in await connection.execute(waiting)]

    async def claim(self, bot: int, lane: Lane, *, owner: str) -> Stored | None:
        """Make the oldest message of a lane this process's for a while. None: there is none, or another sends it."""
        free = or_(outbox.c.owner == owner, outbox.c.lease_until < self._database.now())
        lease = {"owner": owner, "lease_until": self._database.now() + SEND_LEASE}
        taken = update(outbox).where(outbox.c.id == _oldest(bot, lane), free).values(lease).returning(outbox)
        async with self._database.transaction(durable=False) as connection:
            row = (await connection.execute(taken)).one_or_none()
        return None if row is None else Stored(row.id, row.message, row.at)

    async def remove(self, stored: Stored) -> None:
        """Forget a message that was sent, or is given up, unless it is to say something else by now."""
        sent = delete(outbox).where(outbox.c.id == stored.id, outbox.c.at == stored.at)
        async with self._database.transaction() as connection:
            await connection.execute(sent)

    async def take_back(self, bot: int) -> None:
        """End the leases of a process before this one, where no two can live at once."""
        if not self._database.shared:
            async with self._database.transaction() as connection:
                await connection.execute(update(outbox).where(outbox.c.bot == bot).values(lease_until=0.0))

    async def digest(self, bot: int, lane: Lane, *, since: float) -> int | None:
        """The Telegram message of a digest that was sent or edited since a Unix time. None: there is none."""
        mine = (digests.c.bot == bot) & (digests.c.chat == lane.chat) & (digests.c.name == lane.digest)
        async with self._database.reading() as connection:
            return await connection.scalar(select(digests.c.message_id).where(mine, digests.c.at >= since))

    async def keep_digest(self, bot: int, lane: Lane, message_id: int) -> None:
        """Remember the message in which a digest stands now."""
        now = {"message_id": message_id, "at": self._database.clock()}
        keys = [digests.c.bot, digests.c.chat, digests.c.name]
        row = {"bot": bot, "chat": lane.chat, "name": lane.digest, **now}
        new = self._database.insert(digests).values(row).on_conflict_do_update(index_elements=keys, set_=now)
        async with self._database.transaction() as connection:
            await connection.execute(new)

    def _row(self, bot: int, lane: Lane, message: dict[str, Any], owner: str) -> dict[str, Any]:
        lease = {"owner": owner, "lease_until": self._database.now() + SEND_LEASE}
        return {"bot": bot, **lane._asdict(), "message": message, "at": self._database.clock(), **lease}


def _oldest(bot: int, lane: Lane) -> ScalarSelect[Any]:
    here = (outbox.c.bot == bot) & (outbox.c.chat == lane.chat) & (outbox.c.digest == lane.digest)
    return select(func.min(outbox.c.id)).where(here).scalar_subquery()
