"""Who may talk with the bot."""

from __future__ import annotations

import pytest

from bot.conversation.people import Chat, Person, Standing
from bot.people.access import AccessDecision, decide_access

NEW, WAITING, APPROVED, BLOCKED = (Person(1, "Anna", standing=standing) for standing in Standing)


def test_open_welcomes_everybody_but_the_blocked() -> None:
    for person in (NEW, WAITING, APPROVED, None):
        assert decide_access("open", person=person, chat=None, private=True, admin=False) is AccessDecision.WELCOME
    assert decide_access("open", person=BLOCKED, chat=None, private=False, admin=False) is AccessDecision.SILENCE


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (NEW, AccessDecision.NEWCOMER),
        (WAITING, AccessDecision.NEWCOMER),
        (APPROVED, AccessDecision.WELCOME),
        (BLOCKED, AccessDecision.SILENCE),
    ],
)
def test_approved_lets_the_approved_in(person: Person, expected: AccessDecision) -> None:
    assert decide_access("approved", person=person, chat=None, private=True, admin=False) is expected


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        (None, AccessDecision.STRANGE_GROUP),
        (Chat(-1, "group"), AccessDecision.STRANGE_GROUP),
        (Chat(-1, "group", refused=True), AccessDecision.SILENCE),
        (Chat(-1, "group", allowed=True), AccessDecision.WELCOME),
    ],
)
def test_groups_are_let_in_as_a_whole(chat: Chat | None, expected: AccessDecision) -> None:
    for person in (NEW, APPROVED, None):
        assert decide_access("approved", person=person, chat=chat, private=False, admin=False) is expected
    assert decide_access("approved", person=BLOCKED, chat=chat, private=False, admin=False) is AccessDecision.SILENCE


def test_admins_are_always_welcome() -> None:
    assert decide_access("approved", person=BLOCKED, chat=None, private=False, admin=True) is AccessDecision.WELCOME
