"""What the scripted generator writes in a bench: which text, in how many pieces, in which time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

_WORDS = (
    *("the", "river", "carries", "small", "boats", "past", "old", "houses", "while", "people", "on", "its", "bank"),
    *("talk", "about", "weather", "music", "bread", "and", "distant", "places", "where", "nobody", "they", "know"),
    *("has", "ever", "been", "yet", "every", "evening", "brings", "another", "story", "worth", "telling"),
)
_UNICODE = (
    "日本語の文章はとても速く流れる ",
    "👩‍👩‍👧‍👦 👍🏽 🇺🇦 ❤️‍🔥 🧑🏿‍🚀 ",
    "مرحبا بكم في هذا النص الطويل ",
    "שלום לכולם וברוכים הבאים ",
    "e\u0301a\u0308o\u0302 n\u0303 ",
    "한국어 문장도 빠르게 지나간다 ",
    "हिन्दी में लिखा हुआ पाठ ",
)


@dataclass(frozen=True)
class Script:
    """One answer: its pieces, and the seconds from the first of them to the last, evenly."""

    pieces: tuple[str, ...]
    seconds: float

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def due(self, piece: int) -> float:
        """Seconds after the first piece at which this one is written."""
        return self.seconds * piece / max(1, len(self.pieces) - 1)


def prose(length: int, *, begin: str, paragraph: int = 0) -> str:
    """Plain sentences without any markup, `begin` before them; a paragraph ends after so many characters (0: never)."""
    text, since = [f"Answer {begin} begins here."], 0
    words = cycle(_WORDS)
    size = len(text[0])
    while size < length:
        sentence = " ".join(islice(words, 9)).capitalize() + "."
        since += len(sentence) + 1
        gap = " "
        if paragraph and since > paragraph:
            gap, since = "\n\n", 0
        text.append(gap + sentence)
        size += len(gap) + len(sentence)
    return "".join(text)[: length - 1].rstrip() + "."


def unicode_text(length: int, *, begin: str) -> str:
    """Emoji of several code points, scripts from right to left, CJK, combining marks."""
    text = f"Answer {begin} begins here. "
    parts = cycle(_UNICODE)
    while len(text) < length:
        text += next(parts)
    return text.rstrip() + " end."


def split(text: str, pieces: int) -> Iterator[str]:
    """Cut into so many pieces of nearly equal length, between any two code points."""
    for piece in range(pieces):
        yield text[len(text) * piece // pieces : len(text) * (piece + 1) // pieces]


def script(text: str, *, pieces: int, seconds: float) -> Script:
    return Script(tuple(split(text, pieces)), seconds)
