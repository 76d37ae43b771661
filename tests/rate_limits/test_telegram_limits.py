"""Telegram's limits in its own figures, kept by whoever changes nothing in the settings.

Messages: core.telegram.org/bots/faq, "My bot is hitting limits": one a second in a chat (short bursts pass), twenty a
minute in a group, some thirty a second in all. Drafts and chat actions: core.telegram.org/api/bots/ai.
"""

from __future__ import annotations

import pytest

from bot.rate_limits.requests import Priority, Resource
from bot.rate_limits.scheduler import Scheduler

PERSON, GROUP = 7, -7


def sent(chats: list[int], resource: Resource, seconds: float, *, each: int = 100) -> list[float]:
    """When calls go that all want to go at once, within so many seconds; each is answered at once."""
    scheduler, now, times = Scheduler(0.0), 0.0, list[float]()
    for _ in range(each):
        for chat in chats:
            scheduler.request(chat, Priority.FINAL, resource, now)
    while True:
        for reservation in scheduler.grants(now):
            scheduler.answered(reservation, now)
            times.append(now)
        wake = scheduler.wake_at(now)
        if wake is None or wake > seconds:
            return times
        now = max(now, wake)


def most_within(times: list[float], seconds: float) -> int:
    """The most calls that go in any so many seconds."""
    return max(sum(start <= at < start + seconds for at in times) for start in times)


@pytest.mark.parametrize("seconds", [0.5, 10.5, 50.5])
def test_a_private_chat_gets_five_messages_at_once_and_one_a_second(seconds: float) -> None:
    assert len(sent([PERSON], Resource.MESSAGE, seconds)) == 5 + int(seconds)


def test_a_group_gets_twenty_messages_in_any_minute() -> None:
    times = sent([GROUP], Resource.MESSAGE, 200.0)
    assert len([at for at in times if at < 60.0]) == most_within(times, 60.0) == 20
    assert len(times) == 80, "and all of them in each minute"


def test_all_chats_together_get_thirty_messages_at_once_and_thirty_a_second() -> None:
    people = list(range(1, 200))
    assert len(sent(people, Resource.MESSAGE, 0.0, each=2)) == 30
    assert 30 + 29 * 5 <= len(sent(people, Resource.MESSAGE, 5.0, each=2)) <= 30 + 30 * 5


def test_a_chat_gets_twenty_drafts_in_any_five_seconds_and_forty_in_any_thirty() -> None:
    times = sent([PERSON], Resource.DRAFT, 66.0, each=200)
    assert (most_within(times, 5.0), most_within(times, 30.0)) == (20, 40)
    assert len(times) == 120, "and all of them in each half minute"
