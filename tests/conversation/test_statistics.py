"""Rules of the bot's statistics: which days, which hours."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.conversation.statistics import DAY_LENGTH, HOUR_LENGTH, HOURS_A_DAY, Statistics, first_day_of, start_of


def statistics(**asked: int) -> Statistics:
    """Statistics of a day with so many questions at these hours, `h9` for nine o'clock."""
    hours = tuple(asked.get(f"h{hour}", 0) for hour in range(HOURS_A_DAY))
    return Statistics(date(2026, 5, 1), (sum(hours),), (1,), (0,), (None,), hours, (), 1, None)


def test_the_busiest_hours_come_first_and_among_equals_the_earlier_one() -> None:
    assert statistics(h9=2, h12=5, h20=2, h23=1).busiest_hours == [12, 9, 20]


def test_an_hour_without_questions_is_not_busy() -> None:
    assert statistics(h7=1).busiest_hours == [7]
    assert statistics().busiest_hours == []


@pytest.mark.parametrize(
    ("days", "first"), [(1, date(2026, 5, 3)), (2, date(2026, 5, 2)), (7, date(2026, 4, 27)), (30, date(2026, 4, 4))]
)
def test_the_last_of_the_days_is_today(days: int, first: date) -> None:
    now = datetime(2026, 5, 3, 23, 59, tzinfo=UTC).timestamp()
    assert first_day_of(now, days) == first


def test_a_day_begins_at_midnight_of_utc_and_has_24_hours() -> None:
    assert start_of(date(2026, 5, 3)) == datetime(2026, 5, 3, tzinfo=UTC).timestamp()
    assert start_of(date(2026, 5, 4)) - start_of(date(2026, 5, 3)) == DAY_LENGTH == HOURS_A_DAY * HOUR_LENGTH
