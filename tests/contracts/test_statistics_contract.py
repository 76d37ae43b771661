"""The sums behind `/stats`, in each of the databases."""

from __future__ import annotations

from datetime import date

import pytest

from bot.conversation.statistics import ModelShare, Statistics, first_day_of, start_of
from bot.storage.database import Database
from bot.storage.repositories.statistics import MAX_MODELS_CHARTED, StatisticsRepository
from bot.storage.schema import token_usage, troubles

BOT, ANNA, BORIS = 7, 1, 2
DAY, HOUR = 86_400.0, 3600.0
TODAY = date(2026, 11, 26)
NOON = start_of(TODAY) + 12 * HOUR


@pytest.fixture
def statistics(database: Database) -> StatisticsRepository:
    database.clock = lambda: NOON
    return StatisticsRepository(database, bot=BOT)


async def answered(
    database: Database,
    turn: int,
    at: float,
    *,
    person: int = ANNA,
    model: str = "Fast",
    first_text: float = 1.0,
    bot: int = BOT,
) -> None:
    """A question was answered."""
    row = {
        "bot": bot,
        "turn": turn,
        "person": person,
        "chat": person,
        "model": model,
        "input_tokens": 1,
        "output_tokens": 1,
        "estimated": False,
        "currency": "",
        "asked_at": at,
        "first_at": at + first_text,
        "ended_at": at + first_text + 1,
    }
    async with database.transaction() as connection:
        await connection.execute(token_usage.insert().values(row))


async def failed(database: Database, turn: int, at: float, *, bot: int = BOT) -> None:
    """An answer failed."""
    row = {"turn": turn, "bot": bot, "chat": ANNA, "topic": 0, "at": at, "model": "Fast", "kind": "GeneratorSilent"}
    row |= {"cause": "", "attempt": 1, "tries": 1, "replica": "here"}
    async with database.transaction() as connection:
        await connection.execute(troubles.insert().values(row))


async def test_a_bot_that_nobody_asked_has_days_without_anything(statistics: StatisticsRepository) -> None:
    assert await statistics.of_days(7) == Statistics(
        first_day=date(2026, 11, 20),
        questions=(0,) * 7,
        people=(0,) * 7,
        failed=(0,) * 7,
        first_text=(None,) * 7,
        hours=(0,) * 24,
        models=(),
        distinct_people=0,
        median_first_text=None,
    )


async def test_questions_and_people_are_counted_by_the_day(
    database: Database, statistics: StatisticsRepository
) -> None:
    await answered(database, 1, NOON - DAY)
    await answered(database, 2, NOON - DAY, person=BORIS)
    await answered(database, 3, NOON - 1, person=BORIS)
    await answered(database, 4, NOON - 2, person=BORIS)
    found = await statistics.of_days(7)
    assert found.questions == (0, 0, 0, 0, 0, 2, 2)
    assert found.people == (0, 0, 0, 0, 0, 2, 1)
    assert found.distinct_people == 2


async def test_days_begin_at_midnight_and_what_is_older_does_not_count(
    database: Database, statistics: StatisticsRepository
) -> None:
    first = start_of(date(2026, 11, 20))
    await answered(database, 1, first - 1)  # it ended within the days
    await answered(database, 2, first)
    await answered(database, 3, first + DAY - 1)
    await answered(database, 4, first + DAY)
    assert (await statistics.of_days(7)).questions == (2, 1, 0, 0, 0, 0, 0)


async def test_an_answer_in_several_attempts_is_of_one_question(
    database: Database, statistics: StatisticsRepository
) -> None:
    await answered(database, 1, NOON - 60)
    await answered(database, 1, NOON - 30)
    found = await statistics.of_days(7)
    assert found.questions[-1] == 1
    assert found.hours[11] == 1


async def test_failed_answers_are_questions_too_and_count_once_where_some_text_was_written(
    database: Database, statistics: StatisticsRepository
) -> None:
    await answered(database, 1, NOON - 60)
    await failed(database, 1, NOON - 50)
    await failed(database, 2, NOON - DAY)
    await failed(database, 3, NOON - 10 * DAY)
    found = await statistics.of_days(7)
    assert found.failed == (0, 0, 0, 0, 0, 1, 1)
    assert found.questions == (0, 0, 0, 0, 0, 1, 1)


async def test_the_first_text_has_a_median_for_each_day_and_for_all(
    database: Database, statistics: StatisticsRepository
) -> None:
    for turn, seconds in enumerate((1.0, 2.0, 90.0)):
        await answered(database, turn, NOON - 100, first_text=seconds)
    for turn, seconds in enumerate((3.0, 4.0), 10):
        await answered(database, turn, NOON - DAY, first_text=seconds)
    found = await statistics.of_days(7)
    assert found.first_text[:5] == (None,) * 5
    assert found.first_text[5:] == pytest.approx((3.0, 2.0))
    assert found.median_first_text == pytest.approx(3.0)


async def test_the_models_with_the_most_answers_come_first(
    database: Database, statistics: StatisticsRepository
) -> None:
    for number in range(MAX_MODELS_CHARTED + 1):
        for turn in range(number + 1):
            await answered(database, 100 * number + turn, NOON - 60, model=f"M{number}")
    models = (await statistics.of_days(7)).models
    assert models[0] == ModelShare(f"M{MAX_MODELS_CHARTED}", MAX_MODELS_CHARTED + 1)
    assert [share.model for share in models] == [f"M{number}" for number in range(MAX_MODELS_CHARTED, 0, -1)]


async def test_the_busiest_hours_are_those_with_the_most_questions(
    database: Database, statistics: StatisticsRepository
) -> None:
    midnight = start_of(TODAY)
    for turn, hour in enumerate((9, 9, 9, 3, 3, 11, 0, 0, 0, 0)):
        await answered(database, turn, midnight + hour * HOUR)
    found = await statistics.of_days(30)
    assert found.busiest_hours == [0, 9, 3]
    assert sum(found.hours) == 10


async def test_another_bots_numbers_stay_out(database: Database, statistics: StatisticsRepository) -> None:
    await answered(database, 1, NOON - 60, bot=8)
    await failed(database, 2, NOON - 60, bot=8)
    found = await statistics.of_days(90)
    assert sum(found.questions) == sum(found.failed) == 0


@pytest.mark.parametrize(("days", "first"), [(1, TODAY), (7, date(2026, 11, 20)), (90, date(2026, 8, 29))])
def test_today_is_the_last_of_the_days(days: int, first: date) -> None:
    assert first_day_of(NOON, days) == first
