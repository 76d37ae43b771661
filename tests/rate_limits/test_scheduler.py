from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rate_limits.bot_budget import BOT_RESERVE, MAX_BOT_HOLD
from bot.rate_limits.limits import BucketLimit
from bot.rate_limits.requests import Priority, Reservation, Resource
from bot.rate_limits.scheduler import Scheduler
from tests.rate_limits.simulation import Answer, Simulation

ANNA, BORIS, GROUP = 1, 2, -1


class Scene:
    """A scheduler whose calls are answered at once, and a clock that the scene moves."""

    def __init__(self, **budgets: BucketLimit) -> None:
        self.now = 1000.0
        self.scheduler = Scheduler(self.now, patient_edits=False, **budgets)  # type: ignore[arg-type]  # the scene names buckets only
        self.stream = self.scheduler.open(ANNA, self.now)

    def ask(
        self, kind: Priority, chat: int = ANNA, cost: Resource = Resource.MESSAGE, *, mine: bool = True
    ) -> Reservation:
        stream = self.stream if mine and chat == self.stream.chat else None
        return self.scheduler.request(chat, kind, cost, self.now, stream)

    def granted(self, after: float = 0.0) -> list[Reservation]:
        """Everything that is granted until then, in order."""
        until, found = self.now + after, list[Reservation]()
        while True:
            for reservation in self.scheduler.grants(self.now):
                self.scheduler.answered(reservation, self.now)
                found.append(reservation)
            wake = self.scheduler.wake_at(self.now)
            if wake is None or wake > until:
                self.now = until
                return found
            self.now = max(self.now, wake)

    def spend(self, chat: int = ANNA, times: int = 20) -> None:
        """Use up what a chat has."""
        for _ in range(times):
            self.ask(Priority.FINAL, chat, mine=False)
        self.granted()
        for reservation in list(self.scheduler.waiting(chat)):
            self.scheduler.withdraw(reservation, self.now)


def test_the_more_urgent_goes_first_and_among_equals_who_has_waited_longest() -> None:
    scene = Scene(bot=BucketLimit(1, 1.0), private=BucketLimit(50, 1.0))
    scene.spend(times=1)
    kinds = [Priority.CHANGE, Priority.ANSWER, Priority.FINAL, Priority.FIRST, Priority.FINAL]
    asked = [scene.ask(kind, chat) for chat, kind in enumerate(kinds, start=10)]
    assert scene.granted(30) == [asked[2], asked[4], asked[3], asked[1], asked[0]]


def test_changes_leave_the_place_for_the_end() -> None:
    scene = Scene()
    changes = 0
    for _ in range(100):
        scene.ask(Priority.CHANGE)
        changes += len(scene.granted(0.1))
    assert changes >= 10
    final = scene.ask(Priority.FINAL)
    assert final in scene.granted()


def test_answers_to_commands_leave_the_place_for_the_end_too() -> None:
    scene = Scene()
    for _ in range(30):
        scene.ask(Priority.ANSWER, mine=False)
    scene.granted(2.5)
    final = scene.ask(Priority.FINAL)
    assert scene.granted() == [final]


def test_places_kept_for_further_messages_are_not_spent_on_changes() -> None:
    scene = Scene()
    scene.scheduler.need(scene.stream, 3, scene.now, full_at=math.inf, fills=math.inf)
    for _ in range(20):
        scene.ask(Priority.CHANGE)
        scene.granted(0.05)
    ends = [scene.ask(Priority.FINAL) for _ in range(3)]
    assert scene.granted() == ends


def test_a_hurried_request_overtakes_those_that_asked_before() -> None:
    scene = Scene(bot=BucketLimit(1, 1.0))
    scene.spend(times=1)
    others = [scene.ask(Priority.ANSWER, BORIS) for _ in range(2)]
    mine = scene.ask(Priority.CHANGE)
    scene.scheduler.hurry(mine, Priority.FINAL, scene.now)
    assert scene.granted(20) == [mine, *others]


