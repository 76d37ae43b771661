"""The Telegram messages that show a message of a conversation, as functions within an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Shown
from bot.storage.database import Database, insert_into
from bot.storage.mappers import AnyRow
from bot.storage.prepared import PreparedStatement
from bot.storage.schema import messages, shown


async def screen_of(connection: AsyncConnection, message: int) -> list[Shown]:
    """The Telegram messages that show a message, or another version of it."""
    return _shown(await connection.execute(_SCREEN_OF, {"message": message}))


async def on_screen(connection: AsyncConnection, screen: int) -> list[Shown]:
    """The Telegram messages that versions of an answer share."""
    return _shown(await connection.execute(_ON_SCREEN, {"screen": screen}))


def _shown(rows: Iterable[AnyRow]) -> list[Shown]:
    return [Shown(row.message_id, row.part, row.sealed) for row in rows]


async def set_screen(
    database: Database, connection: AsyncConnection, key: ChatKey, message: int, now_shown: Iterable[Shown]
) -> None:
    """Remember that these Telegram messages, and no others, show this message."""
    await _CLEAR.change(connection, {"message": message})
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
    for row in rows:
        await _put_shown(shared=database.shared).change(connection, row)


@cache
def _put_shown(*, shared: bool) -> PreparedStatement:
    new = insert_into(shown, shared=shared)
    changed = {name: new.excluded[name] for name in ("message", "position", "part", "sealed")}
    keys = [shown.c.bot, shown.c.chat, shown.c.message_id]
    return PreparedStatement(new.on_conflict_do_update(index_elements=keys, set_=changed))


def _messages_of(which: ColumnElement[bool]) -> Select[Any]:
    """Selects what shows the messages, in order."""
    those = select(messages.c.id).where(which)
    return select(shown).where(shown.c.message.in_(those)).order_by(shown.c.position, shown.c.message_id)


_SHARES_SCREEN = or_(
    messages.c.id == bindparam("message"),
    messages.c.screen == select(messages.c.screen).where(messages.c.id == bindparam("message")).scalar_subquery(),
)
_SCREEN_OF = _messages_of(_SHARES_SCREEN)
_ON_SCREEN = _messages_of(messages.c.screen == bindparam("screen"))
_CLEAR = PreparedStatement(delete(shown).where(shown.c.message.in_(select(messages.c.id).where(_SHARES_SCREEN))))
