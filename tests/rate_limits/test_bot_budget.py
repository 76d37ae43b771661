"""The budget of the whole bot: its pauses, its reserve, its shares."""

from __future__ import annotations

import pytest

from bot.rate_limits.bot_budget import MAX_BOT_HOLD, BotBudget
from bot.rate_limits.limits import BucketLimit
from bot.rate_limits.meter import MARGIN, MAX_FLIGHT
from bot.rate_limits.requests import Priority


def test_floods_in_three_chats_within_a_few_seconds_pause_the_bot() -> None:
    def floods(*times: float) -> BotBudget:
        budget = BotBudget(BucketLimit(30, 30.0), 0.0)
        for chat, at in enumerate(times, start=1000):
            budget.flooded(chat, 40.0, at)
        return budget

    assert floods(0.0, 1.0).held_until == 0.0
    assert floods(0.0, 1.0, 5.0).held_until == 5.0 + 10.0
    assert floods(0.0, 1.0, 5.1).held_until == 0.0
    after = floods(0.0, 0.0, 0.0, 0.0)
    assert after.held_until == MAX_BOT_HOLD
    assert after.meter.free(MAX_BOT_HOLD) == 1
    after.flooded(9, 3.0, 1.0)
    assert after.held_until == MAX_BOT_HOLD


def test_changes_leave_six_slots_of_the_bot() -> None:
    budget = BotBudget(BucketLimit(30, 30.0), 0.0)
    for _ in range(23):
        budget.meter.answered(budget.meter.take(0.0), 0.0)
    assert budget.room_at(Priority.CHANGE, 0.0) == 0.0
    budget.meter.answered(budget.meter.take(0.0), 0.0)
    assert budget.room_at(Priority.CHANGE, 0.0) == pytest.approx(1 / 30 + MARGIN)
    assert budget.room_at(Priority.ANSWER, 0.0) == 0.0


def test_a_share_of_the_bot_is_never_less_than_one_slot() -> None:
    budget = BotBudget(BucketLimit(30, 30.0), 0.0)
    budget.share(7, 0.0)
    assert budget.meter.bucket == BucketLimit(4, 30 / 7)
    budget.share(100, 0.0)
    assert budget.meter.bucket == BucketLimit(1, 0.3)


def test_a_share_grows_when_the_calls_of_whoever_has_gone_have_arrived() -> None:
    budget = BotBudget(BucketLimit(30, 30.0), 0.0)
    budget.share(3, 0.0)
    budget.share(2, 10.0)
    for now, share in ((10.0, 3), (10.0 + MAX_FLIGHT - 0.01, 3), (10.0 + MAX_FLIGHT, 2)):
        budget.room_at(Priority.ANSWER, now)
        assert budget.meter.bucket == BucketLimit(30 // share, 30 / share)
    budget.share(1, 30.0)
    budget.share(2, 31.0)
    budget.room_at(Priority.ANSWER, 30.0 + MAX_FLIGHT)
    assert budget.meter.bucket == BucketLimit(15, 15.0), "somebody has come meanwhile"