def test_a_withdrawn_request_and_an_unused_slot_take_no_place() -> None:
    scene = Scene(private=BucketLimit(1, 0.1))
    unused = scene.ask(Priority.FINAL)
    assert scene.scheduler.grants(scene.now) == [unused]
    scene.scheduler.withdraw(unused, scene.now)
    withdrawn = scene.ask(Priority.FINAL)
    scene.scheduler.withdraw(withdrawn, scene.now)
    next_one = scene.ask(Priority.FINAL)
    assert scene.granted() == [next_one]


def test_nothing_goes_to_a_chat_during_its_hold_and_everything_after_it() -> None:
    scene = Scene()
    scene.scheduler.flooded(ANNA, Resource.MESSAGE, 30.0, scene.now)
    asked = [
        scene.ask(Priority.FINAL),
        scene.ask(Priority.ANSWER, cost=Resource.FREE),
        scene.ask(Priority.CHANGE, cost=Resource.DRAFT),
    ]
    elsewhere = scene.ask(Priority.CHANGE, BORIS)
    assert scene.granted(29.9) == [elsewhere]
    assert scene.scheduler.held(ANNA, scene.now) == pytest.approx(0.1)
    assert set(scene.granted(5)) == set(asked)


def changes_in(scene: Scene, seconds: float) -> int:
    found = 0
    for _ in range(int(seconds / 0.1)):
        if not list(scene.scheduler.waiting(ANNA)):
            scene.ask(Priority.CHANGE)
        found += len(scene.granted(0.1))
    return found


def test_a_chat_is_slower_after_a_hold_and_recovers() -> None:
    scene = Scene()
    usual = changes_in(scene, 20)
    scene.scheduler.flooded(ANNA, Resource.MESSAGE, 3.0, scene.now)
    scene.granted(3.0)
    slowed = changes_in(scene, 15)
    changes_in(scene, 60)
    assert slowed < 0.75 * usual
    assert changes_in(scene, 20) >= usual - 5


def test_several_chats_held_at_once_mean_the_bot() -> None:
    scene = Scene()
    for chat in (11, 12):
        scene.scheduler.flooded(chat, Resource.MESSAGE, 40.0, scene.now)
    assert scene.scheduler.held(ANNA, scene.now) == 0
    scene.scheduler.flooded(13, Resource.MESSAGE, 40.0, scene.now)
    assert scene.scheduler.held(ANNA, scene.now) == MAX_BOT_HOLD
    mine = scene.ask(Priority.FINAL)
    assert scene.granted(MAX_BOT_HOLD - 0.1) == []
    assert scene.granted(1) == [mine]


def test_one_chat_held_again_and_again_is_not_the_bot() -> None:
    scene = Scene()
    for _ in range(5):
        scene.scheduler.flooded(BORIS, Resource.MESSAGE, 3.0, scene.now)
    assert scene.scheduler.held(ANNA, scene.now) == 0


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(("chat", "left"), [(BORIS, 0), (GROUP, 5)])
def test_where_another_process_may_have_spent_anything_little_goes_at_first(chat: int, left: int, known: bool) -> None:
    scene = Scene()
    if known:
        scene.ask(Priority.FINAL, chat)
        scene.granted()
    scene.scheduler.distrust(chat, scene.now)
    for _ in range(10):
        scene.ask(Priority.FINAL, chat)
    assert len(scene.granted()) == left
    assert len(scene.granted(3.1)) >= 1


@pytest.mark.parametrize(("chat", "left"), [(BORIS, 0), (GROUP, 5)])
def test_a_chat_that_an_earlier_run_left_held_is_written_in_gently_afterwards(chat: int, left: int) -> None:
    scene = Scene()
    scene.scheduler.hold(chat, scene.now + 30, scene.now)
    scene.granted(30)
    scene.scheduler.distrust(chat, scene.now)
    for _ in range(10):
        scene.ask(Priority.FINAL, chat)
    assert len(scene.granted()) == left


