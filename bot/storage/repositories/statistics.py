"""The sums behind `/stats`: a few queries over answers and failures, which outlive the turns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.statistics import (
    DAY_LENGTH,
    HOUR_LENGTH,
    HOURS_A_DAY,
    ModelShare,
    Statistics,
    first_day_of,
    start_of,
)
from bot.storage.database import Database
from bot.storage.schema import token_usage, troubles

MAX_MODELS_CHARTED = 6
"""Models that are told apart: as many as a picture has room for."""

_USAGE = token_usage.c
_FIRST_TEXT = _USAGE.first_at - _USAGE.asked_at


class StatisticsRepository:
    """Reads them beside everything else, without holding up who writes. Raises StorageUnavailable."""

    def __init__(self, database: Database, *, bot: int) -> None:
        self._database = database
        self._bot = bot

    async def of_days(self, days: int) -> Statistics:
        """The statistics of the last `days` days, today included."""
        first = first_day_of(self._database.clock(), days)
        since = start_of(first)
        # ended_at is what the index has; an answer that was asked for before the first day is not of these days
        answers = and_(_USAGE.bot == self._bot, _USAGE.ended_at >= since, _USAGE.asked_at >= since)
        async with self._database.reading() as connection:
            asked, people = await _by_day(connection, answers, since)
            failed, unanswered = await _failures(connection, self._bot, since)
            medians = await _medians(connection, answers, since)
            return Statistics(
                first_day=first,
                questions=tuple(asked.get(day, 0) + unanswered.get(day, 0) for day in range(days)),
                people=tuple(people.get(day, 0) for day in range(days)),
                failed=tuple(failed.get(day, 0) for day in range(days)),
                first_text=tuple(medians.get(day) for day in range(days)),
                hours=await _by_hour(connection, answers),
                models=await _by_model(connection, answers),
                distinct_people=await connection.scalar(_count_distinct(_USAGE.person).where(answers)) or 0,
                median_first_text=await _median(connection, answers),
            )


def _day(at: ColumnElement[float], since: float) -> ColumnElement[int]:
    """The number of a time's day, from 0. PostgreSQL rounds to whole seconds where SQLite cuts."""
    return at.cast(BigInteger) // DAY_LENGTH - int(since) // DAY_LENGTH


def _count_distinct(column: ColumnElement[Any]) -> Any:  # noqa: ANN401  # a Select of a type without a short name
    return select(func.count(column.distinct()))


async def _by_day(
    connection: AsyncConnection, answers: ColumnElement[bool], since: float
) -> tuple[dict[int, int], dict[int, int]]:
    """Questions and people of each day; an answer that was written in several attempts is of one question."""
    day = _day(_USAGE.asked_at, since).label("day")
    query = select(day, func.count(_USAGE.turn.distinct()), func.count(_USAGE.person.distinct()))
    rows = (await connection.execute(query.where(answers).group_by(day))).all()
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


async def _failures(connection: AsyncConnection, bot: int, since: float) -> tuple[dict[int, int], dict[int, int]]:
    """Failed answers of each day, and those among them of which no text was written."""
    day = _day(troubles.c.at, since).label("day")
    answered = exists().where(_USAGE.turn == troubles.c.turn, _USAGE.bot == bot, _USAGE.asked_at >= since)
    failed = select(day, case((not_(answered), 1), else_=0).label("unanswered")).where(
        troubles.c.bot == bot, troubles.c.at >= since
    )
    each = failed.subquery()
    query = select(each.c.day, func.count(), func.sum(each.c.unanswered)).group_by(each.c.day)
    rows = (await connection.execute(query)).all()
    return {row[0]: row[1] for row in rows}, {row[0]: int(row[2]) for row in rows}


async def _medians(connection: AsyncConnection, answers: ColumnElement[bool], since: float) -> dict[int, float]:
    """The median time to the first text of each day; of two in the middle, the shorter."""
    day = _day(_USAGE.asked_at, since)
    ranked = (
        select(
            day.label("day"),
            _FIRST_TEXT.label("seconds"),
            func.row_number().over(partition_by=day, order_by=_FIRST_TEXT).label("place"),
            func.count().over(partition_by=day).label("many"),
        )
        .where(answers)
        .subquery()
    )
    query = select(ranked.c.day, ranked.c.seconds).where(ranked.c.place == (ranked.c.many + 1) // 2)
    return {row.day: max(0.0, row.seconds) for row in await connection.execute(query)}


async def _median(connection: AsyncConnection, answers: ColumnElement[bool]) -> float | None:
    """The same of all the days."""
    count = await connection.scalar(select(func.count()).select_from(token_usage).where(answers)) or 0
    if not count:
        return None
    middle = select(_FIRST_TEXT).where(answers).order_by(_FIRST_TEXT).offset((count - 1) // 2).limit(1)
    seconds = await connection.scalar(middle)
    return None if seconds is None else max(0.0, seconds)


async def _by_hour(connection: AsyncConnection, answers: ColumnElement[bool]) -> tuple[int, ...]:
    """Questions of each hour of the day."""
    hour = (_USAGE.asked_at.cast(BigInteger) % DAY_LENGTH // HOUR_LENGTH).label("hour")
    query = select(hour, func.count(_USAGE.turn.distinct()).label("asked")).where(answers).group_by(hour)
    found = {row.hour: row.asked for row in await connection.execute(query)}
    return tuple(found.get(number, 0) for number in range(HOURS_A_DAY))


async def _by_model(connection: AsyncConnection, answers: ColumnElement[bool]) -> tuple[ModelShare, ...]:
    """Answers of each model, the most first."""
    written = func.count(_USAGE.turn.distinct())
    query = select(_USAGE.model, written.label("answers")).where(answers).group_by(_USAGE.model)
    rows = await connection.execute(query.order_by(written.desc(), _USAGE.model).limit(MAX_MODELS_CHARTED))
    return tuple(ModelShare(row.model, row.answers) for row in rows)
