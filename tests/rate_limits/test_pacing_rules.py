"""Each rule of pacing by itself, with its numbers."""

from __future__ import annotations

import math

import pytest

from bot.rate_limits.bot_budget import BOT_RESERVE
from bot.rate_limits.cadence import bucket_gap, draft_gap, learn_tempo, patient_gap, window_gap
from bot.rate_limits.chat_budget import ChatBudget
from bot.rate_limits.limits import DRAFTS, GROUP, PRIVATE_CHAT, BucketLimit, TieredLimit, WindowLimit
from bot.rate_limits.meter import MARGIN, MAX_FLIGHT
from bot.rate_limits.requests import Priority, ReplyStream, Reservation, Resource
from bot.rate_limits.scheduler import SWEEP_INTERVAL, Scheduler
from bot.rate_limits.sliding_window import SlidingWindow
from bot.rate_limits.tiered_window import TieredWindow
from bot.rate_limits.token_bucket import TokenBucket

ANNA, GROUP_CHAT = 1, -1


def private(*, patient: bool = True) -> ChatBudget:
    return ChatBudget(TokenBucket(PRIVATE_CHAT, 0.0), TieredWindow(DRAFTS), patient=patient)


def group() -> ChatBudget:
    return ChatBudget(SlidingWindow(GROUP), TieredWindow(DRAFTS))


def wanted(chat: ChatBudget, priority: Priority, *, at: float, stream: ReplyStream | None = None) -> Reservation:
    reservation = Reservation(ANNA, priority, Resource.MESSAGE, at, stream, 0)
    chat.reservations.append(reservation)
    return reservation


def spend(chat: ChatBudget, slots: int, *, at: float) -> None:
    for _ in range(slots):
        chat.messages.answered(chat.messages.take(at), at)


def test_a_flood_makes_a_chat_twice_as_slow_and_it_recovers_evenly_after_the_hold() -> None:
    chat = private()
    assert chat.slowdown(0.0) == 1.0
    chat.flooded(Resource.MESSAGE, 10.0, 0.0)
    assert chat.held_until == 10.0
    assert [chat.slowdown(at) for at in (5.0, 10.0, 40.0)] == [2.0, 2.0, 1.5], "within a minute"
    assert chat.slowdown(70.0) == chat.slowdown(1e6) == 1.0


def test_floods_in_a_row_make_a_chat_slower_and_slower_but_not_without_bound() -> None:
    chat = private()
    factors = []
    for _ in range(6):
        chat.flooded(Resource.MESSAGE, 1.0, 0.0)
        factors.append(chat.slowdown(1.0))
    assert factors == [2.0, 4.0, 8.0, 8.0, 8.0, 8.0]


@pytest.mark.parametrize("chat", [private(patient=False), group()])
def test_a_slow_chat_has_gaps_as_many_times_longer(chat: ChatBudget) -> None:
    stream = ReplyStream(ANNA, changed_at=1000.0, spare=4.0)
    chat.streams.append(stream)
    usual = chat.room_at(wanted(chat, Priority.CHANGE, at=1000.0, stream=stream), 1000.0) - 1000.0
    chat.slowness, chat.slowed_at = 3.0, 1000.0
    slow = chat.room_at(wanted(chat, Priority.CHANGE, at=1000.0, stream=stream), 1000.0) - 1000.0
    assert slow == pytest.approx(3.0 * usual)
    chat.streams.append(ReplyStream(ANNA))
    shared = chat.room_at(wanted(chat, Priority.CHANGE, at=1000.0, stream=stream), 1000.0) - 1000.0
    assert shared == pytest.approx(6.0 * usual)


@pytest.mark.parametrize("resource", list(Resource))
def test_after_a_hold_there_are_as_few_drafts_as_at_the_moment_of_the_refusal(resource: Resource) -> None:
    chat = private()
    chat.flooded(resource, 100.0, 0.0)
    at_once = private()
    at_once.drafts.drain(100.0)
    assert chat.drafts.free(100.0) == at_once.drafts.free(100.0) < private().drafts.free(100.0)


