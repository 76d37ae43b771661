"""The stored broadcasts, and the chats that each has not reached yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, insert, literal, or_, select, update

from bot.conversation.broadcasts import Broadcast, BroadcastAudience, BroadcastState
from bot.conversation.people import Standing
from bot.storage.database import Database
from bot.storage.schema import broadcast_chats, broadcasts, chats, conversations, messages, people

DAY_SECONDS = 86_400.0
Outcome = Literal["sent", "blocked", "failed"]


class BroadcastRepository:
    """The SQL of broadcasts. Every method joins the transaction that is open. Raises StorageUnavailable."""

    def __init__(self, database: Database, *, bot: int) -> None:
        self._database = database
        self._bot = bot

    async def add(
        self, admin: int, language: str, message: dict[str, Any], audience: BroadcastAudience, days: int
    ) -> tuple[int, int]:
        """Store a broadcast that is only shown for now. Gives its id, and the number of chats that it would go to."""
        row = {"bot": self._bot, "admin": admin, "language": language, "message": message, "audience": audience}
        row |= {"days": days, "state": BroadcastState.SHOWN, "at": self._database.clock()}
        counts = dict.fromkeys(("sent", "blocked", "failed"), 0)
        async with self._database.transaction() as connection:
            stored = await connection.execute(insert(broadcasts).values(row | counts).returning(broadcasts.c.id))
            reached = select(func.count()).select_from(self._chats_of(audience, days).subquery())
            return int(stored.scalar_one()), int((await connection.execute(reached)).scalar_one())

    async def start(self, broadcast: int) -> int | None:
        """Let one that was shown begin, to whoever is there now. Gives the number of chats; None: it was decided."""
        async with self._database.transaction() as connection:
            begun = update(broadcasts).where(self._is(broadcast, BroadcastState.SHOWN))
            one = (
                await connection.execute(begun.values(state=BroadcastState.RUNNING).returning(broadcasts))
            ).one_or_none()
            if one is None:
                return None
            listed = self._chats_of(BroadcastAudience(one.audience), one.days).subquery()
            rows = select(literal(broadcast), listed.c.chat)
            put = await connection.execute(insert(broadcast_chats).from_select(["broadcast", "chat"], rows))
            return int(put.rowcount)

    async def stop(self, broadcast: int) -> Broadcast | None:
        """End one that is shown or runs. Gives it with the state that it was in; None: it has ended already."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(broadcast_chats).where(broadcast_chats.c.broadcast == broadcast))
            for before in (BroadcastState.SHOWN, BroadcastState.RUNNING):
                ended = update(broadcasts).where(self._is(broadcast, before)).values(state=BroadcastState.STOPPED)
                one = (await connection.execute(ended.returning(broadcasts))).one_or_none()
                if one is not None:
                    return replace(_read(one), state=before)
        return None

    async def running(self) -> Broadcast | None:
        """The oldest broadcast that goes on."""
        mine = (broadcasts.c.bot == self._bot) & (broadcasts.c.state == BroadcastState.RUNNING)
        async with self._database.reading() as connection:
            one = (
                await connection.execute(select(broadcasts).where(mine).order_by(broadcasts.c.id).limit(1))
            ).one_or_none()
        return None if one is None else _read(one)

    async def next_chat(self, broadcast: int) -> int | None:
        """A chat that a broadcast has not reached yet."""
        waiting = select(func.min(broadcast_chats.c.chat)).where(broadcast_chats.c.broadcast == broadcast)
        async with self._database.reading() as connection:
            chat = (await connection.execute(waiting)).scalar()
        return None if chat is None else int(chat)

    async def note(self, broadcast: int, chat: int, outcome: Outcome) -> None:
        """Count a chat that was tried; one that nothing can be said in is remembered as such."""
        this = (broadcast_chats.c.broadcast == broadcast) & (broadcast_chats.c.chat == chat)
        column = broadcasts.c[outcome]
        async with self._database.transaction(durable=False) as connection:
            if (await connection.execute(delete(broadcast_chats).where(this))).rowcount:
                counted = update(broadcasts).where(broadcasts.c.id == broadcast)
                await connection.execute(counted.values({outcome: column + 1}))

    async def finish(self, broadcast: int) -> Broadcast | None:
        """End one that has reached everybody. None: it was stopped meanwhile."""
        async with self._database.transaction() as connection:
            ended = update(broadcasts).where(self._is(broadcast, BroadcastState.RUNNING))
            one = (
                await connection.execute(ended.values(state=BroadcastState.DONE).returning(broadcasts))
            ).one_or_none()
        return None if one is None else _read(one)

    def _is(self, broadcast: int, *states: BroadcastState) -> ColumnElement[bool]:
        return (broadcasts.c.bot == self._bot) & (broadcasts.c.id == broadcast) & broadcasts.c.state.in_(states)

    def _chats_of(self, audience: BroadcastAudience, days: int) -> Select[Any]:
        """The chats of an audience: those in which something can be said."""
        dead = exists().where(chats.c.bot == self._bot, chats.c.id == conversations.c.chat, ~chats.c.writable)
        if audience is BroadcastAudience.GROUPS:
            groups = (chats.c.bot == self._bot) & chats.c.kind.in_(("group", "supergroup")) & chats.c.writable
            return select(chats.c.id.label("chat")).where(groups, chats.c.present)
        blocked = exists().where(
            people.c.bot == self._bot, people.c.id == conversations.c.chat, people.c.standing == Standing.BLOCKED
        )
        found = select(conversations.c.chat.label("chat")).distinct().where(conversations.c.bot == self._bot)
        found = found.where(conversations.c.chat > 0, ~dead, ~blocked)
        if days:
            since = self._database.clock() - days * DAY_SECONDS
            lately = exists().where(messages.c.conversation == conversations.c.id, messages.c.at >= since)
            # what was said may be pruned by then: when somebody wrote last stays
            seen = exists().where(
                people.c.bot == self._bot, people.c.id == conversations.c.chat, people.c.seen >= since
            )
            found = found.where(or_(lately, seen))
        return found


async def prune_broadcasts(database: Database, *, before: float) -> None:
    """Forget broadcasts that an admin prepared before a Unix time, but not one that goes on."""
    old = (broadcasts.c.at < before) & (broadcasts.c.state != BroadcastState.RUNNING)
    async with database.transaction() as connection:
        await connection.execute(delete(broadcasts).where(old))


def _read(row: Row[Any]) -> Broadcast:
    return Broadcast(
        row.id,
        row.bot,
        row.admin,
        row.language,
        row.message,
        BroadcastAudience(row.audience),
        row.days,
        BroadcastState(row.state),
        row.sent,
        row.blocked,
        row.failed,
    )
