"""A table, written into a layout: aligned in monospace, or row by row where it is too wide or holds links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.rendering.markdown.inline_text import InlineWriter
from bot.rendering.markdown.layout import LayoutBuilder, Leaf, SourceRun
from bot.rendering.markdown.tables import aligned, alignments, split_row

_HEADER_LINES = 2
_PAIR = 2


class TableWriter:
    """Writes one table; its lines come without what they stand in, and with their places in the source."""

    def __init__(self, builder: LayoutBuilder, leaf: Leaf, lines: Sequence[str], places: Sequence[int]) -> None:
        self._builder = builder
        self._leaf = leaf
        self._places = places
        self._sides = alignments(lines[1])
        self._rows = [[self._cell(cell) for cell in split_row(line)] for line in (lines[0], *lines[_HEADER_LINES:])]

    @property
    def has_rows(self) -> bool:
        """Tell whether there is more than the header."""
        return len(self._rows) > 1

    def write(self, *, with_header: bool) -> None:
        """Write the table; without its header where an earlier message has shown it."""
        has_links = any(span.type == "text_link" for row in self._rows for cell in row for span in cell.spans)
        plain = [["".join(cell.pieces) for cell in row] for row in self._rows]
        lines = None if has_links else aligned(plain, self._sides)
        if lines is None:
            self._write_list(with_header=with_header)
            return
        start = self._builder.length
        for index, line in enumerate(lines):
            if index < _HEADER_LINES and not with_header:
                continue
            if self._builder.length > start:
                self._builder.write("\n")
            self._note_row(index)
            self._builder.write(line)
        self._builder.mark("pre", start)

    def _cell(self, content: str) -> LayoutBuilder:
        builder = LayoutBuilder()
        InlineWriter(builder, self._leaf).write(content)
        return builder

    def _note_row(self, line: int) -> None:
        """Note where a row begins: between rows a table can be cut."""
        if self._places[line] >= 0:
            self._builder.runs.append(SourceRun(self._builder.length, self._places[line], 0, self._leaf))

    def _write_list(self, *, with_header: bool) -> None:
        header, *body = self._rows
        pairs = len(header) <= _PAIR
        if with_header and (pairs or not body):
            start = self._builder.length
            self._join(header)
            self._builder.mark("bold", start)
            self._builder.write("\n" if body else "")
        for index, row in enumerate(body):
            self._builder.write("\n" if index else "")
            self._note_row(_HEADER_LINES + index)
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