def test_a_shorter_hold_never_ends_a_longer_one_and_release_ends_all() -> None:
    chat = private()
    for resource in (Resource.MESSAGE, Resource.DRAFT):
        chat.flooded(resource, 100.0, 0.0)
        chat.flooded(resource, 3.0, 0.0)
    assert (chat.held_until, chat.drafts_held_until) == (100.0, 100.0)
    chat.release(50.0)
    assert (chat.held_until, chat.drafts_held_until, chat.slowdown(50.0)) == (0.0, 0.0, 1.0)
    assert chat.messages.free(50.0) == 1
    assert chat.messages.free(54.0) == 5


def test_meters_keep_a_margin_behind_the_servers_clock() -> None:
    bucket, window = TokenBucket(BucketLimit(1, 1.0), 0.0), SlidingWindow(WindowLimit(1, 60.0))
    for meter, comes_back in ((bucket, 1.0), (window, 60.0)):
        meter.answered(meter.take(0.0), 0.0)
        assert meter.when(1, 0.0) == pytest.approx(comes_back + MARGIN)
        assert meter.when(1, comes_back + MARGIN) == comes_back + MARGIN
    assert SlidingWindow(WindowLimit(1, 60.0)).free(0.0) == 1
    window.answered(window.take(100.0), 100.0)
    assert (window.free(160.0), window.free(160.0 + MARGIN)) == (0, 1)


def test_whoever_needs_slots_that_only_answers_give_back_waits_for_the_oldest_flight() -> None:
    for meter in (TokenBucket(BucketLimit(2, 1.0), 0.0), SlidingWindow(WindowLimit(2, 60.0))):
        meter.take(0.0)
        meter.take(5.0)
        assert meter.free(5.0) == 0
        assert meter.when(1, 6.0) == MAX_FLIGHT
        assert meter.when(3, 6.0) == MAX_FLIGHT
        assert meter.when(3, MAX_FLIGHT - 0.004) == MAX_FLIGHT - 0.004 + MARGIN, "nobody looks again at once"


def test_a_request_without_an_answer_counts_from_when_it_is_overdue() -> None:
    bucket, window = TokenBucket(BucketLimit(1, 0.1), 0.0), SlidingWindow(WindowLimit(1, 60.0))
    for meter in (bucket, window):
        meter.take(0.0)
        assert meter.free(MAX_FLIGHT) == 0
    assert bucket.free(MAX_FLIGHT + 5.0) == pytest.approx(0.5)
    assert window.free(MAX_FLIGHT + 59.9) == 0
    assert window.free(MAX_FLIGHT + 60.0 + MARGIN) == 1


def test_a_bucket_that_becomes_smaller_keeps_what_is_taken() -> None:
    bucket = TokenBucket(BucketLimit(10, 1.0), 0.0)
    for _ in range(4):
        bucket.answered(bucket.take(0.0), 0.0)
    bucket.resize(BucketLimit(5, 0.5), 2.0)
    assert (bucket.size, bucket.free(2.0), bucket.free(4.0)) == (5, 3, 4)


def test_what_is_left_after_a_hold_is_little_even_where_more_was_free() -> None:
    bucket, window = TokenBucket(PRIVATE_CHAT, 0.0), SlidingWindow(GROUP)
    for _ in range(18):
        window.answered(window.take(0.0), 0.0)
    bucket.drain(10.0)
    window.drain(10.0)
    assert [bucket.free(at) for at in (5.0, 10.0, 12.0)] == [1, 1, 3], "nothing comes back before it ends"
    assert window.free(10.0) == 2, "what is taken is more than a drain takes"


@pytest.mark.parametrize(
    ("spare", "fills", "gap"),
    [(0, math.inf, 1.0), (4, math.inf, 1 / 3.8), (0, 4.0, 1 / 0.75), (0, 1.0, 2.0), (2, 4.0, 1 / (0.75 * 2.4))],
)
def test_gaps_in_a_private_chat(spare: float, fills: float, gap: float) -> None:
    assert bucket_gap(spare, PRIVATE_CHAT, fills) == pytest.approx(gap)


