from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.budgets import Bucket
from bot.delivery.pacing import BOT_HOLD, KEPT_FOR_THE_BOT, Cost, Kind, Pacer, Ticket
from tests.delivery.simulation import Answer, Simulation

ANNA, BORIS, GROUP = 1, 2, -1


class Scene:
    """A pacer whose calls are answered at once, and a clock that the scene moves."""

    def __init__(self, **budgets: Bucket) -> None:
        self.now = 1000.0
        self.pacer = Pacer(self.now, **budgets)  # type: ignore[arg-type]  # the scene names buckets only
        self.stream = self.pacer.open(ANNA, self.now)

    def ask(self, kind: Kind, chat: int = ANNA, cost: Cost = Cost.MESSAGE, *, mine: bool = True) -> Ticket:
        stream = self.stream if mine and chat == self.stream.chat else None
        return self.pacer.ask(chat, kind, cost, self.now, stream)

    def granted(self, after: float = 0.0) -> list[Ticket]:
        """Everything that is granted until then, in order."""
        until, found = self.now + after, list[Ticket]()
        while True:
            for ticket in self.pacer.grants(self.now):
                self.pacer.answered(ticket, self.now)
                found.append(ticket)
            wake = self.pacer.wake_at(self.now)
            if wake is None or wake > until:
                self.now = until
                return found
            self.now = max(self.now, wake)

    def spend(self, chat: int = ANNA, times: int = 20) -> None:
        """Use up what a chat has."""
        for _ in range(times):
            self.ask(Kind.FINAL, chat, mine=False)
        self.granted()
        for ticket in list(self.pacer.waiting(chat)):
            self.pacer.withdraw(ticket, self.now)


def test_the_more_urgent_goes_first_and_among_equals_who_has_waited_longest() -> None:
    scene = Scene(bot=Bucket(1, 1.0), private=Bucket(50, 1.0))
    scene.spend(times=1)
    kinds = [Kind.CHANGE, Kind.ANSWER, Kind.FINAL, Kind.FIRST, Kind.FINAL]
    asked = [scene.ask(kind, chat) for chat, kind in enumerate(kinds, start=10)]
    assert scene.granted(30) == [asked[2], asked[4], asked[3], asked[1], asked[0]]


def test_changes_leave_the_place_for_the_end() -> None:
    scene = Scene()
    changes = 0
    for _ in range(100):
        scene.ask(Kind.CHANGE)
        changes += len(scene.granted(0.1))
    assert changes >= 10
    final = scene.ask(Kind.FINAL)
    assert final in scene.granted()


def test_answers_to_commands_leave_the_place_for_the_end_too() -> None:
    scene = Scene()
    for _ in range(30):
        scene.ask(Kind.ANSWER, mine=False)
    scene.granted(2.5)
    final = scene.ask(Kind.FINAL)
    assert scene.granted() == [final]


def test_places_kept_for_further_messages_are_not_spent_on_changes() -> None:
    scene = Scene()
    scene.pacer.need(scene.stream, 3, scene.now)
    for _ in range(20):
        scene.ask(Kind.CHANGE)
        scene.granted(0.05)
    ends = [scene.ask(Kind.FINAL) for _ in range(3)]
    assert scene.granted() == ends


def test_a_hurried_wish_overtakes_those_that_asked_before() -> None:
    scene = Scene(bot=Bucket(1, 1.0))
    scene.spend(times=1)
    others = [scene.ask(Kind.ANSWER, BORIS) for _ in range(2)]
    mine = scene.ask(Kind.CHANGE)
    scene.pacer.hurry(mine, Kind.FINAL, scene.now)
    assert scene.granted(20) == [mine, *others]


def test_a_withdrawn_wish_and_an_unused_slot_take_no_place() -> None:
    scene = Scene(private=Bucket(1, 0.1))
    unused = scene.ask(Kind.FINAL)
    assert scene.pacer.grants(scene.now) == [unused]
    scene.pacer.withdraw(unused, scene.now)
    withdrawn = scene.ask(Kind.FINAL)
    scene.pacer.withdraw(withdrawn, scene.now)
    next_one = scene.ask(Kind.FINAL)
    assert scene.granted() == [next_one]


