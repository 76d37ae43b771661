"""Who may talk with the bot."""

from __future__ import annotations

import pytest

from bot.conversation.people import Chat, Person, Standing
from bot.people.access import Verdict, verdict

NEW, WAITING, APPROVED, BLOCKED = (Person(1, "Anna", standing=standing) for standing in Standing)


def test_open_welcomes_everybody_but_the_blocked() -> None:
    for person in (NEW, WAITING, APPROVED, None):
        assert verdict("open", person=person, chat=None, private=True, admin=False) is Verdict.WELCOME
    assert verdict("open", person=BLOCKED, chat=None, private=False, admin=False) is Verdict.SILENCE


@pytest.mark.parametrize(
    ("person", "expected"),
    [(NEW, Verdict.NEWCOMER), (WAITING, Verdict.SILENCE), (APPROVED, Verdict.WELCOME), (BLOCKED, Verdict.SILENCE)],
)
def test_approved_lets_the_approved_in(person: Person, expected: Verdict) -> None:
    assert verdict("approved", person=person, chat=None, private=True, admin=False) is expected


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        (None, Verdict.STRANGE_GROUP),
        (Chat(-1, "group"), Verdict.STRANGE_GROUP),
        (Chat(-1, "group", refused=True), Verdict.SILENCE),
        (Chat(-1, "group", allowed=True), Verdict.WELCOME),
    ],
)
def test_groups_are_let_in_as_a_whole(chat: Chat | None, expected: Verdict) -> None:
    for person in (NEW, APPROVED, None):
        assert verdict("approved", person=person, chat=chat, private=False, admin=False) is expected
    assert verdict("approved", person=BLOCKED, chat=chat, private=False, admin=False) is Verdict.SILENCE


def test_admins_are_always_welcome() -> None:
    assert verdict("approved", person=BLOCKED, chat=None, private=False, admin=True) is Verdict.WELCOME
