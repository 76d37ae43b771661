"""Tables: cells from Markdown's rows, aligned in monospace, or row by row where they are too wide for a phone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.rendering.markdown.graphemes import columns

MAX_TABLE_WIDTH = 56
"""Columns of a table that is still aligned; a wider one would wrap and become unreadable."""

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CELL_END = re.compile(r"(?<!\\)\|")


def split_row(line: str) -> list[str]:
    """Split a row at its unescaped pipes; the outer ones belong to no cell."""
    line = line.strip()
    cells = _CELL_END.split(line)
    if len(cells) > 1 and not cells[0]:
        del cells[0]
    if len(cells) > 1 and not cells[-1].strip():
        del cells[-1]
    return [_BREAK.sub(" ", cell.replace("\\|", "|")).strip() for cell in cells]


def alignments(line: str) -> list[str]:
    """Read the row below the header: `left`, `right` or `center` for each column."""
    return [
        "center" if cell.startswith(":") and cell.endswith(":") else "right" if cell.endswith(":") else "left"
        for cell in split_row(line)
    ]


def aligned(rows: Sequence[Sequence[str]], sides: Sequence[str]) -> list[str] | None:
    """Set the rows (the first is the header) in columns; None where that would be too wide."""
    count = max(len(row) for row in rows)
    widths = [max((columns(row[index]) for row in rows if index < len(row)), default=0) for index in range(count)]
    if sum(widths) + 3 * (count - 1) > MAX_TABLE_WIDTH:
        return None
    sides = [*sides, *["left"] * (count - len(sides))]
    lines = []
    for row in rows:
        cells = [*row, *[""] * (count - len(row))]
        lines.append(" | ".join(map(_padded, cells, widths, sides)).rstrip())
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return lines


def _padded(cell: str, width: int, side: str) -> str:
    room = width - columns(cell)
    before = room if side == "right" else room // 2 if side == "center" else 0
    return " " * before + cell + " " * (room - before)
