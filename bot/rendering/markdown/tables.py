"""Tables: cells from Markdown's rows, aligned in monospace, or row by row where they are too wide for a phone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from bot.rendering.markdown.graphemes import columns

MAX_TABLE_WIDTH = 56
"""Columns of a table that is still aligned; a wider one would wrap and become unreadable."""

_CELL_END = re.compile(r"(?<!\\)\|")
_PIPE = re.compile(r"\$[^$]*\$|\\\|")


def split_row(line: str) -> list[str]:
    """Split a row at its unescaped pipes; the outer ones belong to no cell. In a formula the escape is LaTeX's own."""
    line = line.strip()
    cells = _CELL_END.split(line)
    if len(cells) > 1 and not cells[0]:
        del cells[0]
    if len(cells) > 1 and not cells[-1].strip():
        del cells[-1]
    return [_PIPE.sub(_unescaped, cell).strip() if "\\|" in cell else cell.strip() for cell in cells]


def _unescaped(found: re.Match[str]) -> str:
    return "|" if found.group() == "\\|" else found.group()


def alignments(line: str) -> list[str]:
    """Read the row below the header: `left`, `right` or `center` for each column."""
    return [
        "center" if cell.startswith(":") and cell.endswith(":") else "right" if cell.endswith(":") else "left"
        for cell in split_row(line)
    ]


def widest(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Give the greater width of each column of two rows."""
    return [max(widths) for widths in zip_longest(first, second, fillvalue=0)]


def is_narrow(widths: Sequence[int]) -> bool:
    """Tell whether columns of these widths fit beside each other on a phone."""
    return sum(widths) + 3 * (len(widths) - 1) <= MAX_TABLE_WIDTH


def align(row: Sequence[str], widths: Sequence[int], sides: Sequence[str]) -> str:
    """Set a row in columns."""
    sides = [*sides, *["left"] * (len(widths) - len(sides))]
    cells = [*row, *[""] * (len(widths) - len(row))]
    return " | ".join(map(_padded, cells, widths, sides)).rstrip()


def rule(widths: Sequence[int]) -> str:
    """Give the line below the header."""
    return "-+-".join("-" * width for width in widths)


def _padded(cell: str, width: int, side: str) -> str:
    room = max(0, width - columns(cell))
    before = room if side == "right" else room // 2 if side == "center" else 0
    return " " * before + cell + " " * (room - before)
