"""Whether this person, or this group, may talk with the bot."""

from __future__ import annotations

from enum import Enum, auto
from typing import Literal

from bot.conversation.people import Chat, Person, Standing

Access = Literal["open", "approved"]


class Verdict(Enum):
    """How the bot meets a message."""

    WELCOME = auto()
    SILENCE = auto()
    NEWCOMER = auto()
    """A person whom an admin has to approve first, and who has not been told so yet."""
    STRANGE_GROUP = auto()
    """A group that an admin has to let in first, and that has not been told so yet."""


def verdict(access: Access, *, person: Person | None, chat: Chat | None, private: bool, admin: bool) -> Verdict:
    """Decide. Admins are always welcome, the blocked never; `person` is None where a channel or a group speaks."""
    if admin:
        return Verdict.WELCOME
    if person is not None and person.standing is Standing.BLOCKED:
        return Verdict.SILENCE
    if access == "open":
        return Verdict.WELCOME
    return _for_person(person) if private else _for_group(chat)


def _for_person(person: Person | None) -> Verdict:
    match person.standing if person else Standing.BLOCKED:
        case Standing.APPROVED:
            return Verdict.WELCOME
        case Standing.NEW:
            return Verdict.NEWCOMER
        case _:
            return Verdict.SILENCE


def _for_group(chat: Chat | None) -> Verdict:
    if chat is not None and chat.allowed:
        return Verdict.WELCOME
    return Verdict.SILENCE if chat is not None and chat.refused else Verdict.STRANGE_GROUP
