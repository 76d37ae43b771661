from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rate_limits.limits import BucketLimit, WindowLimit
from bot.rate_limits.meter import MAX_FLIGHT, Meter
from bot.rate_limits.sliding_window import SlidingWindow
from bot.rate_limits.token_bucket import TokenBucket
from playground.bot_api.budgets import SlidingWindow as StrictWindow
from playground.bot_api.budgets import TokenBucket as StrictBucket

pauses = st.floats(0, 4, allow_nan=False)
flights = st.tuples(st.floats(0, 2), st.floats(0, 2))


def arrivals(meter: Meter, plan: list[tuple[float, tuple[float, float]]]) -> list[float]:
    """Send whenever the meter has room, with these pauses, flights there and back; when each request arrived."""
    now, under_way, arrived = 100.0, list[tuple[float, int]](), list[float]()
    for pause, (there, back) in plan:
        now += pause
        for answered, number in sorted(under_way):
            if answered <= now:
                meter.answered(number, answered)
                under_way.remove((answered, number))
        if meter.free(now) >= 1:
            under_way.append((now + there + back, meter.take(now)))
            arrived.append(now + there)
    return sorted(arrived)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.floats(0, 1.5), flights), max_size=60))
def test_a_bucket_is_never_overdrawn_whatever_order_requests_arrive_in(
    plan: list[tuple[float, tuple[float, float]]],
) -> None:
    server = StrictBucket(5, 1, 100.0)
    for at in arrivals(TokenBucket(BucketLimit(5, 1.0), 100.0), plan):
        assert server.has(at)
        server.take()


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(pauses, flights), max_size=60))
def test_a_window_is_never_overfilled_whatever_order_requests_arrive_in(
    plan: list[tuple[float, tuple[float, float]]],
) -> None:
    server = StrictWindow(6, 15)
    for at in arrivals(SlidingWindow(WindowLimit(6, 15.0)), plan):
        assert server.has(at)
        server.take(at)


@given(st.integers(0, 4), st.floats(1, 5))
def test_a_bucket_says_when_places_will_be_free(taken: int, wanted: float) -> None:
    meter = TokenBucket(BucketLimit(5, 2.0), 0.0)
    for _ in range(taken):
        meter.answered(meter.take(1.0), 1.0)
    at = meter.when(wanted, 1.0)
    assert at == 1.0 or meter.free(max(1.0, at - 0.1)) < wanted
    assert meter.free(at) >= wanted - 1e-6


@given(st.integers(0, 20), st.integers(1, 20))
def test_a_window_says_when_places_will_be_free(taken: int, wanted: int) -> None:
    meter = SlidingWindow(WindowLimit(20, 60.0))
    for place in range(taken):
        meter.answered(meter.take(place), float(place))
    at = meter.when(wanted, 20.0)
    assert at == 20.0 or meter.free(at - 0.1) < wanted
    assert meter.free(at) >= wanted


def test_a_request_without_an_answer_blocks_its_budget_only_for_a_while() -> None:
    meter = TokenBucket(BucketLimit(1, 1.0), 0.0)
    meter.take(0.0)
    assert meter.free(MAX_FLIGHT - 0.1) == 0
    assert meter.when(1, 1.0) <= MAX_FLIGHT
    assert meter.free(MAX_FLIGHT) == 0
    assert meter.free(MAX_FLIGHT + 1.0) == 1


@pytest.mark.parametrize(
    "meter", [TokenBucket(BucketLimit(5, 1.0), 0.0), SlidingWindow(WindowLimit(5, 20.0))], ids=["bucket", "window"]
)
def test_what_had_its_slot_before_a_freeze_counts_as_going_at_the_end_of_it(meter: Meter) -> None:
    for _ in range(3):
        meter.take(0.0)
    woke = 3 * MAX_FLIGHT
    assert meter.free(woke) == 2
    assert meter.free(woke + 1.0) <= 3


def test_an_unused_place_is_given_back() -> None:
    for meter in (TokenBucket(BucketLimit(1, 1.0), 0.0), SlidingWindow(WindowLimit(1, 60.0))):
        number = meter.take(0.0)
        assert meter.free(0.0) == 0
        meter.give_back(number)
        meter.answered(number, 1.0)
        assert meter.free(1.0) == 1


def test_after_a_flood_little_is_left_and_it_comes_back_evenly() -> None:
    bucket, window = TokenBucket(BucketLimit(5, 1.0), 0.0), SlidingWindow(WindowLimit(20, 60.0))
    for meter in (bucket, window):
        meter.drain(10.0)
    assert [round(bucket.free(at)) for at in (10.0, 12.0, 14.0, 20.0)] == [1, 3, 5, 5]
    assert window.free(10.0) == 5
    assert 10 <= window.free(30.0) <= 12
    assert window.free(71.0) == 20
