"""Chats as the bot last saw them."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey
from bot.conversation.names import framed
from bot.conversation.people import Chat
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, storable
from bot.storage.message_tree import ensure
from bot.storage.schema import (
    chats,
    conversations,
    group_messages,
    messages,
    preferences,
    shown,
    spent,
    token_usage,
    troubles,
    turns,
)


class ChatRepository:
    """The chats of each bot. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, bot: int, chat: int) -> Chat | None:
        """A chat. None: never seen."""
        async with self.database.reading() as connection:
            this = (chats.c.bot == bot) & (chats.c.id == chat)
            row = (await connection.execute(select(chats).where(this))).one_or_none()
        return None if row is None else _chat(row)

    async def put(self, bot: int, chat: Chat) -> None:
        """Remember a chat as it is now. The hold of a known chat is left alone: see `PacingRepository`."""
        row = {"bot": bot, **asdict(chat), "title": storable(chat.title)}
        changed = {name: value for name, value in row.items() if name not in {"bot", "id", "hold_until"}}
        await self._put(row, changed)

    async def groups(self, bot: int, *, offset: int, limit: int) -> tuple[list[Chat], int]:
        """Read some of the groups that the bot is in, by title, and count them all."""
        mine = (chats.c.bot == bot) & (chats.c.id < 0) & chats.c.present & (chats.c.kind != "channel")
        some = select(chats).where(mine).order_by(chats.c.title, chats.c.id).offset(offset).limit(limit)
        async with self.database.reading() as connection:
            count = (await connection.execute(select(func.count()).select_from(chats).where(mine))).scalar_one()
            return [_chat(row) for row in await connection.execute(some)], count

    async def refuse(self, bot: int, chat: Chat) -> bool:
        """Remember that a group has been told to wait for an admin. False: it had been told before."""
        row = {"bot": bot, **asdict(chat), "title": storable(chat.title), "refused": True}
        new = self.database.insert(chats).values(row)
        once = new.on_conflict_do_update(
            index_elements=[chats.c.bot, chats.c.id], set_={"refused": True}, where=~chats.c.refused
        )
        async with self.database.transaction() as connection:
            return (await connection.execute(once)).rowcount == 1

    async def migrate(self, bot: int, old: int, new: int) -> None:
        """A group became a supergroup: everything moves along. `TurnService.migrate` also restarts what runs.

        Messages are numbered anew in a supergroup, so the old Telegram ids mean nothing there and are forgotten.
        """
        async with self.database.transaction() as connection:
            await connection.execute(delete(shown).where(shown.c.bot == bot, shown.c.chat == old))
            for row in await connection.execute(
                select(conversations).where(conversations.c.bot == bot, conversations.c.chat == old)
            ):
                await self._move(connection, row, new)
            for table in (spent, troubles, token_usage):
                await connection.execute(update(table).where(table.c.bot == bot, table.c.chat == old).values(chat=new))
            await connection.execute(
                delete(group_messages).where(group_messages.c.bot == bot, group_messages.c.chat == old)
            )
            await _move_preferences(connection, bot, old, new)
            await self._move_chat(bot, old, new)
            for chat in (old, new):
                await self.database.notify("preferences", f"{bot} {chat}")

    async def _move(self, connection: AsyncConnection, old: AnyRow, chat: int) -> None:
        """Let a conversation go on in another chat; where one has begun there already, its newest point stands."""
        whose = chat if old.person == old.chat else old.person  # administrators who speak as the group
        target = await ensure(self.database, connection, ChatKey(old.bot, chat, old.topic, whose))
        for table in (messages, turns):
            moved = update(table).where(table.c.conversation == old.id).values(conversation=target)
            await connection.execute(moved)
        fresh = (conversations.c.id == target) & conversations.c.newest.is_(None)
        points = {"newest": old.newest, "anew_after": old.anew_after}
        await connection.execute(update(conversations).where(fresh).values(points))
        await connection.execute(delete(conversations).where(conversations.c.id == old.id))

    async def _move_chat(self, bot: int, old: int, new: int) -> None:
        """Let the admins' decisions, and what the bot has said, hold in the supergroup too."""
        was, known = await self.get(bot, old), await self.get(bot, new)
        if was is None:
            return
        there = known or replace(was, id=new, kind="supergroup", hold_until=0.0)
        said = {
            name: getattr(was, name) or getattr(there, name) for name in ("allowed", "greeted", "refused", "language")
        }
        await self.put(bot, replace(there, **said))
        async with self.database.transaction() as connection:
            await connection.execute(delete(chats).where(chats.c.bot == bot, chats.c.id == old))

    async def _put(self, row: dict[str, object], changed: dict[str, object]) -> None:
        """Alone it does not wait for the disk: what a power failure may undo is soon seen again."""
        new = self.database.insert(chats).values(row)
        async with self.database.transaction(durable=False) as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=[chats.c.bot, chats.c.id], set_=changed))


async def _move_preferences(connection: AsyncConnection, bot: int, old: int, new: int) -> None:
    """Move preferences along; values set since in the new chat stand."""
    there = preferences.alias("there")
    same = (there.c.topic == preferences.c.topic) & (there.c.name == preferences.c.name)
    taken = exists().where(there.c.bot == bot, there.c.chat == new, same)
    mine = (preferences.c.bot == bot) & (preferences.c.chat == old)
    await connection.execute(update(preferences).where(mine, ~taken).values(chat=new))
    await connection.execute(delete(preferences).where(mine))


def _chat(row: AnyRow) -> Chat:
    values = row._asdict()
    del values["bot"], values["tempo"]
    return Chat(**{**values, "title": framed(row.title)})