@pytest.mark.parametrize("known", [False, True])
def test_the_calls_of_another_process_to_a_group_are_counted_each(known: bool) -> None:
    scene = Scene()
    if known:
        scene.ask(Priority.FINAL, GROUP)
        scene.granted()
    scene.scheduler.count_calls(GROUP, [scene.now - 61, scene.now - 59, *[scene.now] * 4], scene.now)
    for _ in range(30):
        scene.ask(Priority.FINAL, GROUP)
    assert len(scene.granted()) == 15 - known
    assert len(scene.granted(1.1)) == 1


def test_a_private_chat_in_which_another_process_ended_some_seconds_ago_has_so_many_slots() -> None:
    scene = Scene()
    scene.scheduler.count_others(BORIS, scene.now - 20, scene.now - 3, scene.now)
    for _ in range(10):
        scene.ask(Priority.FINAL, BORIS)
    assert len(scene.granted()) == 3


def test_replicas_share_the_budget_of_the_bot() -> None:
    scene = Scene()
    scene.granted(60)
    scene.scheduler.share(3, scene.now)
    for chat in range(100, 200):
        scene.ask(Priority.ANSWER, chat)
    assert 10 <= len(scene.granted()) <= 11
    assert 9 <= len(scene.granted(1)) <= 11


def test_changes_leave_something_of_the_bots_budget_to_what_is_urgent() -> None:
    scene = Scene()
    for chat in range(100, 200):
        scene.ask(Priority.CHANGE, chat)
    scene.granted()
    urgent = [scene.ask(Priority.FINAL, chat) for chat in range(200, 200 + BOT_RESERVE)]
    assert scene.granted() == urgent


def test_chats_at_rest_are_forgotten() -> None:
    scene = Scene()
    for chat in range(100, 2000):
        scene.ask(Priority.ANSWER, chat)
        scene.granted(1)
    assert len(scene.scheduler._chats) < 700
    assert ANNA in scene.scheduler._chats


answers = st.builds(
    Answer,
    chat=st.sampled_from([1, 2, 3, -1, -2]),
    begins=st.floats(1000, 1060),
    lasts=st.floats(0.05, 40),
    pieces=st.integers(1, 120),
    draft=st.just(False),
)
drafts = st.builds(
    Answer,
    chat=st.sampled_from([1, 2]),
    begins=st.floats(1000, 1060),
    lasts=st.floats(0.05, 40),
    pieces=st.integers(1, 120),
    draft=st.just(True),
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(answers | drafts, min_size=1, max_size=14),
    st.lists(st.tuples(st.sampled_from([1, 2, -1]), st.floats(1000, 1060)), max_size=30),
    st.integers(0, 1000),
)
def test_no_schedule_breaks_a_budget_and_everybody_is_served(
    shown: list[Answer], commands: list[tuple[int, float]], seed: int
) -> None:
    dice = random.Random(seed)  # the times of a simulated network
    simulation = Simulation(trip=lambda: dice.choice((0.01, 0.05, 0.4, 1.5)))
    for answer in shown:
        simulation.show(answer)
    arrived = [simulation.command(chat, at) for chat, at in commands]
    simulation.run()
    assert simulation.refused == 0
    assert all(answer.complete for answer in shown)
    assert all(arrived)


@settings(deadline=None, max_examples=60)
@given(st.lists(answers.filter(lambda answer: answer.chat > 0), min_size=1, max_size=3, unique_by=lambda a: a.chat))
def test_the_end_of_a_private_answer_never_waits_for_a_place(shown: list[Answer]) -> None:
    simulation = Simulation(trip=lambda: 0.02)
    for answer in shown:
        simulation.show(answer)
    simulation.run()
    assert max(answer.late() for answer in shown) < 0.1


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        answers.filter(lambda answer: answer.chat < 0 and answer.lasts > 5),
        min_size=1,
        max_size=3,
    )
)
def test_the_end_of_an_answer_in_a_group_with_room_never_waits_for_a_place(shown: list[Answer]) -> None:
    simulation = Simulation(trip=lambda: 0.02)
    for answer in shown:
        simulation.show(answer)
    simulation.run()
    assert max(answer.late() for answer in shown) < 0.3