@pytest.mark.parametrize(("fills", "gap"), [(math.inf, 2.0), (4.0, 4.0), (1.0, 4.0)])
def test_gaps_in_a_chat_that_takes_a_message_every_two_seconds(fills: float, gap: float) -> None:
    assert bucket_gap(0, BucketLimit(5, 0.5), fills) == pytest.approx(gap)


@pytest.mark.parametrize(("changes", "gap"), [(0, 0), (19, 0), (20, 2), (30, 2.5), (40, 3), (500, 3)])
def test_gaps_of_a_message_that_has_changed_often(changes: int, gap: float) -> None:
    assert patient_gap(changes) == gap


@pytest.mark.parametrize(
    ("spare", "drafts", "gap"),
    [
        (40, 0, 0.345),
        (33, 7, 0.345),
        (31.9, 8, 0.405),
        (15, 25, 0.405),
        (14, 26, 1.425),
        (0, 39, 1.425),
        (30, 40, 0.75),
    ],
)
def test_gaps_of_drafts(spare: float, drafts: int, gap: float) -> None:
    assert draft_gap(spare, drafts, DRAFTS) == pytest.approx(gap)


@pytest.mark.parametrize(
    ("spare", "tempo", "gap"),
    [
        (18, 1.0, 3.36),
        (17, 1.0, 5.16),
        (18, 0.75, 3.36),
        (18, 0.5, 1.401),
        (12, 0.5, 1.401),
        (11, 0.5, 10.2),
        (11, 0.6, 5.16),
        (11, 0.594, 10.2),
        (18, 0.0, 0.87),
        (8, 0.0, 0.87),
        (7, 0.0, 10.2),
        (18, 0.25, 1.1355),
        (10, 0.25, 1.1355),
        (9, 0.25, 10.2),
    ],
)
def test_gaps_in_a_group(spare: float, tempo: float, gap: float) -> None:
    assert window_gap(spare, GROUP, tempo, 60.0) == pytest.approx(gap)


@pytest.mark.parametrize(("spare", "returns_in", "gap"), [(13, 47, 3.36), (12, 49, 5.16), (0, 15, 3.36), (0, 16, 5.16)])
def test_gaps_in_a_lively_group_by_what_was_spent(spare: float, returns_in: float, gap: float) -> None:
    assert window_gap(spare, GROUP, 0.8, returns_in) == pytest.approx(gap)


@pytest.mark.parametrize(("since", "tempo"), [(0.0, 0.6), (60.0, 0.6), (60.1, 0.4), (1e9, 0.4)])
def test_what_the_beginning_of_an_answer_teaches(since: float, tempo: float) -> None:
    assert learn_tempo(0.5, since) == pytest.approx(tempo)


def test_the_first_answer_of_a_group_teaches_nothing_and_what_is_known_has_bounds() -> None:
    scheduler = Scheduler(0.0)
    scheduler.open(GROUP_CHAT, 0.0)
    assert scheduler.tempo(GROUP_CHAT, 0.0) == 0.5
    for said, known in ((7.0, 1.0), (-7.0, 0.0), (0.3, 0.3)):
        scheduler.know_tempo(GROUP_CHAT, said, 0.0)
        assert scheduler.tempo(GROUP_CHAT, 0.0) == known
    scheduler.open(GROUP_CHAT, 0.0)
    assert scheduler.tempo(GROUP_CHAT, 0.0) == pytest.approx(0.24)


def test_a_message_in_a_group_that_is_nearly_full_keeps_the_next_ones_slot() -> None:
    chat = group()
    chat.streams.append(ReplyStream(GROUP_CHAT, needs=1, full_at=100.0))
    assert [chat.kept(at) for at in (94.9, 95.0, 95.1, 99.0)] == [1, 1, 2, 2]


