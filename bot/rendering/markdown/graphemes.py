"""Grapheme clusters: what people see as one character, such as an emoji of several code points."""

from __future__ import annotations

import unicodedata

import regex  # type: ignore[import-untyped]  # it ships no type information

_CLUSTER = regex.compile(r"\X")
_EMOJI_STYLE = "\ufe0f"


def is_grapheme_boundary(text: str, position: int) -> bool:
    """Tell whether a grapheme cluster ends at this position."""
    return bool(_CLUSTER.match(text, position - 1).end() <= position)


def last_grapheme_boundary(text: str, most: int) -> int | None:
    """Find the last boundary between two clusters at or before `most`, not at the beginning."""
    best: int | None = None
    for cluster in _CLUSTER.finditer(text):
        if cluster.end() > most:
            break
        best = int(cluster.end())
    return best


def columns(text: str) -> int:
    """Count the columns that a text takes in a monospace font: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_columns(cluster) for cluster in _CLUSTER.findall(text))


def _columns(cluster: str) -> int:
    if _EMOJI_STYLE in cluster or any(unicodedata.east_asian_width(character) in "WF" for character in cluster):
        return 2
    return 0 if all(unicodedata.category(character) in {"Mn", "Me", "Cf"} for character in cluster) else 1
