"""What can go wrong in front of the local model."""

from __future__ import annotations

LONGEST = 200
"""Characters of a reason: a status line stays short."""


class LocalModelProblem(Exception):
    """A question that gets no answer; its text is one line that says why, and goes out as the HTTP reason phrase."""

    @property
    def reason(self) -> str:
        """The text as a reason phrase takes it: one line of printable ASCII."""
        plain = str(self).encode("ascii", "replace").decode()
        words = "".join(character if character.isprintable() else " " for character in plain).split()
        return " ".join(words)[:LONGEST] or "the local model failed"
