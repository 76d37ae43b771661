"""Drafts of the bot, and how clients finish them. Pure: `now` is passed in.

A real message takes the place of a draft of its thread that begins like it (Telegram Desktop: at least one common
leading character, the longest wins). Any other draft stays beside the message, a ghost, until 30 seconds after its last
change; an empty one ("Thinking…") begins like nothing. Each draft id is a draft of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from cachetools import FIFOCache

Json = dict[str, Any]

DRAFT_LIFETIME: Final = 30.0
"""Seconds that a draft is shown after its last change."""
MAX_STOPPED_DRAFTS: Final = 100
"""Draft ids of a chat that clients remember as stopped."""


@dataclass(slots=True)
class Draft:
    """A message of the bot that is shown while it is being written; `until` is on the server's clock."""

    id: int
    text: str
    entities: list[Json]
    can_stop: bool
    keep_on_stop: bool
    until: float
    thread: int = 0
    ghost: bool = False
    """A message has come since the last change, and took another place."""
    stopped: bool = False
    """Its Stop was pressed and its text kept: it takes no change any more."""

    def shown(self) -> Json:
        """Return it as the page and the tests see it."""
        return {
            "draft_id": self.id,
            "topic": self.thread,
            "text": self.text,
            "entities": self.entities,
            "can_stop": self.can_stop,
            "ghost": self.ghost,
            "stopped": self.stopped,
        }


class Drafts:
    """The drafts that stand in one chat, in the order in which they appeared."""

    def __init__(self) -> None:
        self._standing: dict[tuple[int, int], Draft] = {}
        self._stopped: FIFOCache[int, None] = FIFOCache(MAX_STOPPED_DRAFTS)

    def __bool__(self) -> bool:
        return bool(self._standing)

    def values(self) -> list[Draft]:
        """Return all drafts, oldest first."""
        return list(self._standing.values())

    def put(self, draft: Draft) -> None:
        """Show a draft, or its next state."""
        self._standing[draft.thread, draft.id] = draft

    def remove(self, draft: Draft) -> None:
        """Take a draft off the screen."""
        self._standing.pop((draft.thread, draft.id), None)

    def stoppable(self, thread: int, draft_id: int | None) -> Draft | None:
        """Return the draft whose Stop can be pressed: the one with this id, else the newest of the thread."""
        found = [draft for draft in self.values() if draft.thread == thread and draft.can_stop]
        return next((draft for draft in reversed(found) if draft_id in (None, draft.id)), None)

    def stop(self, draft: Draft) -> None:
        """Press a draft's Stop: clients ignore further changes of this id."""
        draft.can_stop, draft.stopped = False, True
        self._stopped[draft.id] = None

    def is_stopped(self, draft_id: int) -> bool:
        """Return True for an id whose Stop was pressed."""
        return draft_id in self._stopped

    def adopt(self, thread: int, text: str) -> Draft | None:
        """Remove and return the draft whose place a message takes; every other one of the thread becomes a ghost."""
        here = [draft for draft in self.values() if draft.thread == thread]
        best = max(here, key=lambda draft: common_beginning(draft.text, text), default=None)
        if best is not None and not common_beginning(best.text, text):
            best = None
        for draft in here:
            draft.ghost = True
        if best is not None:
            self.remove(best)
        return best

    def expire(self, now: float) -> list[Draft]:
        """Remove and return the drafts that have outlived their time."""
        gone = [draft for draft in self.values() if draft.until <= now]
        for draft in gone:
            self.remove(draft)
        return gone


def common_beginning(one: str, other: str) -> int:
    """Return how many leading characters two texts have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
