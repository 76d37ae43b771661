"""Requests for slots: their order, the budget that each spends, and the replies that they belong to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto

from bot.rate_limits.meter import Meter


class Priority(IntEnum):
    """The order of waiting: the purpose of a call."""

    FINAL = auto()
    """A final state: the end of an answer."""
    FIRST = auto()
    """The first text of a message."""
    ANSWER = auto()
    """The answer to a command or a button."""
    CHANGE = auto()
    """A change in between: more text of an answer that goes on."""


class Resource(Enum):
    """The budget of a chat that a call spends."""

    MESSAGE = auto()
    """Messages and edits; they spend the bot's budget too."""
    DRAFT = auto()
    """Drafts and chat actions: a budget and holds of their own, and none of the bot's."""
    FREE = auto()
    """No budget, but nothing goes while the chat's messages are held."""


@dataclass(slots=True, eq=False)
class ReplyStream:
    """An answer in progress: it keeps `needs` slots free for its final states."""

    chat: int
    needs: int = 1
    full_at: float = math.inf
    """Time at which it will need another message, as far as anybody can tell."""
    fills: float = math.inf
    """Seconds in which it fills a message: each costs a call more."""
    changed_at: float = -math.inf
    """Time of its last change."""
    spare: float = 0.0
    """Slots that were to spare after its last change."""
    changes: int = 0
    """Changes of the message that it is writing, or drafts of the answer."""
    drafts: bool = False
    """True where its changes are drafts; full messages have another budget then."""


@dataclass(slots=True, eq=False)
class Reservation:
    """A slot that somebody wants, waits for or uses: from the request to the answer of the call."""

    chat: int
    priority: Priority
    resource: Resource
    since: float
    stream: ReplyStream | None
    number: int
    due: float = 0.0
    """Time at which its chat will have room; 0 while it competes for the bot's budget."""
    granted: bool = False
    before: tuple[float, float, int] | None = None
    """The stream's last change (time, slots to spare, number) before this one was granted."""
    slots: list[tuple[Meter, int]] = field(default_factory=list)
