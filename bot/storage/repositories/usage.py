"""Timestamps of deleted questions, kept so that limits still count them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import TurnKind
from bot.storage.schema import conversations, spent, turns


async def keep_times(connection: AsyncConnection, which: ColumnElement[bool]) -> None:
    """Remember when the questions of these turns were asked: the turns are about to be deleted."""
    asked = (
        select(turns.c.bot, turns.c.asker, conversations.c.chat, turns.c.asked_at)
        .join(conversations)
        .where(which, turns.c.kind != TurnKind.SHOW)
    )
    await connection.execute(spent.insert().from_select(["bot", "asker", "chat", "at"], asked))