def test_a_private_message_that_is_nearly_full_keeps_the_part_of_a_slot_that_does_not_come_by_itself() -> None:
    chat = private()
    chat.streams.append(ReplyStream(ANNA, needs=2, full_at=100.0))
    assert [chat.kept(at) for at in (90.0, 99.5, 100.0, 101.0)] == [2, 2.25, 2.75, 2.75]
    chat.messages = TokenBucket(BucketLimit(5, 0.5), 0.0)
    assert [chat.kept(at) for at in (98.25, 99.25, 100.0)] == [2, 2.5, 2.875]


def test_each_kind_of_call_in_a_private_chat_leaves_what_it_must() -> None:
    chat, stream = private(), ReplyStream(ANNA, needs=2, changed_at=-100.0)
    chat.streams += [stream, ReplyStream(ANNA, needs=1)]
    spend(chat, 4, at=0.0)

    def wait(priority: Priority, mine: ReplyStream | None) -> float:
        return chat.room_at(wanted(chat, priority, at=0.0, stream=mine), 0.0)

    assert wait(Priority.FINAL, stream) == 0.0
    assert wait(Priority.FIRST, stream) == pytest.approx(1.0 + MARGIN)
    assert wait(Priority.ANSWER, None) == wait(Priority.FIRST, None) == pytest.approx(3.0 + MARGIN)
    assert wait(Priority.CHANGE, stream) == pytest.approx(3.0 + MARGIN)


def test_the_beginning_of_an_answer_in_a_group_leaves_an_end_to_one_that_is_still_to_come() -> None:
    chat, stream = group(), ReplyStream(GROUP_CHAT, needs=1)
    chat.streams.append(stream)
    spend(chat, 17, at=0.0)
    assert chat.room_at(wanted(chat, Priority.FIRST, at=0.0, stream=stream), 0.0) == 0.0
    spend(chat, 1, at=0.0)
    assert chat.room_at(wanted(chat, Priority.FIRST, at=0.0, stream=stream), 0.0) == pytest.approx(60.0 + MARGIN)
    assert chat.room_at(wanted(chat, Priority.ANSWER, at=0.0), 0.0) == 0.0
    spend(chat, 1, at=0.0)
    assert chat.room_at(wanted(chat, Priority.ANSWER, at=0.0), 0.0) == pytest.approx(60.0 + MARGIN)


def test_a_chat_of_which_something_has_to_be_remembered_is_not_forgotten() -> None:
    now, scheduler = 1000.0, Scheduler(1000.0)
    rested, held, drafts_held, busy, answered, spent = range(11, 17)
    scheduler.request(rested, Priority.FINAL, Resource.FREE, now)
    scheduler.answered(scheduler.grants(now)[0], now)
    scheduler.hold(held, now + 200, now)
    scheduler.flooded(drafts_held, Resource.DRAFT, 200, now)
    scheduler.open(busy, now)
    scheduler.close(scheduler.open(answered, now + 150), now + 150)
    scheduler.count_others(spent, now + 190, now + 199, now + 199)
    for _ in range(SWEEP_INTERVAL):
        scheduler.request(ANNA, Priority.ANSWER, Resource.FREE, now + 200)
    known = {chat for chat in range(11, 17) if scheduler.knows(chat)}
    assert known == {held, drafts_held, busy, answered, spent}


@pytest.mark.parametrize("text", ["0+1/s", "5+0/s", "5", "+1/s", "5+1/m"])
def test_a_bucket_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"5\+1/s"):
        BucketLimit.parse(text)


@pytest.mark.parametrize("text", ["0/60s", "20/0s", "20", "20/60"])
def test_a_window_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="20/60s"):
        WindowLimit.parse(text)


def test_the_smallest_budgets_are_budgets() -> None:
    assert BucketLimit.parse("1+0.1/s") == BucketLimit(1, 0.1)
    assert WindowLimit.parse("1/0.5s") == WindowLimit(1, 0.5)
    assert WindowLimit.parse("20/60s") == WindowLimit(20, 60.0)
    assert TieredLimit.parse("5/1s+5/2s") == TieredLimit(WindowLimit(5, 1), WindowLimit(5, 2))
    with pytest.raises(ValueError, match="20/5s"):
        TieredLimit.parse("5/2s+5/2s")


