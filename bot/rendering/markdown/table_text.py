"""A table, written into a layout: aligned in monospace, or row by row where it is too wide or holds links.

A growing table keeps its form: its first rows decide on it, and a later row that does not fit goes on below as a list.
Its columns only get wider, and not before a row is complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.rendering.markdown.graphemes import columns
from bot.rendering.markdown.inline_text import InlineWriter
from bot.rendering.markdown.layout import LayoutBuilder, Leaf, SourceRun
from bot.rendering.markdown.tables import align, alignments, is_narrow, rule, split_row, widest

_HEADER_LINES = 2
_PAIR = 2
_DECIDING_ROWS = 3
"""Rows, with the header, that must fit for a table to be aligned."""
_LINE_BREAK = "\n     "
"""Break in a cell of a row that is written as a list."""


class TableWriter:
    """Writes one table; its lines come without what they stand in, and with their places in the source."""

    def __init__(
        self, builder: LayoutBuilder, leaf: Leaf, lines: Sequence[str], places: Sequence[int], *, growing: bool = False
    ) -> None:
        """Take the table's lines; with `growing`, the last row is still being written."""
        self._builder = builder
        self._leaf = leaf
        self._places = places
        self._sides = alignments(lines[1])
        self._rows = [[self._cell(cell) for cell in split_row(line)] for line in (lines[0], *lines[_HEADER_LINES:])]
        self._plain = [_plain(row) for row in self._rows]
        self._widths = [[columns(cell) for cell in row] for row in self._plain]
        self._complete = len(self._rows) - growing

    @property
    def has_rows(self) -> bool:
        """Tell whether there is more than the header."""
        return len(self._rows) > 1

    def write(self, *, with_header: bool) -> None:
        """Write the table; without its header where an earlier message has shown it."""
        count = self._count_aligned()
        if count:
            self._write_aligned(count, with_header=with_header)
        if count < len(self._rows):
            self._write_list(max(1, count), with_header=with_header and not count)

    def _count_aligned(self) -> int:
        """Count the rows, with the header, that are set in columns: all, none, or those before one that is too wide."""
        widths: list[int] = []
        for index, row in enumerate(self._rows):
            widths = widest(widths, self._widths[index])
            if not is_narrow(widths) or any(span.type == "text_link" for cell in row for span in cell.spans):
                return index if index >= _DECIDING_ROWS else 0
        return len(self._rows)

    def _write_aligned(self, count: int, *, with_header: bool) -> None:
        widths: list[int] = []
        for row in self._widths[: max(1, min(count, self._complete))]:
            widths = widest(widths, row)
        lines = [align(row, widths, self._sides) for row in self._plain[:count]]
        lines.insert(1, rule(widths))
        start = self._builder.length
        for index, line in enumerate(lines):
            if index < _HEADER_LINES and not with_header:
                continue
            if self._builder.length > start:
                self._builder.write("\n")
            self._note_row(index)
            self._builder.write(line)
        self._builder.mark("pre", start)
        if count < len(self._rows):
            self._builder.write("\n" if self._builder.length > start else "")

    def _cell(self, content: str) -> LayoutBuilder:
        builder = LayoutBuilder()
        InlineWriter(builder, self._leaf, indents=[_LINE_BREAK[1:]]).write(content)
        return builder

    def _note_row(self, line: int) -> None:
        """Note where a row begins: between rows a table can be cut."""
        if self._places[line] >= 0:
            self._builder.runs.append(SourceRun(self._builder.length, self._places[line], 0, self._leaf))

    def _write_list(self, first: int, *, with_header: bool) -> None:
        header, body = self._rows[0], self._rows[first:]
        pairs = len(header) <= _PAIR
        if with_header and (pairs or not body):
            start = self._builder.length
            self._join(header)
            self._builder.mark("bold", start)
            self._builder.write("\n" if body else "")
        for index, row in enumerate(body):
            self._builder.write("\n" if index else "")
            self._note_row(first + 1 + index)
            self._builder.write("• ")
            if pairs:
                self._join(row)
            else:
                self._label(header, row)

    def _join(self, row: Sequence[LayoutBuilder]) -> None:
        for index, cell in enumerate(row):
            self._builder.write(" — " if index else "")
            self._paste(cell)

    def _label(self, header: Sequence[LayoutBuilder], row: Sequence[LayoutBuilder]) -> None:
        """Write each cell below the other, with the name of its column; the first in bold."""
        written = False
        for index, cell in enumerate(row):
            if not cell.length:
                continue
            self._builder.write("\n   " if written else "")
            written = True
            if index < len(header) and header[index].length:
                self._paste(header[index])
                self._builder.write(": ")
            start = self._builder.length
            self._paste(cell)
            if not index:
                self._builder.mark("bold", start)

    def _paste(self, cell: LayoutBuilder) -> None:
        shift = self._builder.length
        self._builder.write("".join(cell.pieces))
        self._builder.spans.extend(replace(span, start=span.start + shift, end=span.end + shift) for span in cell.spans)


def _plain(row: Sequence[LayoutBuilder]) -> list[str]:
    """Give the cells' text, without entities and line breaks."""
    return ["".join(cell.pieces).replace(_LINE_BREAK, "; ") for cell in row]
