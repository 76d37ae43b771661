"""A piece of Markdown laid out: the message that shows it, and where in the source each run of its text is from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.rendering.entities import Formatted, Span, finish
from bot.rendering.markdown.containers import CONTINUATION_MARK, Container, continuation, openers

_MAX_CARRY = 1200


@dataclass(frozen=True, slots=True)
class Leaf:
    """Leaf block: it holds text. Knows the prefix of a message that begins within it."""

    kind: str
    containers: tuple[Container, ...] = ()
    opening: str = ""
    """Markdown that opens it again: `## `, a fence's first line, a table's header."""

    def reopened(self, *, line_start: bool, markup: str = "") -> str:
        """Give the prefix of a message that begins in this block: at a line's start, or within a line."""
        head = openers(self.containers)
        if self.kind in {"fence", "table"} and len(self.opening) <= _MAX_CARRY:
            lines = self.opening.split("\n")
            opening = ("\n" + continuation(self.containers)).join(lines)
            prefix = head + opening + "\n"
            return prefix if line_start else prefix + continuation(self.containers) + CONTINUATION_MARK
        if self.kind == "code":
            return (head + "\n" if head else "") if line_start else head + self.opening + CONTINUATION_MARK
        if self.kind == "formula":
            return head + CONTINUATION_MARK
        return (
            head + self.opening + CONTINUATION_MARK + markup if len(markup) <= _MAX_CARRY else head + CONTINUATION_MARK
        )


@dataclass(frozen=True, slots=True)
class SourceRun:
    """Run of text that is shown as it stands in the source. Positions are code points."""

    shown: int
    source: int
    length: int
    leaf: Leaf
    open: tuple[tuple[str, str], ...] = ()
    """Inline markup around it, outermost first: what opens it and what closes it."""


@dataclass(frozen=True, slots=True)
class BlockStart:
    """The beginning of a block: the best places to split."""

    shown: int
    source: int
    prefix: str
    is_paragraph: bool


@dataclass(slots=True)
class Layout:
    """A piece of source as it is shown, with the places where it could be split."""

    formatted: Formatted
    runs: list[SourceRun]
    block_starts: list[BlockStart]
    lead: int = 0
    """Code points trimmed off the head: shown positions count from before."""
    first_broken: int | None = None
    """Shown position of the first entity beyond the number that one message can hold."""


@dataclass(slots=True)
class LineMap:
    """Places of a block's content in the source, line by line."""

    contents: list[int]
    sources: list[int]

    def source(self, position: int) -> int:
        """Give the place in the source of a position in the content."""
        index = bisect_right(self.contents, position) - 1
        return self.sources[index] + position - self.contents[index]


def place_lines(content: Sequence[str], source: Sequence[str], starts: Sequence[int], first: int) -> LineMap:
    """Find each content line at the end of its source line (what stands before it are the containers' marks)."""
    skipped = 0
    while content and first + skipped + 1 < len(source) and content[0] and content[0] not in source[first + skipped]:
        skipped += 1
    if content and (first + skipped >= len(source) or content[0] not in source[first + skipped]):
        skipped = 0
    contents, sources, position = [], [], 0
    for index, line in enumerate(content):
        number = min(first + skipped + index, len(source) - 1)
        column = source[number].rfind(line) if line else len(source[number])
        contents.append(position)
        sources.append(starts[number] + (column if column >= 0 else max(0, len(source[number]) - len(line))))
        position += len(line) + 1
    return LineMap(contents or [0], sources or [starts[min(first, len(starts) - 1)]])


@dataclass(slots=True)
class LayoutBuilder:
    """Collects the text, the entities and the places of a layout."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    spans: list[Span] = field(default_factory=list)
    runs: list[SourceRun] = field(default_factory=list)
    block_starts: list[BlockStart] = field(default_factory=list)

    def write(self, text: str) -> None:
        """Append text that has no place of its own in the source."""
        self.pieces.append(text)
        self.length += len(text)

    def copy(self, text: str, source: int, leaf: Leaf, markup: tuple[tuple[str, str], ...] = ()) -> None:
        """Append text that stands in the source as it is shown."""
        if text:
            self.runs.append(SourceRun(self.length, source, len(text), leaf, markup))
            self.write(text)

    def mark(self, kind: str, start: int, url: str | None = None, language: str | None = None) -> None:
        """Set an entity from `start` to here."""
        if start < self.length:
            self.spans.append(Span(kind, start, self.length, url, language))

    def size(self) -> tuple[int, int, int, int, int]:
        """Give how much there is, for `rewind`."""
        return self.length, len(self.pieces), len(self.spans), len(self.runs), len(self.block_starts)

    def rewind(self, size: tuple[int, int, int, int, int]) -> None:
        """Take back what was written since there was this much."""
        self.length, pieces, spans, runs, block_starts = size
        del self.pieces[pieces:], self.spans[spans:], self.runs[runs:], self.block_starts[block_starts:]

    def finish(self) -> Layout:
        """Give the layout."""
        formatted, lead, broken = finish("".join(self.pieces), self.spans)
        return Layout(formatted, self.runs, self.block_starts, lead, broken)
