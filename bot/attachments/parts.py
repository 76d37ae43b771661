"""Parts of a question that attachments become."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.conversation.window import estimate

MAX_CHARACTERS_PER_TOKEN = 5
"""Characters that the estimate counts as one token, at the most: four letters and a space before them."""
RECORDING = "Recording"
"""Name of a transcript for the generator."""


class Unit(StrEnum):
    """Units in which a document's length is counted."""

    LINES = "lines"
    PAGES = "pages"
    SLIDES = "slides"


@dataclass(frozen=True, slots=True)
class Omission:
    """Arguments of the line that says what of a document was left out; `key` names it in the Fluent files."""

    name: str
    unit: Unit
    kept: int
    total: int
    key: str = "attachment-cut"


@dataclass(frozen=True, slots=True)
class TextPart:
    """The text of a document, or its beginning."""

    name: str
    text: str
    unit: Unit
    kept: int
    """Whole units in `text`; 0 means that `text` is the beginning of the first one."""
    total: int
    """Units in the document."""
    starts: tuple[int, ...] = ()
    """Index of the line each page or slide begins with; empty where the unit is the line."""
    title: str = "Document"
    """Name of this kind of text for the generator."""

    @property
    def whole(self) -> bool:
        """Nothing was left out."""
        return self.kept == self.total

    @property
    def omission(self) -> Omission | None:
        """The line for the person about a text that is not whole."""
        return None if self.whole else Omission(self.name, self.unit, self.kept, self.total)

    @property
    def weight(self) -> int:
        """Bytes in memory, roughly."""
        return 2 * len(self.text) + 8 * len(self.starts)

    def within(self, tokens: int) -> TextPart:
        """The beginning in whole lines that costs at most `tokens`; of one huge line, a part."""
        lines = self.text.split("\n")
        kept, left = 0, tokens
        for line in lines:
            left -= _line_cost(line, left)
            if left < 0:
                break
            kept += 1
        if kept == len(lines):
            return self
        if kept == 0:
            return replace(self, text=_beginning(lines[0], tokens), kept=0)
        return replace(self, text="\n".join(lines[:kept]), kept=self._units_within(kept))

    def as_prompt(self) -> str:
        """The document as the generator reads it: its name, how much of it, and its text in a fence of its own."""
        fence = "```"
        while fence in self.text:
            fence += "`"
        name = self.name.replace("`", "'")
        return f"{self.title} {name}{self._extent()}:\n{fence}\n{self.text}\n{fence}"

    def _extent(self) -> str:
        if self.whole:
            return ""
        if self.kept:
            return f", the first {self.kept} of {self.total} {self.unit.value}"
        return f", the beginning of its first {self.unit.value.removesuffix('s')}"

    def _units_within(self, lines: int) -> int:
        """Units that end within the first `lines` lines: a page ends where the next one begins."""
        if self.unit is Unit.LINES:
            return min(lines, self.kept)
        return min(max(bisect_right(self.starts, lines) - 1, 0), self.kept)


@dataclass(frozen=True, slots=True)
class PicturePart:
    """A picture for a model that sees: upright, small, without metadata."""

    name: str
    content: bytes
    mime_type: str
    """`image/jpeg` or `image/png`."""
    width: int
    height: int

    @property
    def weight(self) -> int:
        """Bytes in memory, roughly."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class TranscriptPart:
    """The words of a recording."""

    name: str
    text: str
    duration: float | None
    """Seconds, where known."""

    def as_text(self) -> TextPart:
        """The same as a text, which can be cut."""
        lines = self.text.count("\n") + 1
        return TextPart(self.name, self.text, Unit.LINES, lines, lines, title=RECORDING)

    @property
    def weight(self) -> int:
        """Bytes in memory, roughly."""
        return 2 * len(self.text)


Part = TextPart | PicturePart | TranscriptPart


def _line_cost(line: str, left: int) -> int:
    """Tokens of a line and its end; of one that surely costs more than `left`, only that it does."""
    if len(line) > (left + 1) * MAX_CHARACTERS_PER_TOKEN:
        return left + 1
    return estimate(line) + 1


def _beginning(line: str, tokens: int) -> str:
    """As much of one line as costs at most `tokens`."""
    low, high = 0, min(len(line), max(tokens, 0) * MAX_CHARACTERS_PER_TOKEN)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate(line[:middle]) <= tokens else (low, middle - 1)
    return line[:low]
