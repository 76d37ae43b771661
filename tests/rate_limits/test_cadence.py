from __future__ import annotations

from itertools import pairwise

import pytest

from bot.rate_limits.cadence import (
    LIVELY_TEMPO,
    UNKNOWN_TEMPO,
    bucket_gap,
    draft_gap,
    learn_tempo,
    window_gap,
)
from bot.rate_limits.limits import DRAFTS, GROUP, PRIVATE_CHAT
from tests.benchmarks.floor import ReplyStream, floor_alone, floor_before_more, floor_in_group
from tests.rate_limits.simulation import Answer, Simulation, exact_floor, floor

PRIVATE, GROUP_CHAT = 1, -1


def shown(*answers: Answer, trip: float = 0.015, patient_edits: bool = False, tempo: float | None = None) -> Simulation:
    """Let these answers be shown, and see that the server never refused anything; `tempo`: of the group."""
    simulation = Simulation(trip=lambda: trip, patient_edits=patient_edits)
    if tempo is not None:
        simulation.scheduler.know_tempo(GROUP_CHAT, tempo, simulation.now)
    for answer in answers:
        simulation.show(answer)
    simulation.run()
    assert simulation.refused == 0
    assert all(answer.complete for answer in answers)
    return simulation


def ratio(lasts: float) -> float:
    answer = Answer(PRIVATE, 1000.0, lasts, pieces=max(20, int(40 * lasts)))
    shown(answer)
    return answer.mean_delay() / floor(answer)


def drafted(lasts: float) -> Answer:
    answer = Answer(PRIVATE, 1000.0, lasts, pieces=max(20, int(40 * lasts)), draft=True)
    shown(answer)
    return answer


def mean(answers: list[Answer]) -> float:
    return sum(answer.mean_delay() for answer in answers) / len(answers)


@pytest.mark.parametrize("lasts", [10, 11, 12.5, 15, 20, 30, 60, 120])
def test_a_long_private_answer_is_hardly_later_than_it_must_be(lasts: float) -> None:
    assert ratio(lasts) <= 1.25


@pytest.mark.parametrize("lasts", [1.5, 2, 3, 4, 5, 6.5, 8, 9.5])
def test_a_short_private_answer_is_little_later_than_it_must_be(lasts: float) -> None:
    assert ratio(lasts) <= 1.5


@pytest.mark.parametrize(
    ("lasts", "delay"), [(1, 0.25), (3, 0.25), (10, 0.25), (20, 0.5), (30, 0.6), (60, 0.5), (300, 0.5)]
)
def test_drafts_follow_the_text_closely_however_long_it_becomes(lasts: float, delay: float) -> None:
    answer = drafted(lasts)
    assert answer.mean_delay() <= delay
    assert answer.late() <= 0.1


def test_the_first_ten_seconds_by_drafts_are_as_prompt_as_a_whole_minute_leaves_room_for() -> None:
    answer = drafted(10)
    assert answer.mean_delay() <= 1.25 * floor_before_more(ReplyStream(answer.written, draft=True))


def test_the_gaps_of_drafts_never_make_anybody_wait_long() -> None:
    times = [at for at, _ in drafted(120).shown]
    assert max(later - earlier for earlier, later in pairwise(times)) < 2.5


def test_a_message_that_has_changed_often_changes_every_two_to_three_seconds() -> None:
    answer = Answer(PRIVATE, 1000.0, 120.0, pieces=4800)
    shown(answer, patient_edits=True)
    times = [at for at, _ in answer.shown]
    assert answer.late() <= 0.1
    late_gaps = [later - earlier for earlier, later in pairwise(times[21:-1])]
    assert min(late_gaps) >= 2.0, "after some 20 changes: .env.example, PATIENT_EDITS"
    assert max(late_gaps) <= 3.1
    assert late_gaps == sorted(late_gaps, key=lambda gap: round(gap, 2))


