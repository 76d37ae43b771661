"""The Telegram messages that show a message of a conversation, as functions within an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Shown
from bot.storage.database import Database
from bot.storage.schema import messages, shown


async def screen_of(connection: AsyncConnection, message: int) -> list[Shown]:
    """The Telegram messages that show a message, or another version of it."""
    screen = select(messages.c.screen).where(messages.c.id == message).scalar_subquery()
    return await _shown_by(connection, or_(messages.c.id == message, messages.c.screen == screen))


async def on_screen(connection: AsyncConnection, screen: int) -> list[Shown]:
    """The Telegram messages that versions of an answer share."""
    return await _shown_by(connection, messages.c.screen == screen)


async def _shown_by(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Shown]:
    those = select(messages.c.id).where(which)
    in_order = select(shown).where(shown.c.message.in_(those)).order_by(shown.c.position, shown.c.message_id)
    rows = await connection.execute(in_order)
    return [Shown(row.message_id, row.part, row.sealed) for row in rows]


async def set_screen(
    database: Database, connection: AsyncConnection, key: ChatKey, message: int, now_shown: Iterable[Shown]
) -> None:
    """Remember that these Telegram messages, and no others, show this message."""
    screen = select(messages.c.screen).where(messages.c.id == message).scalar_subquery()
    sharing = select(messages.c.id).where(or_(messages.c.id == message, messages.c.screen == screen))
    await connection.execute(delete(shown).where(shown.c.message.in_(sharing)))
    rows = [
        {
            "bot": key.bot,
            "chat": key.chat,
            "message_id": one.message_id,
            "message": message,
            "position": position,
            "part": one.part,
            "sealed": one.sealed,
        }
        for position, one in enumerate(now_shown)
        if one.message_id is not None
    ]
    await put_shown(database, connection, rows)


async def put_shown(database: Database, connection: AsyncConnection, rows: Sequence[dict[str, object]]) -> None:
    """Store rows of `shown`; a Telegram message shows one thing at a time, the latest."""
    if not rows:
        return
    new = database.insert(shown)
    changed = {name: new.excluded[name] for name in ("message", "position", "part", "sealed")}
    keys = [shown.c.bot, shown.c.chat, shown.c.message_id]
    await connection.execute(new.on_conflict_do_update(index_elements=keys, set_=changed), rows)
