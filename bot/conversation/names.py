"""Names that others chose, of people, chats and files, made fit for a frame of our own."""

from __future__ import annotations

_KEPT = frozenset("\u200c\u200d")
"""Joiners, without which Persian names and composed emoji fall apart."""
_BRACKETS = str.maketrans("[]", "()")


def framed(name: str) -> str:
    """A name in one line: nothing in it ends a frame in square brackets or turns the direction of what follows."""
    shown = "".join(one if one.isprintable() or one in _KEPT else " " for one in name)
    return " ".join(shown.translate(_BRACKETS).split())