@pytest.mark.parametrize("lasts", [1, 3, 6, 10])
def test_patience_changes_nothing_for_answers_up_to_ten_seconds(lasts: float) -> None:
    patient, quick = [Answer(PRIVATE, 1000.0, lasts) for _ in range(2)]
    shown(patient, patient_edits=True)
    shown(quick)
    assert patient.shown == quick.shown


def test_patience_begins_anew_with_each_message() -> None:
    answer = Answer(PRIVATE, 1000.0, 60.0, pieces=2400, message=400)
    quick = Answer(PRIVATE, 1000.0, 60.0, pieces=2400, message=400)
    shown(answer, patient_edits=True)
    shown(quick)
    assert answer.mean_delay() == pytest.approx(quick.mean_delay(), rel=0.01)


@pytest.mark.parametrize("fills", [330, 365, 400])
@pytest.mark.parametrize("draft", [False, True])
def test_an_answer_over_several_messages_is_hardly_later_than_it_must_be(
    fills: int, draft: bool
) -> None:  # pytest gives it
    answer = Answer(PRIVATE, 1000.0, 10.0, pieces=1200, draft=draft, message=fills)
    shown(answer)
    least = floor_alone(ReplyStream(answer.written, range(fills, 1200, fills), draft=draft))
    assert answer.mean_delay() / least <= (2.0 if draft else 1.3)  # drafts keep slots for thirty seconds
    assert answer.late() <= 0.3


def test_ten_seconds_in_four_hundred_pieces_are_seen_within_half_a_second() -> None:
    edits = Answer(PRIVATE, 1000.0, 10.0, pieces=400)
    drafts = Answer(PRIVATE, 1000.0, 10.0, pieces=400, draft=True)
    shown(edits)
    shown(drafts)
    assert edits.mean_delay() < 0.43
    assert drafts.mean_delay() < 0.25


@pytest.mark.parametrize("lasts", [0.5, 1, 3, 10, 30, 90])
@pytest.mark.parametrize("chat", [PRIVATE, GROUP_CHAT])
def test_the_end_has_its_place(chat: int, lasts: float) -> None:
    answer = Answer(chat, 1000.0, lasts, pieces=int(40 * lasts))
    shown(answer)
    assert answer.late() < 0.1


ALONE, LIVELY = 0.05, 0.95
"""What a group teaches after some ten answers."""


def in_a_row(answers: int) -> list[Answer]:
    return [Answer(GROUP_CHAT, 1000.0 + 10.3 * number, 10.0) for number in range(answers)]


@pytest.mark.parametrize(("tempo", "delay"), [(ALONE, 0.5), (None, 0.7)])
@pytest.mark.parametrize("trip", [0.001, 0.03])
def test_one_answer_in_a_quiet_or_unknown_group_is_prompt(tempo: float | None, delay: float, trip: float) -> None:
    answer = Answer(GROUP_CHAT, 1000.0, 10.0)
    shown(answer, tempo=tempo, trip=trip)
    assert answer.mean_delay() <= delay
    assert answer.late() < 0.1


@pytest.mark.parametrize(("tempo", "delay"), [(None, 2.3), (LIVELY, 1.7)])
@pytest.mark.parametrize("trip", [0.001, 0.03])
def test_five_answers_in_a_row_share_a_groups_minute(tempo: float | None, delay: float, trip: float) -> None:
    answers = in_a_row(5)
    shown(*answers, tempo=tempo, trip=trip)
    assert mean(answers) <= delay
    assert max(answer.late() for answer in answers) < 0.1


@pytest.mark.parametrize("tempo", [None, 0.6, 0.65, 0.8, 0.9, LIVELY, 1.0])
@pytest.mark.parametrize("every", [10.03, 10.3])
def test_five_answers_in_a_row_are_all_seen_to_begin_in_a_group_of_some_life(tempo: float | None, every: float) -> None:
    answers = [Answer(GROUP_CHAT, 1000.0 + every * number, 10.0) for number in range(5)]
    shown(*answers, tempo=tempo)
    assert max(answer.shown[0][0] - answer.begins for answer in answers) < 0.5


