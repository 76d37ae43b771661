"""Thoughts that a model writes into its answer as `<think>…</think>`, told apart while the text streams in."""

from __future__ import annotations

from enum import Enum, auto

from bot.generators.contract import Thought

OPENING = "<think>"
CLOSING = "</think>"
MAX_MARGIN = 256
"""Characters of white space that may stand before the thoughts."""


class _At(Enum):
    START = auto()
    THOUGHT = auto()
    AFTER = auto()
    ANSWER = auto()


class ThoughtSplitter:
    """Takes text in pieces cut anywhere and gives thoughts and answer apart.

    Only thoughts at the very start count: later, `<think>` is something that the answer talks about. White space
    between thoughts and answer belongs to neither. Text without thoughts comes out exactly as it went in.
    """

    def __init__(self) -> None:
        self._held = ""
        self._at = _At.START

    def feed(self, text: str) -> list[str | Thought]:
        """Take a piece; give what is certain by now."""
        self._held += text
        pieces: list[str | Thought] = []
        if self._at is _At.START:
            self._look_for_opening()
        if self._at is _At.THOUGHT:
            pieces += self._think()
        if self._at is _At.AFTER:
            self._held = self._held.lstrip()
            self._at = _At.ANSWER if self._held else _At.AFTER
        if self._at is _At.ANSWER and self._held:
            pieces.append(self._held)
            self._held = ""
        return pieces

    def flush(self) -> list[str | Thought]:
        """Give what was held back, when no more text comes."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [Thought(held) if self._at is _At.THOUGHT else held]

    def _look_for_opening(self) -> None:
        text = self._held.lstrip()
        if text.startswith(OPENING):
            self._held = text[len(OPENING) :]
            self._at = _At.THOUGHT
        elif not OPENING.startswith(text) or len(self._held) > MAX_MARGIN:
            self._at = _At.ANSWER

    def _think(self) -> list[str | Thought]:
        thought, closing, rest = self._held.partition(CLOSING)
        if closing:
            self._at = _At.AFTER
            self._held = rest
        else:
            kept = _beginning_of(CLOSING, self._held)
            thought, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        return [Thought(thought)] if thought else []


def _beginning_of(tag: str, text: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    return next((length for length in range(len(tag) - 1, 0, -1) if text.endswith(tag[:length])), 0)
