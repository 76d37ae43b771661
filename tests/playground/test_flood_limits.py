"""The budgets and holds, on a clock that the scenes move."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.bot_api.budgets import BudgetLimits, Budgets, CallCost

PERSON, GROUP = 1001, -1002000000001


def spent(budgets: Budgets, cost: CallCost, chat: int, now: float, most: int = 100) -> int:
    """How many calls in a row go before one is refused."""
    for count in range(most):
        if budgets.admit(cost, chat, now):
            return count
    return most


def test_a_private_chat_takes_five_at_once_and_one_a_second() -> None:
    budgets = Budgets(strict=True)
    assert spent(budgets, CallCost.MESSAGE, PERSON, 0) == 5
    assert budgets.admit(CallCost.MESSAGE, PERSON, 0) >= 3
    assert spent(budgets, CallCost.MESSAGE, PERSON, 3.001) == 3


def test_nothing_goes_to_a_chat_during_its_hold_not_even_typing() -> None:
    budgets = Budgets(strict=True)
    spent(budgets, CallCost.MESSAGE, PERSON, 0)
    for cost in (CallCost.MESSAGE, CallCost.DRAFT, CallCost.HOLD_ONLY):
        assert budgets.admit(cost, PERSON, 2.5) == 1
        assert budgets.admit(cost, PERSON + 1, 2.5) == 0
    assert budgets.admit(CallCost.NOTHING, PERSON, 2.5) == 0
    assert budgets.admit(CallCost.HOLD_ONLY, PERSON, 3.0) == 0


def test_a_group_takes_twenty_in_any_sixty_seconds() -> None:
    budgets = Budgets(strict=True)
    for second in range(20):
        assert budgets.admit(CallCost.MESSAGE, GROUP, second) == 0
    assert budgets.admit(CallCost.MESSAGE, GROUP, 50) == 3
    assert spent(budgets, CallCost.MESSAGE, GROUP, 60.5) == 1
    assert spent(budgets, CallCost.MESSAGE, GROUP, 64) == 4


def test_drafts_and_chat_actions_share_two_windows_of_their_chat() -> None:
    budgets = Budgets(strict=True)
    assert spent(budgets, CallCost.DRAFT, PERSON, 0) == 20
    assert budgets.admit(CallCost.DRAFT, PERSON, 0.5) == 5
    assert spent(budgets, CallCost.DRAFT, PERSON, 6) == 20
    assert budgets.admit(CallCost.DRAFT, PERSON, 12) == 18, "forty within the last thirty seconds"
    assert budgets.admit(CallCost.DRAFT, PERSON, 29.5) == 1
    assert spent(budgets, CallCost.DRAFT, PERSON, 30) == 20


def test_a_breach_near_the_windows_end_still_waits_three_seconds() -> None:
    budgets = Budgets(strict=True)
    spent(budgets, CallCost.DRAFT, PERSON, 0, most=20)
    assert budgets.admit(CallCost.DRAFT, PERSON, 4.5) == 3
    assert budgets.admit(CallCost.DRAFT, PERSON, 5) == 3, "requests during a hold stay refused"
    assert budgets.admit(CallCost.DRAFT, PERSON, 7.5) == 0


@pytest.mark.parametrize("chat", [PERSON, GROUP])
def test_a_429_of_a_draft_concerns_drafts_and_chat_actions_of_its_chat_alone(chat: int) -> None:
    budgets = Budgets(strict=True)
    spent(budgets, CallCost.DRAFT, chat, 0)
    budgets.hold_drafts(chat, 600, 0)
    assert budgets.admit(CallCost.DRAFT, chat, 1) == 599
    assert budgets.admit(CallCost.MESSAGE, chat, 1) == 0
    assert budgets.admit(CallCost.HOLD_ONLY, chat, 1) == 0
    for other in (PERSON + 1, GROUP - 1):
        assert budgets.admit(CallCost.DRAFT, other, 1) == 0
    budgets.release()
    assert budgets.admit(CallCost.DRAFT, chat, 1) > 0, "the windows are full all the same"
    assert budgets.admit(CallCost.DRAFT, chat, 30) == 0


def test_drafts_spend_neither_the_chats_messages_nor_the_bots() -> None:
    budgets = Budgets(strict=True)
    for person in range(3):
        assert spent(budgets, CallCost.DRAFT, 2000 + person, 0) == 20
    assert spent(budgets, CallCost.MESSAGE, 2000, 0) == 5
    assert sum(budgets.admit(CallCost.MESSAGE, 3000 + person, 0) == 0 for person in range(40)) == 25


def test_other_windows_can_be_set_for_a_scene() -> None:
    budgets = Budgets(BudgetLimits(draft_windows=((2, 10),)), strict=True)
    assert spent(budgets, CallCost.DRAFT, PERSON, 0) == 2


@given(st.lists(st.floats(0, 4, allow_nan=False), min_size=1, max_size=200))
@settings(deadline=None, max_examples=100)
def test_whatever_the_schedule_neither_window_of_drafts_is_exceeded_nor_wasted(gaps: list[float]) -> None:
    budgets, now, held = Budgets(strict=True), 0.0, 0.0
    taken: list[float] = []
    for gap in gaps:
        now += gap / 4
        wait = budgets.admit(CallCost.DRAFT, PERSON, now)
        room = all(sum(now - time < seconds - 1e-6 for time in taken) < count for count, seconds in ((20, 5), (40, 30)))
        assert (wait == 0) == (room and now >= held - 1e-6)
        if not wait:
            taken.append(now)
        elif now >= held - 1e-6:
            held = now + wait
            assert wait >= 3


def test_a_bot_takes_thirty_at_once_and_thirty_a_second_over_all_chats() -> None:
    budgets = Budgets(strict=True)
    taken = sum(budgets.admit(CallCost.MESSAGE, 2000 + person, 0) == 0 for person in range(40))
    assert taken == 30
    # The breach held the bot, not one chat: nobody gets anything.
    assert budgets.admit(CallCost.HOLD_ONLY, 3000, 2.9) == 1
    assert budgets.admit(CallCost.MESSAGE, 3000, 3.1) == 0


def test_a_hold_set_by_hand_counts_without_strictness() -> None:
    budgets = Budgets(strict=False)
    assert spent(budgets, CallCost.MESSAGE, PERSON, 0, most=50) == 50
    budgets.hold(PERSON, 126, 0)
    assert budgets.admit(CallCost.MESSAGE, PERSON, 1) == 125
    budgets.release()
    assert budgets.admit(CallCost.MESSAGE, PERSON, 1) == 0
    budgets.hold(None, 5, 1)
    assert budgets.admit(CallCost.HOLD_ONLY, GROUP, 1) == 5


@pytest.mark.parametrize("cost", [CallCost.MESSAGE, CallCost.DRAFT])
@pytest.mark.parametrize("chat", [PERSON, GROUP])
def test_without_strictness_everything_goes_but_during_a_hold(cost: CallCost, chat: int) -> None:
    budgets = Budgets(strict=False)
    assert {budgets.admit(cost, chat, 0) for _ in range(100)} == {0}
    budgets.hold_drafts(chat, 7, 0)
    assert budgets.admit(cost, chat, 1) == (6 if cost is CallCost.DRAFT else 0)
    assert budgets.admit(cost, chat, 7) == 0


@given(st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=150))
@settings(deadline=None, max_examples=100)
def test_whatever_the_schedule_no_budget_is_exceeded(gaps: list[float]) -> None:
    budgets, now = Budgets(strict=True), 0.0
    private: list[float] = []
    group: list[float] = []
    for gap in gaps:
        now += gap / 10
        if not budgets.admit(CallCost.MESSAGE, PERSON, now):
            private.append(now)
        if not budgets.admit(CallCost.MESSAGE, GROUP, now):
            group.append(now)
    for index, start in enumerate(group):
        assert sum(start <= time < start + 60 - 1e-6 for time in group[index:]) <= 20
    for index, start in enumerate(private):
        for later, end in enumerate(private[index:], start=1):
            assert later <= 5 + (end - start) + 1e-6
