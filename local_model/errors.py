"""Errors of the local model's server."""

from __future__ import annotations

MAX_REASON_LENGTH = 200
"""Characters of a reason: a status line stays short."""


class LocalModelError(Exception):
    """A question that gets no answer; its text is one line that says why, and goes out as the HTTP reason phrase."""

    @property
    def reason(self) -> str:
        """The text as a reason phrase takes it: one line of printable ASCII."""
        plain = str(self).encode("ascii", "replace").decode()
        words = "".join(character if character.isprintable() else " " for character in plain).split()
        return " ".join(words)[:MAX_REASON_LENGTH] or "the local model failed"