def test_even_gaps_take_no_more_than_comes_back() -> None:
    even, sparing = window_gap(18.0, GROUP, LIVELY, 60.0), window_gap(16.0, GROUP, LIVELY, 60.0)
    assert even < sparing
    assert window_gap(16.0, GROUP, LIVELY, 50.0) == even, "ten seconds later four more slots were to be spent"


def test_answers_that_follow_one_another_in_a_lively_group_are_near_the_least_possible_delay() -> None:
    answers = in_a_row(5)
    shown(*answers, tempo=LIVELY)
    assert mean(answers) <= 1.1 * floor_in_group([ReplyStream(answer.written) for answer in answers])


@pytest.mark.parametrize("tempo", [0.0, ALONE, 0.3, None, 0.7, LIVELY, 1.0])
@pytest.mark.parametrize(("lasts", "every"), [(10, 10.3), (20, 20.3), (10, 15), (8, 25), (30, 31), (10, 70)])
def test_every_answer_in_a_group_is_complete_in_time_whatever_was_learned(
    tempo: float | None, lasts: float, every: float
) -> None:
    answers = [Answer(GROUP_CHAT, 1000.0 + every * number, lasts) for number in range(12)]
    shown(*answers, tempo=tempo)
    assert max(answer.late() for answer in answers) < 1.0


@pytest.mark.parametrize(("every", "tempo"), [(10.3, LIVELY_TEMPO), (70, 0.1)])
def test_a_group_teaches_how_lively_it_is(every: float, tempo: float) -> None:
    simulation = shown(*[Answer(GROUP_CHAT, 1000.0 + every * number, 10.0) for number in range(10)])
    learned = simulation.scheduler.tempo(GROUP_CHAT, simulation.now)
    assert learned >= tempo if tempo > UNKNOWN_TEMPO else learned <= tempo


def test_what_a_group_teaches_depends_on_a_minute_and_stays_within_bounds() -> None:
    assert learn_tempo(0.5, 60.0) > 0.5 > learn_tempo(0.5, 60.1), "a group's window is a minute"
    assert learn_tempo(1.0, 0.0) == 1.0
    assert learn_tempo(0.0, 100.0) == 0.0


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


def test_three_hundred_private_chats_at_once_are_all_answered() -> None:
    answers = [Answer(1 + chat, 1000.0, 20.0, pieces=100) for chat in range(300)]
    shown(*answers)
    assert max(answer.late() for answer in answers) < 11
    assert mean(answers) <= 1.25 * floor(answers[0], sharing=300)


def test_drafts_in_three_hundred_chats_are_as_prompt_as_in_one() -> None:
    answers = [Answer(1 + chat, 1000.0, 20.0, pieces=100, draft=True) for chat in range(300)]
    shown(*answers)
    assert max(answer.late() for answer in answers) < 11
    assert mean([answer for answer in answers if answer.late() < 1]) <= 0.5


def test_gaps_widen_as_a_budget_runs_low() -> None:
    for gaps in (
        [bucket_gap(spare, PRIVATE_CHAT) for spare in (4, 3, 2, 1, 0)],
        [window_gap(spare, GROUP, UNKNOWN_TEMPO, 60.0) for spare in (18, 14, 10, 6)],
        [window_gap(spare, GROUP, 0.0, 60.0) for spare in (18, 14, 10, 6)],
        [window_gap(spare, GROUP, LIVELY, 30.0) for spare in (18, 14, 10, 6)],
        [draft_gap(spare, 0, DRAFTS) for spare in (40, 30, 20, 10, 1)],
    ):
        assert gaps == sorted(gaps)
    assert bucket_gap(0, PRIVATE_CHAT) == 1.0, "a private chat takes a message a second"


def test_the_floor_of_an_even_stream_is_what_an_exhaustive_search_finds() -> None:
    answer = Answer(PRIVATE, 0.0, 5.0, pieces=200)
    found = exact_floor(answer.written, lambda at: 5 + at - 5 / 9, grid=0.1)
    assert found == pytest.approx(floor(answer), rel=0.05)
