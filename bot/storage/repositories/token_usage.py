"""The tokens of answers: kept with each answer, summed up for people, chats and models."""

from __future__ import annotations

from sqlalchemy import Integer, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import AnswerRecord, Turn
from bot.conversation.usage import UsageColumn, UsageSum
from bot.storage.database import Database
from bot.storage.mappers import storable
from bot.storage.schema import token_usage

MAX_SUMS = 20
"""Rows of a table of sums: those with the most tokens."""

_TOKENS = func.sum(token_usage.c.input_tokens + token_usage.c.output_tokens)


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
        "cut": max(0, turn.begun - 1),
    }
    await connection.execute(database.insert(token_usage).values(row).on_conflict_do_nothing())


class TokenUsageRepository:
    """Sums of tokens since a Unix time. Raises StorageUnavailable."""

    def __init__(self, database: Database, *, bot: int) -> None:
        self._database = database
        self._bot = bot

    async def tokens(self, since: float, *, person: int | None = None) -> int:
        """Tokens of a person, or of everybody."""
        whole = select(_TOKENS).where(token_usage.c.bot == self._bot, token_usage.c.ended_at >= since)
        if person is not None:
            whole = whole.where(token_usage.c.person == person)
        async with self._database.reading() as connection:
            return int(await connection.scalar(whole) or 0)

    async def sums(self, since: float, by: UsageColumn, *, person: int | None = None) -> list[UsageSum]:
        """Sums for each person, chat or model, the largest first; costs in different currencies stay apart."""
        column = token_usage.c[by]
        table = token_usage.c
        query = (
            select(
                column.label("subject"),
                table.currency,
                func.count().label("answers"),
                func.sum(table.input_tokens).label("input_tokens"),
                func.sum(table.output_tokens).label("output_tokens"),
                func.sum(table.cost).label("cost"),
                func.max(table.estimated.cast(Integer)).label("estimated"),
            )
            .where(table.bot == self._bot, table.ended_at >= since)
            .group_by(column, table.currency)
            .order_by(_TOKENS.desc(), column)
            .limit(MAX_SUMS)
        )
        if person is not None:
            query = query.where(table.person == person)
        async with self._database.reading() as connection:
            return [
                UsageSum(
                    subject=str(row.subject),
                    answers=row.answers,
                    input_tokens=int(row.input_tokens),
                    output_tokens=int(row.output_tokens),
                    estimated=bool(row.estimated),
                    cost=row.cost,
                    currency=row.currency,
                )
                for row in await connection.execute(query)
            ]
