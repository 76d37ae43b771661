from __future__ import annotations

import pytest

from bot.rate_limits.cadence import bucket_gap, window_gap
from bot.rate_limits.limits import GROUP, PRIVATE_CHAT
from tests.bench.floor import ReplyStream, floor_alone, floor_before_others, floor_in_group
from tests.rate_limits.simulation import Answer, Simulation, exact_floor, floor

PRIVATE, GROUP_CHAT = 1, -1


def shown(*answers: Answer, trip: float = 0.015) -> Simulation:
    """Let these answers be shown, and see that the server never refused anything."""
    simulation = Simulation(trip=lambda: trip)
    for answer in answers:
        simulation.show(answer)
    simulation.run()
    assert simulation.refused == 0
    assert all(answer.complete for answer in answers)
    return simulation


def ratio(lasts: float, *, draft: bool = False) -> float:
    answer = Answer(PRIVATE, 1000.0, lasts, pieces=max(20, int(40 * lasts)), draft=draft)
    shown(answer)
    return answer.mean_delay() / floor(answer)


def mean(answers: list[Answer]) -> float:
    return sum(answer.mean_delay() for answer in answers) / len(answers)


@pytest.mark.parametrize("lasts", [10, 11, 12.5, 15, 20, 30, 60, 120])
def test_a_long_private_answer_is_hardly_later_than_it_must_be(lasts: float) -> None:
    assert ratio(lasts) <= 1.25
    assert ratio(lasts, draft=True) <= 1.25


@pytest.mark.parametrize("lasts", [1.5, 2, 3, 4, 5, 6.5, 8, 9.5])
def test_a_short_private_answer_is_little_later_than_it_must_be(lasts: float) -> None:
    assert ratio(lasts) <= 1.5
    assert ratio(lasts, draft=True) <= 1.5


@pytest.mark.parametrize("fills", [330, 365, 400])
@pytest.mark.parametrize("draft", [False, True])
def test_an_answer_over_several_messages_is_hardly_later_than_it_must_be(
    fills: int, draft: bool
) -> None:  # pytest gives it
    answer = Answer(PRIVATE, 1000.0, 10.0, pieces=1200, draft=draft, message=fills)
    shown(answer)
    least = floor_alone(ReplyStream(answer.written, range(fills, 1200, fills), draft=draft))
    assert answer.mean_delay() / least <= 1.3
    assert answer.late() <= 0.3


def test_ten_seconds_in_four_hundred_pieces_are_seen_within_half_a_second() -> None:
    edits = Answer(PRIVATE, 1000.0, 10.0, pieces=400)
    drafts = Answer(PRIVATE, 1000.0, 10.0, pieces=400, draft=True)
    shown(edits)
    shown(drafts)
    assert edits.mean_delay() < 0.43
    assert drafts.mean_delay() < 0.3


@pytest.mark.parametrize("lasts", [0.5, 1, 3, 10, 30, 90])
@pytest.mark.parametrize("chat", [PRIVATE, GROUP_CHAT])
def test_the_end_has_its_place(chat: int, lasts: float) -> None:
    answer = Answer(chat, 1000.0, lasts, pieces=int(40 * lasts))
    shown(answer)
    assert answer.late() < 0.1


def test_five_answers_in_a_row_in_one_group_all_end_in_time() -> None:
    answers = [Answer(GROUP_CHAT, 1000.0 + 10.3 * number, 10.0) for number in range(5)]
    shown(*answers)
    assert max(answer.late() for answer in answers) < 0.1
    assert min(len(answer.shown) for answer in answers) >= 3
    assert mean(answers) <= 1.25 * floor_in_group([ReplyStream(answer.written) for answer in answers])


def test_an_answer_in_a_quiet_group_borrows_from_those_to_come() -> None:
    answer = Answer(GROUP_CHAT, 1000.0, 10.0)
    shown(answer)
    assert answer.mean_delay() <= 1.35 * floor_before_others(ReplyStream(answer.written))


def test_a_group_that_never_rests_is_answered_at_the_pace_of_its_budget() -> None:
    answers = [Answer(GROUP_CHAT, 1000.0 + 10.3 * number, 10.0) for number in range(30)]
    shown(*answers)
    assert max(answer.late() for answer in answers) < 1.0
    assert mean(answers) <= 1.5 * 10 / (2 * 3)


@pytest.mark.parametrize("together", [2, 3, 5])
def test_several_answers_in_one_group_share_its_places(together: int) -> None:
    answers = [Answer(GROUP_CHAT, 1000.0 + 0.4 * number, 10.0) for number in range(together)]
    shown(*answers)
    assert max(answer.late() for answer in answers) < 0.1
    changes = [len(answer.shown) for answer in answers]
    assert min(changes) >= 2
    assert max(changes) - min(changes) <= 3


def test_sixty_private_chats_at_once_are_served_evenly() -> None:
    answers = [Answer(1 + chat, 1000.0, 20.0) for chat in range(60)]
    shown(*answers)
    assert max(answer.late() for answer in answers) < 2.5
    assert mean(answers) <= 1.25 * floor(answers[0], sharing=60)
    changes = [len(answer.shown) for answer in answers]
    assert max(changes) - min(changes) <= 2


@pytest.mark.parametrize("draft", [False, True])
def test_three_hundred_private_chats_at_once_are_all_answered(draft: bool) -> None:  # pytest gives it
    answers = [Answer(1 + chat, 1000.0, 20.0, pieces=100, draft=draft) for chat in range(300)]
    shown(*answers)
    assert max(answer.late() for answer in answers) < 11
    assert mean(answers) <= 1.25 * floor(answers[0], sharing=300)


def test_gaps_widen_as_a_budget_runs_low() -> None:
    for gaps in (
        [bucket_gap(spare, PRIVATE_CHAT) for spare in (4, 3, 2, 1, 0)],
        [window_gap(spare, GROUP) for spare in (18, 14, 10, 6)],
    ):
        assert gaps == sorted(gaps)
    assert bucket_gap(0, PRIVATE_CHAT) == 1 / PRIVATE_CHAT.per_second


def test_the_floor_of_an_even_stream_is_what_an_exhaustive_search_finds() -> None:
    answer = Answer(PRIVATE, 0.0, 5.0, pieces=200)
    found = exact_floor(answer.written, lambda at: 5 + at - 5 / 9, grid=0.1)
    assert found == pytest.approx(floor(answer), rel=0.05)
