"""Messages of an admin to many chats. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class BroadcastAudience(StrEnum):
    """The chats that a broadcast goes to."""

    PEOPLE = "people"
    """Everybody who has written to the bot in private; with `days`: in so many days."""
    GROUPS = "groups"
    """Groups in which the bot may write."""


class BroadcastState(StrEnum):
    """State of a broadcast."""

    SHOWN = "shown"
    """The admin has seen it, and has not decided yet."""
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class MessageCopy:
    """A message that Telegram copies to each chat: a picture, a recording, a file."""

    chat: int
    message_id: int
    caption: str | None = None
    """Text in the place of its own caption, which may be empty; None: its own."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One broadcast, and how far it has come."""

    id: int
    bot: int
    admin: int
    language: str
    """The language of the admin who hears of its end."""
    message: dict[str, Any]
    """Text and entities as they are sent, or the fields of a MessageCopy."""
    audience: BroadcastAudience
    days: int
    """People who wrote in so many days; 0: whenever."""
    state: BroadcastState
    sent: int = 0
    blocked: int = 0
    failed: int = 0