def test_more_slots_than_a_budget_has_are_looked_for_again_later() -> None:
    for meter in (TokenBucket(BucketLimit(2, 1.0), 0.0), SlidingWindow(WindowLimit(2, 60.0))):
        assert meter.when(5, 10.0) == 10.0 + MAX_FLIGHT


def test_answers_that_grow_as_drafts_in_one_chat_share_its_pace() -> None:
    chat, stream = private(), ReplyStream(ANNA, changed_at=1000.0, spare=40.0)
    reservation = Reservation(ANNA, Priority.CHANGE, Resource.DRAFT, 1000.0, stream, 0)
    for answers in (1, 2, 3):
        chat.streams.append(ReplyStream(ANNA))
        assert chat.room_at(reservation, 1000.0) == pytest.approx(1000.0 + 0.345 * answers)


@pytest.mark.parametrize("chat", [private(), group()])
def test_a_change_of_an_answer_that_has_just_ended_waits_as_one_that_is_alone(chat: ChatBudget) -> None:
    stream = ReplyStream(ANNA, changed_at=1000.0, spare=4.0)
    ended = chat.room_at(wanted(chat, Priority.CHANGE, at=1000.0, stream=stream), 1000.0)
    chat.streams.append(stream)
    assert ended == chat.room_at(wanted(chat, Priority.CHANGE, at=1000.0, stream=stream), 1000.0) > 1000.0


def test_an_answer_that_has_just_begun_keeps_one_slot_and_has_shown_nothing() -> None:
    chat, stream = private(), ReplyStream(ANNA)
    chat.streams.append(stream)
    assert chat.kept(0.0) == 1.0
    assert (stream.full_at, stream.fills, stream.changed_at) == (math.inf, math.inf, -math.inf)
    assert (stream.spare, stream.changes, stream.drafts) == (0.0, 0, False)


def test_whoever_looks_late_still_finds_what_was_to_go_before() -> None:
    scheduler = Scheduler(0.0)
    scheduler.hold(ANNA, 10.0, 0.0)
    held = scheduler.request(ANNA, Priority.FINAL, Resource.FREE, 0.0)
    assert scheduler.grants(9.9) == []
    assert scheduler.grants(20.0) == [held]


def test_no_chat_is_held_for_less_than_no_time() -> None:
    scheduler = Scheduler(0.0)
    scheduler.hold(ANNA, 10.0, 0.0)
    assert [scheduler.held(ANNA, at) for at in (4.0, 10.0, 20.0)] == [6.0, 0.0, 0.0]
    assert [scheduler.drafts_held(ANNA, at) for at in (4.0, 20.0)] == [6.0, 0.0]
    assert (scheduler.held(2, 20.0), scheduler.drafts_held(2, 20.0)) == (0.0, 0.0)
    scheduler.flooded(2, Resource.DRAFT, 7.0, 20.0)
    assert (scheduler.held(2, 21.0), scheduler.drafts_held(2, 21.0), scheduler.drafts_held(2, 30.0)) == (0.0, 6.0, 0.0)


def test_the_scheduler_wakes_for_whoever_is_first_of_those_that_wait_for_the_bot() -> None:
    scheduler = Scheduler(0.0, bot=BucketLimit(BOT_RESERVE + 1, 1.0))
    stops = [scheduler.request(chat, Priority.FINAL, Resource.MESSAGE, 0.0) for chat in range(10, 10 + BOT_RESERVE + 1)]
    for reservation in scheduler.grants(0.0):
        scheduler.answered(reservation, 0.0)
    urgent, *changes = [
        scheduler.request(chat, priority, Resource.MESSAGE, 0.0)
        for chat, priority in ((20, Priority.FINAL), (21, Priority.CHANGE), (22, Priority.CHANGE))
    ]
    assert stops
    assert scheduler.grants(0.0) == []
    assert scheduler.wake_at(0.0) == pytest.approx(1.0 + MARGIN)
    assert scheduler.grants(1.1) == [urgent]
    assert all(not change.granted for change in changes)
