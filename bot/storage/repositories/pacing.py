"""Lessons of pacing about a bot's chats: holds that Telegram ordered, how lively a group is, calls that were made."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from functools import cached_property

from sqlalchemy import Delete, Insert, Select, bindparam, delete, insert, or_, select

from bot.conversation.people import Chat
from bot.storage.database import Database
from bot.storage.schema import chats, group_calls


class PacingRepository:
    """The pacing of one bot's chats. Raises StorageUnavailable."""

    def __init__(self, database: Database, bot: int) -> None:
        self._database = database
        self._bot = bot
        self._process = secrets.token_hex(8)

    async def hold(self, chat: int, until: float) -> None:
        """Remember until which Unix time Telegram wants nothing sent to a chat."""
        unseen = asdict(Chat(chat, "private" if chat > 0 else "group", hold_until=until))
        await self._put(unseen, {"hold_until": until})

    async def holds(self) -> dict[int, float]:
        """The chats that have to wait, each with its Unix time."""
        held = select(chats.c.id, chats.c.hold_until).where(chats.c.bot == self._bot)
        async with self._database.reading() as connection:
            rows = await connection.execute(held.where(chats.c.hold_until > self._database.clock()))
            return {row.id: row.hold_until for row in rows}

    async def tempo(self, chat: int) -> float | None:
        """Return how lively a group is, 0 to 1. None: nothing was learned yet."""
        this = (chats.c.bot == self._bot) & (chats.c.id == chat)
        async with self._database.reading() as connection:
            return (await connection.execute(select(chats.c.tempo).where(this))).scalar_one_or_none()

    async def set_tempo(self, chat: int, tempo: float) -> None:
        """Remember how lively a group is."""
        unseen = asdict(Chat(chat, "private" if chat > 0 else "group"))
        await self._put({**unseen, "tempo": tempo}, {"tempo": tempo})

    async def note_call(self, chat: int) -> None:
        """Note that a call is about to go to a group, for a process that may take over. Waits for no disk."""
        async with self._database.transaction(durable=False) as connection:
            await connection.execute(self._note, {"at_chat": chat})

    async def calls_of_others(self, chat: int, *, after: int, lately: float) -> list[tuple[int, float]]:
        """Give the calls of other processes within `lately` seconds: a number that grows, and how many seconds ago.

        `after` leaves out numbers up to this one. Whatever is older is deleted.
        """
        async with self._database.transaction(durable=False) as connection:
            await connection.execute(self._old, {"lately": lately})
            rows = await connection.execute(self._others, {"at_chat": chat, "after": after})
            return [(row.id, max(0.0, row.ago)) for row in rows]

    @cached_property
    def _note(self) -> Insert:
        row = {"bot": self._bot, "chat": bindparam("at_chat"), "process": self._process, "at": self._database.now()}
        return insert(group_calls).values(row)

    @cached_property
    def _old(self) -> Delete:
        ago = self._database.now() - group_calls.c.at
        return delete(group_calls).where(
            group_calls.c.bot == self._bot, or_(ago > bindparam("lately"), ago < -bindparam("lately"))
        )

    @cached_property
    def _others(self) -> Select[tuple[int, float]]:
        ago = (self._database.now() - group_calls.c.at).label("ago")
        here = group_calls.c.bot == self._bot, group_calls.c.chat == bindparam("at_chat")
        others = group_calls.c.process != self._process, group_calls.c.id > bindparam("after")
        return select(group_calls.c.id, ago).where(*here, *others).order_by(group_calls.c.id)

    async def _put(self, row: dict[str, object], changed: dict[str, object]) -> None:
        """Alone it does not wait for the disk: what a power failure may undo is soon seen again."""
        new = self._database.insert(chats).values({"bot": self._bot, **row})
        async with self._database.transaction(durable=False) as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=[chats.c.bot, chats.c.id], set_=changed))
