"""How much one may ask."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.people.question_limits import DAY, MINUTE, Allowance, TooManyQuestions, _check

NOW = 1_000_000.0


def test_below_the_limit_nothing_waits() -> None:
    assert Allowance(3, 0).wait([NOW - 1, NOW - 2], NOW) == 0


def test_at_the_limit_the_oldest_that_counts_has_to_pass() -> None:
    assert Allowance(3, 0).wait([NOW - 50, NOW - 2, NOW - 1], NOW) == 10
    assert Allowance(2, 0).wait([NOW - 50, NOW - 2, NOW - 1], NOW) == 58


def test_the_longer_wait_counts() -> None:
    assert Allowance(1, 1).wait([NOW - 10], NOW) == DAY - 10


def test_nought_is_no_limit() -> None:
    assert Allowance(0, 0).wait([NOW] * 1000, NOW) == 0
    assert Allowance(0, 0).longest == 0


@pytest.mark.parametrize(
    ("wait", "said"), [(0.2, ("seconds", 1)), (60, ("seconds", 60)), (61, ("minutes", 2)), (3601, ("hours", 2))]
)
def test_the_refusal_says_when_it_works_again(wait: float, said: tuple[str, int]) -> None:
    with pytest.raises(TooManyQuestions) as caught:
        _check(wait, "person")
    assert (caught.value.details["unit"], caught.value.details["count"]) == said


@given(st.lists(st.floats(NOW - 2 * DAY, NOW), max_size=30), st.integers(0, 10), st.integers(0, 10))
@settings(deadline=None)
def test_after_the_wait_the_next_question_is_within_the_limits(
    asked: list[float], per_minute: int, per_day: int
) -> None:
    allowance = Allowance(per_minute, per_day)
    later = NOW + allowance.wait(asked, NOW)
    for count, seconds in ((per_minute, MINUTE), (per_day, DAY)):
        if count:
            assert sum(at > later - seconds + 1e-3 for at in asked) < count
