"""People and chats, as the bot last saw them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Standing(StrEnum):
    """Access of a person, where an admin approves newcomers."""

    NEW = "new"
    """Never asked for anything yet."""
    WAITING = "waiting"
    """Told to wait; the admins have been asked."""
    APPROVED = "approved"
    BLOCKED = "blocked"
    """Gets no answer at all."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wrote to the bot, as Telegram named them the last time."""

    id: int
    name: str
    username: str = ""
    language: str = ""
    """Telegram's language code of their app, or empty."""
    standing: Standing = Standing.NEW
    admin: bool = False
    seen: float = field(default=0.0, compare=False)
    """Unix time, to the hour, when they wrote last; 0: unknown."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as the bot last saw it."""

    id: int
    kind: str
    """Telegram's word: `private`, `group`, `supergroup`, `channel`."""
    title: str = ""
    language: str = ""
    """Telegram's language code of the first person who spoke in this group, or added the bot; for those without one."""
    allowed: bool = False
    """An admin let this group in."""
    greeted: bool = False
    """The bot has said how it works here."""
    refused: bool = False
    """The one polite line to a group that is not let in has been said."""
    writable: bool = True
    """False after being blocked, removed or muted here."""
    present: bool = True
    """The bot is a member."""
    hold_until: float = 0.0
    """Unix time until which Telegram asked to send nothing here."""
