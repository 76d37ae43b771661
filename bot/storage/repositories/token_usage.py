"""The tokens of answers: kept with each answer, summed up for people, chats and models."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from sqlalchemy import Integer, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import AnswerRecord, Turn
from bot.conversation.usage import Spent, UsageColumn, UsageSum
from bot.storage.database import Database, insert_into
from bot.storage.mappers import storable
from bot.storage.prepared import PreparedStatement
from bot.storage.schema import budget_warnings, conversations, token_usage

MAX_SUMS = 20
"""Rows of a table of sums: those with the most tokens."""

_TOKENS = func.sum(token_usage.c.input_tokens + token_usage.c.output_tokens)


async def keep_tokens(database: Database, connection: AsyncConnection, turn: Turn, record: AnswerRecord) -> None:
    """Keep an answer's tokens, in the transaction that stores its text. May be repeated."""
    cut = await _cut_attempts(connection, turn) if turn.begun > 1 else 0
    if record.of_cut and not cut:
        return  # the tokens of each earlier attempt are kept
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
        "cut": cut - record.of_cut,
    }
    await _new_usage(shared=database.shared).change(connection, row)


async def keep_tokens_of_cut(database: Database, turn: Turn, record: AnswerRecord) -> None:
    """Keep the tokens of an attempt whose text nobody keeps; of an erased chat only its person stays."""
    async with database.transaction() as connection:
        is_there = select(conversations.c.id).where(conversations.c.id == turn.conversation)
        if await connection.scalar(is_there) is None:
            turn = replace(turn, key=replace(turn.key, chat=0))
        await keep_tokens(database, connection, turn, record)


async def _cut_attempts(connection: AsyncConnection, turn: Turn) -> int:
    """Count the earlier attempts of a turn of which no row knows."""
    known = select(func.count() + func.coalesce(func.sum(token_usage.c.cut), 0))
    of_turn = token_usage.c.bot == turn.key.bot, token_usage.c.turn == turn.id
    return max(0, turn.begun - 1 - int(await connection.scalar(known.where(*of_turn)) or 0))


@cache
def _new_usage(*, shared: bool) -> PreparedStatement:
    return PreparedStatement(insert_into(token_usage, shared=shared).on_conflict_do_nothing())


class TokenUsageRepository:
    """Sums of tokens since a Unix time. Raises StorageUnavailable."""

    def __init__(self, database: Database, *, bot: int) -> None:
        self._database = database
        self._bot = bot

    async def spent(self, since: float, *, person: int | None = None, currency: str = "") -> Spent:
        """Sum up the tokens of a person, or of everybody, and their costs in one currency."""
        table = token_usage.c
        costs = func.sum(case((table.currency == currency, table.cost), else_=0.0))
        estimated = func.max(table.estimated.cast(Integer))
        whole = select(_TOKENS, costs, estimated).where(table.bot == self._bot, table.ended_at >= since)
        if person is not None:
            whole = whole.where(table.person == person)
        async with self._database.reading() as connection:
            tokens, cost, guessed = (await connection.execute(whole)).one()
        return Spent(int(tokens or 0), float(cost or 0.0), estimated=bool(guessed))

    async def sums(self, since: float, by: UsageColumn, *, person: int | None = None) -> list[UsageSum]:
        """Sums for each person, chat or model, the largest first; costs in different currencies stay apart."""
        column = token_usage.c[by]
        table = token_usage.c
        query = (
            select(
                column.label("subject"),
                table.currency,
                func.count(table.turn.distinct()).label("answers"),
                func.sum(table.input_tokens).label("input_tokens"),
                func.sum(table.output_tokens).label("output_tokens"),
                func.sum(table.cost).label("cost"),
                func.max(table.estimated.cast(Integer)).label("estimated"),
                func.sum(table.cut).label("cut"),
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
                    cut=int(row.cut),
                )
                for row in await connection.execute(query)
            ]


class BudgetWarningRepository:
    """The warnings of budgets: each is given once, whichever replica sees it first. Raises StorageUnavailable."""

    def __init__(self, database: Database, *, bot: int) -> None:
        self._database = database
        self._bot = bot

    async def begin(self, person: int, budget: str, beginning: float) -> bool:
        """Note a warning about the day or month that begins then; person 0 are the admins. False: it was given."""
        row = {"bot": self._bot, "person": person, "budget": budget, "beginning": beginning}
        new = self._database.insert(budget_warnings).values(row)
        once = new.on_conflict_do_update(
            index_elements=["bot", "person", "budget"],
            set_={"beginning": beginning},
            where=budget_warnings.c.beginning < beginning,
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(once)).rowcount == 1


async def unlink_chat(connection: AsyncConnection, bot: int, chat: int) -> None:
    """Take a chat's name off the tokens of its answers. Limits count them for their people until the month ends."""
    here = token_usage.c.bot == bot, token_usage.c.chat == chat
    await connection.execute(update(token_usage).where(*here).values(chat=0))


async def prune_usage(database: Database, *, before: float, month: float) -> None:
    """Delete what is older than `before`, and take people's names off what was unlinked before this month began."""
    table = token_usage.c
    unlinked = table.chat == 0, table.person != 0, table.ended_at < month
    async with database.transaction() as connection:
        await connection.execute(delete(token_usage).where(table.ended_at < before))
        await connection.execute(delete(budget_warnings).where(budget_warnings.c.beginning < before))
        await connection.execute(update(token_usage).where(*unlinked).values(person=0))
