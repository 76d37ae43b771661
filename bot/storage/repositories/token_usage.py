"""The tokens of answers: kept with each answer, summed up for people, chats and models."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import AnswerRecord, Turn
from bot.storage.database import Database
from bot.storage.mappers import storable
from bot.storage.schema import token_usage


async def keep_tokens(database: Database, connection: AsyncConnection, turn: Turn, record: AnswerRecord) -> None:
    """Keep an answer's tokens, in the transaction that stores its text. May be repeated."""
    row = {
        "bot": turn.key.bot,
        "turn": turn.id,
        "person": turn.asker,
        "chat": turn.key.chat,
        "model": storable(record.model),
        "input_tokens": record.input_tokens,
        "output_tokens": record.output_tokens,
        "estimated": record.estimated,
        "cost": record.cost,
        "currency": storable(record.currency),
        "asked_at": record.asked_at,
        "first_at": record.first_at,
        "ended_at": record.ended_at,
    }
    await connection.execute(database.insert(token_usage).values(row).on_conflict_do_nothing())
