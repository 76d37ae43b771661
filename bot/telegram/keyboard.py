"""Buttons under a message: plain values that need no Telegram library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: it sends `data` back (at most 64 bytes), opens `url`, or copies `copy`."""

    text: str
    data: str = ""
    url: str = ""
    copy: str = ""


Keyboard = tuple[tuple[Button, ...], ...]
"""Rows of buttons, from top to bottom."""
