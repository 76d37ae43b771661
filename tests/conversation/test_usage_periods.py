"""Days and months of tokens, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.usage import Period, UsageSum, next_period, period_start


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("period", "now", "start", "end"),
    [
        ("day", "2026-02-28T23:59:59", "2026-02-28", "2026-03-01"),
        ("day", "2028-02-28T00:00:00", "2028-02-28", "2028-02-29"),
        ("month", "2026-12-31T12:00:00", "2026-12-01", "2027-01-01"),
        ("month", "2026-01-31T12:00:00", "2026-01-01", "2026-02-01"),
    ],
)
def test_a_period_begins_and_ends_at_midnight(period: Period, now: str, start: str, end: str) -> None:
    assert (period_start(period, unix(now)), next_period(period, unix(now))) == (unix(start), unix(end))


@given(st.floats(0, 4_000_000_000), st.sampled_from(["day", "month"]))
def test_periods_follow_one_another_without_a_gap(now: float, period: Period) -> None:
    start, end = period_start(period, now), next_period(period, now)
    assert start <= now < end
    assert period_start(period, end) == end
    assert next_period(period, start) == end


def test_tokens_are_those_in_and_out() -> None:
    assert UsageSum("Fast", 3, 120, 45, estimated=False, cost=None, currency="").tokens == 165
