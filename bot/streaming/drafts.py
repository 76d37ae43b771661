"""Telegram's own streaming: a draft that grows in a private chat, until a real message takes its place."""

from __future__ import annotations

from collections.abc import Callable

from bot.rendering.entities import Formatted
from bot.runtime.clock import Clock
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination

DRAFT_RENEW_INTERVAL = 20.0
"""Seconds after which an unchanged draft is sent again: its preview lasts 30 (Bot API, sendMessageDraft)."""
THINKING_DELAY = 0.3
"""Seconds without any text after which "Thinking…" is shown, with its Stop button."""


class Draft:
    """The draft of one answer."""

    def __init__(
        self, telegram: Telegram, place: Destination, draft_id: int, clock: Clock, refused: Callable[[], None]
    ) -> None:
        self._telegram, self._place, self._id, self._clock = telegram, place, draft_id, clock
        self.refused = refused
        """To be called where drafts do not work: the next answers do without."""
        self._shown: Formatted | None = None
        self._due = clock.now() + THINKING_DELAY

    @property
    def due(self) -> float:
        """When it has to be sent (again) although nothing is new."""
        return self._due

    @property
    def is_empty(self) -> bool:
        """Whether no text stands in it yet."""
        return self._shown is None or not self._shown.text

    def needs(self, what: Formatted) -> bool:
        """Whether a call is needed to show that."""
        return what != self._shown or self._clock.now() >= self._due

    async def show(self, what: Formatted) -> None:
        """Show a text; an empty one is shown as "Thinking…". Raises DraftRefused where this does not work."""
        await self._telegram.draft(self._place, self._id, what, can_stop=True)
        self._shown = what
        self._due = self._clock.now() + DRAFT_RENEW_INTERVAL

    def removed(self) -> None:
        """A message was sent, which takes the draft away: the next text makes it anew."""
        self._shown = None
        self._due = self._clock.now() + THINKING_DELAY
