"""Pages: what a message of an answer should show next, and when it will be full."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.rendering.entities import Formatted, utf16_length
from bot.telegram.keyboard import Keyboard

MIN_MEASURED_DURATION = 0.2
"""Seconds after which the speed of an answer is known well enough."""
TYPICAL_MESSAGE_LENGTH = 3800
"""UTF-16 units of a message that is cut at a paragraph or a line."""


@dataclass(frozen=True, slots=True)
class Page:
    """A desired state of one message. `full`: for good; `last`: the answer is complete with it."""

    what: Formatted
    keyboard: Keyboard = ()
    full: bool = False
    last: bool = False


class FullnessForecast:
    """Expects when a message will be full, so that the next one's slot is kept in time."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._before = 0
        self.full_at = math.inf
        """Time at which the message will be full."""
        self.fills = math.inf
        """Seconds in which the answer fills a message."""

    def note(self, page: Page | None, now: float) -> None:
        """Learn from what is shown now."""
        if page is None:
            return
        if self._began is None:
            self._began = now
        length = utf16_length(page.what.text)
        written = self._before + length
        if now - self._began > MIN_MEASURED_DURATION and written:
            self.fills = TYPICAL_MESSAGE_LENGTH * (now - self._began) / written
            self.full_at = now + self.fills * max(0, TYPICAL_MESSAGE_LENGTH - length) / TYPICAL_MESSAGE_LENGTH
        if page.full:
            self._before = written
