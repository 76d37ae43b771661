"""A chat hears once that nothing can be stored, and not for a failure that passes at once."""

from __future__ import annotations

from handlers.errors import MAX_OUTAGES, OUTAGE_NOTICE_INTERVAL, Outages
from tests.harness.bot_scene import ANNA, BORIS


def test_the_second_failure_of_an_outage_is_news_and_no_other() -> None:
    now = [0.0]
    outages = Outages(lambda: now[0], lambda _chat: True)
    assert [outages.is_news(ANNA.id) for _ in range(5)] == [False, True, False, False, False]
    assert [outages.is_news(BORIS.id) for _ in range(2)] == [False, True], "each chat for itself"
    now[0] += OUTAGE_NOTICE_INTERVAL + 1
    assert [outages.is_news(ANNA.id) for _ in range(3)] == [False, True, False]


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    outages = Outages(lambda: 0.0, lambda _chat: True)
    for chat in range(MAX_OUTAGES * 2):
        outages.is_news(chat)
    assert len(outages._chats) <= MAX_OUTAGES


def test_it_is_said_where_the_chat_is_at_home_and_not_within_an_answer() -> None:
    free: set[int] = set()
    outages = Outages(lambda: 0.0, free.__contains__)
    assert [outages.is_news(ANNA.id) for _ in range(5)] == [False] * 5
    free.add(ANNA.id)
    assert [outages.is_news(ANNA.id) for _ in range(2)] == [True, False]
