"""The access rule: this person, or this group, is let in, told to wait, or met with silence."""

from __future__ import annotations

from enum import Enum, auto
from typing import Literal

from bot.conversation.people import Chat, Person, Standing

Access = Literal["open", "approved"]


class AccessDecision(Enum):
    """The way in which the bot meets a message."""

    WELCOME = auto()
    SILENCE = auto()
    NEWCOMER = auto()
    """A person whom an admin has to approve first, told so or not."""
    STRANGE_GROUP = auto()
    """A group that an admin has to let in first, and that has not been told so yet."""


def decide_access(
    access: Access, *, person: Person | None, chat: Chat | None, private: bool, admin: bool
) -> AccessDecision:
    """Decide. Admins are always welcome, the blocked never; `person` is None where a channel or a group speaks."""
    if admin:
        return AccessDecision.WELCOME
    if person is not None and person.standing is Standing.BLOCKED:
        return AccessDecision.SILENCE
    if access == "open":
        return AccessDecision.WELCOME
    return _for_person(person) if private else _for_group(chat)


def _for_person(person: Person | None) -> AccessDecision:
    match person.standing if person else Standing.BLOCKED:
        case Standing.APPROVED:
            return AccessDecision.WELCOME
        case Standing.NEW | Standing.WAITING:
            return AccessDecision.NEWCOMER
        case _:
            return AccessDecision.SILENCE


def _for_group(chat: Chat | None) -> AccessDecision:
    if chat is not None and chat.allowed:
        return AccessDecision.WELCOME
    return AccessDecision.SILENCE if chat is not None and chat.refused else AccessDecision.STRANGE_GROUP
