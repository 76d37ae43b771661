"""Telegram's own streaming: a draft that grows in a private chat, until a real message takes its place."""

from __future__ import annotations

from collections.abc import Callable

from bot.rendering.entities import Formatted
from bot.runtime.clock import Clock
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination

DRAFT_LIFETIME = 30.0
"""Seconds for which a draft stands after its last update (Bot API, sendMessageDraft)."""
DRAFT_RENEW_INTERVAL = 20.0
"""Seconds after which an unchanged draft is sent again, well within its lifetime."""
THINKING_DELAY = 0.3
"""Seconds without any text after which "Thinking…" is shown, with its Stop button."""


class Draft:
    """The draft of one answer; call `refused` where drafts do not work: the next answers do without."""

    def __init__(
        self, telegram: Telegram, to: Destination, draft_id: int, clock: Clock, refused: Callable[[], None]
    ) -> None:
        self._telegram, self._to, self._id, self._clock = telegram, to, draft_id, clock
        self.refused = refused
        self._shown: Formatted | None = None
        self._shown_at = clock.now()
        self._due = clock.now() + THINKING_DELAY

    @property
    def due(self) -> float:
        """Time at which it has to be sent (again) although nothing is new."""
        return self._due

    @property
    def is_empty(self) -> bool:
        """Tell whether no text stands in it yet."""
        return self._shown is None or not self._shown.text

    def needs(self, what: Formatted) -> bool:
        """Tell whether a call is needed to show that."""
        return what != self._shown or self._clock.now() >= self._due

    def would_linger(self, message: Formatted) -> bool:
        """Tell whether clients would leave the draft beside this message instead of putting the message in its stead.

        They do where the two do not begin alike, and an empty draft ("Thinking…") begins like nothing.
        """
        if self._shown is None or self._clock.now() > self._shown_at + DRAFT_LIFETIME:
            return False
        drafted = self._shown.text
        return not drafted or not (message.text.startswith(drafted) or drafted.startswith(message.text))

    async def show(self, what: Formatted) -> None:
        """Show a text; an empty one is shown as "Thinking…". Raises DraftRefused where this does not work."""
        await self._telegram.draft(self._to, self._id, what)
        self._shown, self._shown_at = what, self._clock.now()
        self._due = self._clock.now() + DRAFT_RENEW_INTERVAL

    def removed(self) -> None:
        """Note that a message was sent, which takes the draft away: the next text makes it anew."""
        self._shown = None
        self._due = self._clock.now() + THINKING_DELAY
