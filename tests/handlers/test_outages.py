"""A chat hears once that nothing can be stored, and not for a failure that passes at once."""

from __future__ import annotations

from handlers.errors import MAX_OUTAGES, OUTAGE_NOTICE_INTERVAL, Outages
from tests.harness.bot_scene import ANNA, BORIS


def test_the_second_failure_of_an_update_is_news_and_no_other() -> None:
    now = [0.0]
    outages = Outages(lambda: now[0], lambda _chat, _failing: True)
    assert [outages.is_news(ANNA.id, 1) for _ in range(5)] == [False, True, False, False, False]
    assert [outages.is_news(BORIS.id, 2) for _ in range(2)] == [False, True], "each chat for itself"
    assert [outages.is_news(ANNA.id, 3) for _ in range(2)] == [False, False], "and once, whatever else is written"
    now[0] += OUTAGE_NOTICE_INTERVAL + 1
    assert [outages.is_news(ANNA.id, 1) for _ in range(3)] == [False, True, False]


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    outages = Outages(lambda: 0.0, lambda _chat, _failing: True)
    for chat in range(MAX_OUTAGES * 2):
        outages.is_news(chat, chat)
        outages.is_news(chat, chat)
    assert len(outages._told) <= MAX_OUTAGES
    assert len(outages._failing_since) <= MAX_OUTAGES


def test_it_is_said_where_the_chat_is_at_home_and_not_within_an_answer() -> None:
    free: set[int] = set()
    outages = Outages(lambda: 0.0, lambda chat, _failing: chat in free)
    assert [outages.is_news(ANNA.id, 1) for _ in range(5)] == [False] * 5
    free.add(ANNA.id)
    assert [outages.is_news(ANNA.id, 1) for _ in range(2)] == [True, False]


def test_who_decides_hears_for_how_long_the_update_has_come_in_vain() -> None:
    now, heard = [100.0], list[float]()

    def never(_chat: int, failing: float) -> bool:
        heard.append(failing)
        return False

    outages = Outages(lambda: now[0], never)
    for now[0] in (100.0, 107.0, 120.0):
        outages.is_news(ANNA.id, 1)
    assert heard == [7.0, 20.0]
