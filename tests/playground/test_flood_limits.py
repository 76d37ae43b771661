"""The budgets and holds, on a clock that the scenes move."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.bot_api.budgets import Budgets, CallCost

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


def test_drafts_have_a_budget_of_their_own_and_a_breach_holds_the_whole_chat() -> None:
    budgets = Budgets(strict=True)
    assert spent(budgets, CallCost.DRAFT, PERSON, 0) == 4
    assert budgets.admit(CallCost.MESSAGE, PERSON, 1) == 2
    assert budgets.admit(CallCost.MESSAGE, PERSON, 3) == 0
    assert spent(budgets, CallCost.DRAFT, PERSON, 3) == 4
    assert spent(budgets, CallCost.DRAFT, PERSON, 6.5) == 4


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
