"""Container blocks (lists, quotations) around a line of Markdown, and how a further message opens them again.

A message that begins in the middle of a list item, a quotation, a fence or a table is parsed with a *prefix* put before
its share of the source: one line (or a table's two) that opens the same containers again and is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

CONTINUATION_MARK = "\u2e31"
"""Stands at the end of a prefix where a line goes on, so that what follows is not taken for a marker of its own.

A punctuation mark that nobody writes: emphasis can begin after it. It is removed where the text is shown.
"""

_MAX_INDENT = 24
_MAX_MARKER_GAP = 4
"""Spaces after a list marker; what stands further away is a code block."""
_ITEM = re.compile(r"([-*+]|\d{1,9}[.)])([ \t]*)")
_LEAD = re.compile(r"[ \t>]*")
_QUOTE = re.compile(r"[ \t]*> ?")


@dataclass(frozen=True, slots=True)
class Container:
    """A list item or a quotation that is open."""

    kind: str
    line: int
    opener: str
    end: int
    """Column where its content begins in its first line."""
    indent: str = ""
    """Characters that its further lines are shown with."""


def quotation(line: int, text: str, outer: Sequence[Container]) -> Container:
    """Describe the quotation that opens in this line."""
    start = outer[-1].end if outer and outer[-1].line == line else 0
    found = _QUOTE.match(text, start)
    nested = any(container.kind == "quote" for container in outer)
    return Container("quote", line, "> ", found.end() if found else start, "> " if nested else "")


def list_item(line: int, text: str, outer: Sequence[Container], shown: str) -> Container:
    """Describe the list item that opens in this line; `shown` is the marker that people see."""
    if outer and outer[-1].line == line:
        start = outer[-1].end
    else:
        found = _LEAD.match(text)
        start = found.end() if found else 0
    while text[start : start + 1] in {" ", "\t"}:
        start += 1
    found = _ITEM.match(text, start)
    marker, space = (found.group(1), found.group(2)) if found else ("-", " ")
    width = len(space) if 1 <= len(space) <= _MAX_MARKER_GAP and found and found.end() < len(text) else 1
    aside = max(0, min(3, start - len(openers(outer))))
    depth = sum(len(container.indent) for container in outer)
    indent = " " * max(0, min(len(shown), _MAX_INDENT - depth))
    return Container("item", line, " " * aside + marker + " " * width, start + len(marker) + width, indent)


def openers(containers: Sequence[Container]) -> str:
    """Give the head of a line that opens these containers anew."""
    return "".join(container.opener for container in containers)


def continuation(containers: Sequence[Container]) -> str:
    """Give the head of a further line in these containers."""
    return "".join("> " if item.kind == "quote" else " " * len(item.opener) for item in containers)