def test_nothing_goes_to_a_chat_during_its_hold_and_everything_after_it() -> None:
    scene = Scene()
    scene.pacer.flooded(ANNA, 30.0, scene.now)
    wishes = [scene.ask(Kind.FINAL), scene.ask(Kind.ANSWER, cost=Cost.FREE), scene.ask(Kind.CHANGE, cost=Cost.DRAFT)]
    elsewhere = scene.ask(Kind.CHANGE, BORIS)
    assert scene.granted(29.9) == [elsewhere]
    assert scene.pacer.held(ANNA, scene.now) == pytest.approx(0.1)
    assert set(scene.granted(5)) == set(wishes)


def changes_in(scene: Scene, seconds: float) -> int:
    found = 0
    for _ in range(int(seconds / 0.1)):
        if not list(scene.pacer.waiting(ANNA)):
            scene.ask(Kind.CHANGE)
        found += len(scene.granted(0.1))
    return found


def test_a_chat_is_slower_after_a_hold_and_recovers() -> None:
    scene = Scene()
    usual = changes_in(scene, 20)
    scene.pacer.flooded(ANNA, 3.0, scene.now)
    scene.granted(3.0)
    slowed = changes_in(scene, 15)
    changes_in(scene, 60)
    assert slowed < 0.75 * usual
    assert changes_in(scene, 20) >= usual - 5


def test_several_chats_held_at_once_mean_the_bot() -> None:
    scene = Scene()
    for chat in (11, 12):
        scene.pacer.flooded(chat, 40.0, scene.now)
    assert scene.pacer.held(ANNA, scene.now) == 0
    scene.pacer.flooded(13, 40.0, scene.now)
    assert scene.pacer.held(ANNA, scene.now) == BOT_HOLD
    mine = scene.ask(Kind.FINAL)
    assert scene.granted(BOT_HOLD - 0.1) == []
    assert scene.granted(1) == [mine]


def test_one_chat_held_again_and_again_is_not_the_bot() -> None:
    scene = Scene()
    for _ in range(5):
        scene.pacer.flooded(BORIS, 3.0, scene.now)
    assert scene.pacer.held(ANNA, scene.now) == 0


@pytest.mark.parametrize(("chat", "left"), [(BORIS, 1), (GROUP, 5)])
def test_a_chat_that_another_process_has_just_written_in_is_written_in_gently(chat: int, left: int) -> None:
    scene = Scene()
    scene.pacer.assume_spent(chat, scene.now)
    for _ in range(10):
        scene.ask(Kind.FINAL, chat)
    assert len(scene.granted()) == left


@pytest.mark.parametrize(("chat", "left"), [(BORIS, 1), (GROUP, 5)])
def test_a_chat_that_an_earlier_run_left_held_is_written_in_gently_afterwards(chat: int, left: int) -> None:
    scene = Scene()
    scene.pacer.hold(chat, scene.now + 30, scene.now)
    scene.pacer.assume_spent(chat, scene.now)
    for _ in range(10):
        scene.ask(Kind.FINAL, chat)
    assert len(scene.granted(30)) == left


def test_what_a_process_knows_of_a_chat_it_does_not_assume() -> None:
    scene = Scene()
    scene.ask(Kind.FINAL, BORIS)
    scene.granted()
    scene.pacer.assume_spent(BORIS, scene.now)
    for _ in range(10):
        scene.ask(Kind.FINAL, BORIS)
    assert len(scene.granted()) == 4


def test_replicas_share_the_budget_of_the_bot() -> None:
    scene = Scene()
    scene.granted(60)
    scene.pacer.share(3, scene.now)
    for chat in range(100, 200):
        scene.ask(Kind.ANSWER, chat)
    assert 10 <= len(scene.granted()) <= 11
    assert 9 <= len(scene.granted(1)) <= 11


def test_changes_leave_something_of_the_bots_budget_to_what_is_urgent() -> None:
    scene = Scene()
    for chat in range(100, 200):
        scene.ask(Kind.CHANGE, chat)
    scene.granted()
    urgent = [scene.ask(Kind.FINAL, chat) for chat in range(200, 200 + KEPT_FOR_THE_BOT)]
    assert scene.granted() == urgent


def test_chats_at_rest_are_forgotten() -> None:
    scene = Scene()
    for chat in range(100, 2000):
        scene.ask(Kind.ANSWER, chat)
        scene.granted(1)
    assert len(scene.pacer._chats) < 700
    assert ANNA in scene.pacer._chats


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
