"""Drafts and chat actions: at most 20 in any 5 s and 40 in any 30 s, whatever order they come in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rate_limits.limits import DRAFTS, TieredLimit, WindowLimit
from bot.rate_limits.requests import Priority, Reservation, Resource
from bot.rate_limits.scheduler import Scheduler
from bot.rate_limits.tiered_window import TieredWindow
from playground.bot_api.budgets import Budgets, CallCost

ANNA = 1
CALLS = ["first", "change", "final", "typing"]


class World:
    """A scheduler and a strict server; calls arrive and are answered after flights of their own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.scheduler = Scheduler(self.now)
        self.server = Budgets(strict=True)
        self.stream = self.scheduler.open(ANNA, self.now)
        self.flying: list[tuple[float, Reservation]] = []
        self.arrivals: list[float] = []
        self.flight = (0.0, 0.0)

    def call(self, kind: str) -> None:
        if kind == "typing":
            taken = self.scheduler.take_at_once(ANNA, Resource.DRAFT, self.now)
            self._fly([taken] if taken is not None else [])
        else:
            self.scheduler.request(ANNA, Priority[kind.upper()], Resource.DRAFT, self.now, self.stream)

    def move(self, seconds: float) -> None:
        until = self.now + seconds
        while True:
            self._fly(self.scheduler.grants(self.now))
            wake = self.scheduler.wake_at(self.now)
            at = min([until, *([wake] if wake is not None else []), *(at for at, _ in self.flying)])
            self.now = max(self.now, at)
            for answered, reservation in list(self.flying):
                if answered <= self.now:
                    self.flying.remove((answered, reservation))
                    self.scheduler.answered(reservation, self.now)
            if self.now >= until:
                self._fly(self.scheduler.grants(self.now))
                return

    def _fly(self, reservations: list[Reservation]) -> None:
        there, back = self.flight
        for reservation in reservations:
            self.arrivals.append(self.now + there)
            self.flying.append((self.now + there + back, reservation))


steps = st.tuples(
    st.sampled_from([0.0, 0.05, 0.2, 1.0, 4.5]),
    st.lists(st.sampled_from(CALLS), max_size=12),
    st.sampled_from([(0.0, 0.0), (0.01, 0.01), (0.3, 0.0), (0.0, 0.6), (1.5, 0.5)]),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(steps, max_size=40))
def test_no_order_of_drafts_and_chat_actions_breaks_either_window(
    plan: list[tuple[float, list[str], tuple[float, float]]],
) -> None:
    world = World()
    for pause, calls, flight in plan:
        world.flight = flight
        for kind in calls:
            world.call(kind)
        world.move(pause)
    world.move(40)
    assert [world.server.admit(CallCost.DRAFT, ANNA, at) for at in sorted(world.arrivals)] == [0] * len(world.arrivals)


def test_as_many_drafts_go_as_the_windows_allow() -> None:
    world = World()
    for _ in range(60):
        world.call("final")
    for seconds, sent in ((1.0, 20), (3.9, 20), (0.2, 40), (24.7, 40), (0.3, 60)):
        world.move(seconds)
        assert len(world.arrivals) == sent


def test_both_windows_count_together() -> None:
    window = TieredWindow(TieredLimit(WindowLimit(2, 5.0), WindowLimit(3, 30.0)))
    first, second = window.take(0.0), window.take(0.0)
    assert (window.size, window.free(0.0), window.free_long(0.0)) == (2, 0, 1)
    window.answered(first, 0.0)
    window.give_back(second)
    assert (window.free(0.0), window.free_long(0.0)) == (1, 2)
    assert window.when(2, 0.0) == pytest.approx(5.01)
    assert window.free(5.1) == 2
    window.drain(10.0)
    assert (window.free(10.0), window.free_long(10.0)) == (1, 1)
    assert window.free(50.0) == 2


def test_changes_leave_the_last_draft_its_slot() -> None:
    world = World()
    for _ in range(60):
        world.call("typing")
    assert len(world.arrivals) == DRAFTS.short.count - 1
    world.call("final")
    world.move(0.0)
    assert len(world.arrivals) == DRAFTS.short.count


def test_a_refused_draft_pauses_its_like_in_that_chat_and_nothing_else() -> None:
    scheduler, other = Scheduler(0.0), 2
    stream = scheduler.open(ANNA, 0.0)
    for chat in (ANNA, 5, 6, 7):
        scheduler.flooded(chat, Resource.DRAFT, 3.0, 0.0)
    draft = scheduler.request(ANNA, Priority.CHANGE, Resource.DRAFT, 0.0, stream)
    message = scheduler.request(ANNA, Priority.FINAL, Resource.MESSAGE, 0.0, stream)
    elsewhere = scheduler.request(other, Priority.CHANGE, Resource.DRAFT, 0.0)
    assert set(scheduler.grants(0.0)) == {message, elsewhere}
    assert (scheduler.held(ANNA, 0.0), scheduler.drafts_held(ANNA, 0.0), scheduler.drafts_held(other, 0.0)) == (0, 3, 0)
    assert scheduler.take_at_once(ANNA, Resource.DRAFT, 2.9) is None
    assert scheduler.grants(2.9) == []
    assert scheduler.grants(3.0) == [draft]


def test_messages_are_no_slower_after_a_refused_draft() -> None:
    def edits(*, refused: bool) -> int:
        scheduler, now, found = Scheduler(0.0), 0.0, 0
        stream = scheduler.open(ANNA, now)
        if refused:
            scheduler.flooded(ANNA, Resource.DRAFT, 3.0, now)
        for _ in range(150):
            now += 0.1
            if not list(scheduler.waiting(ANNA)):
                scheduler.request(ANNA, Priority.CHANGE, Resource.MESSAGE, now, stream)
            for reservation in scheduler.grants(now):
                scheduler.answered(reservation, now)
                found += 1
        return found

    assert edits(refused=True) == edits(refused=False)


def test_drafts_wait_for_no_slot_of_the_bot() -> None:
    scheduler = Scheduler(0.0)
    for chat in range(10, 60):
        scheduler.request(chat, Priority.FINAL, Resource.MESSAGE, 0.0)
    draft = scheduler.request(ANNA, Priority.CHANGE, Resource.DRAFT, 0.0)
    assert draft in scheduler.grants(0.0)
    assert sum(not next(scheduler.waiting(chat), None) for chat in range(10, 60)) == 30


@pytest.mark.parametrize("text", ["4+2/s", "20/5s", "40/30s+20/5s", "40/5s+20/30s", "20/5s+40/30s+1/1s", "", "20/5s+x"])
def test_a_budget_of_drafts_in_another_form_is_refused_with_the_right_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"20/5s\+40/30s"):
        TieredLimit.parse(text)


def test_a_budget_of_drafts_is_written_as_two_windows() -> None:
    assert TieredLimit.parse(" 20/5s + 40/30s ") == DRAFTS
