"""Lessons of pacing about a bot's chats: holds that Telegram ordered, and how lively a group is."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select

from bot.conversation.people import Chat
from bot.storage.database import Database
from bot.storage.schema import chats


class PacingRepository:
    """The pacing of one bot's chats. Raises StorageUnavailable."""

    def __init__(self, database: Database, bot: int) -> None:
        self._database = database
        self._bot = bot

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

    async def _put(self, row: dict[str, object], changed: dict[str, object]) -> None:
        """Alone it does not wait for the disk: what a power failure may undo is soon seen again."""
        new = self._database.insert(chats).values({"bot": self._bot, **row})
        async with self._database.transaction(durable=False) as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=[chats.c.bot, chats.c.id], set_=changed))
