"""Markdown, as models write it, to text with entities.

CommonMark with tables, task lists, strikethrough, formulas and the HTML that models write. Other HTML, reference links
and footnotes are shown as text. What only looks like markup stays text. With `growing`, the source may end anywhere:
what is still being written is shown as if complete, and a marker that could become anything is held back until it has.
"""

from __future__ import annotations

import re

from markdown_it.token import Token

from bot.rendering.entities import Entity, Formatted, is_visible, utf16_length
from bot.rendering.markdown.block_rules import TooManyQuotes
from bot.rendering.markdown.blocks import BlockWriter
from bot.rendering.markdown.inline import MAX_NESTING, parser
from bot.rendering.markdown.layout import BlockStart, Layout, LayoutBuilder, Leaf
from bot.rendering.markdown.tables import split_row

__all__ = ["Entity", "Formatted", "IncrementalLayout", "lay_out", "lay_out_plain", "render", "utf16_length"]

_CONTAINER_LEAD = re.compile(r"[ \t>]*")
_LOOSE_LINE = re.compile(
    r"[ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?"
    r"(?:[-*_+=][-*_+= \t]*|#{1,6}|[`~]+|\[[ xX]?\]?|\$\$?|\\\[?|<(?:/?[A-Za-z]{0,10}|!-{0,2}))[ \t]*\Z"
)
_HEADER_LINES = re.compile(r"(?:^|\n)([ \t>]*\|[^\n]{0,400})(?:\n([ \t>]*\|?[ \t:|-]*))?\Z")
_LOOK_BACK = 1000
_TOO_DEEP = re.compile(r"^(?:[ \t]*>){7}", re.MULTILINE)
"""Quotes within quotes of which the parser would read every line once for each level."""


def render(source: str, *, growing: bool = False) -> Formatted:
    """Turn Markdown into a message's text and entities (of any length; cutting is the business of `Reply`)."""
    return lay_out(source, growing=growing).formatted


def lay_out_plain(source: str) -> Layout:
    """Lay the source out as it is written, without any markup."""
    builder = LayoutBuilder()
    builder.copy(source, 0, Leaf("plain"))
    builder.block_starts.extend(
        BlockStart(found.start(), found.end(), "", is_paragraph=True) for found in re.finditer(r"\n[ \t]*\n+", source)
    )
    return builder.finish()


def lay_out(source: str, *, prefix: str = "", growing: bool = False) -> Layout:
    """Lay Markdown out. `prefix` opens again what an earlier message had open; it is parsed and not shown.

    Markup around nothing (`**`) is shown as it is written, and so is what is nested deeper than the parser follows.
    """
    text = prefix + (source[: _settled(source)] if growing else source)
    tokens = _parsed(text, growing=growing)
    if tokens is None:
        return lay_out_plain(source)
    writer = BlockWriter(text, len(prefix), growing=growing)
    writer.walk(tokens)
    layout = writer.builder.finish()
    if not growing and not is_visible(layout.formatted.text) and is_visible(source):
        return lay_out_plain(source)
    return layout


class IncrementalLayout:
    """Lays one growing source out again and again, without parsing anew what is complete."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._writer: BlockWriter | None = None
        self._position = 0
        self._length = 0

    def lay_out(self, source: str) -> Layout:
        """Lay out the source so far: what it was before, and more at its end."""
        text = self._prefix + source[: _settled(source)]
        if self._writer is None or self._writer.checkpoint is None or len(text) < self._length:
            self._writer, self._position = BlockWriter(text, len(self._prefix), growing=True), 0
        else:
            checkpoint = self._writer.checkpoint
            self._position += checkpoint.position
            self._writer.checkpoint = None
            self._writer.rewind(checkpoint, text[self._position :])
        self._length = len(text)
        tokens = _parsed(text[self._position :], growing=True)
        if tokens is None:
            self._writer = None
            return lay_out_plain(source)
        self._writer.walk(tokens)
        return self._writer.builder.finish()


def _parsed(text: str, *, growing: bool) -> list[Token] | None:
    """Parse blocks. None: they are nested too deeply."""
    tokens: list[Token] = []
    if _TOO_DEEP.search(text):
        return None
    try:
        parser().block.parse(text, parser(), {"growing": growing}, tokens)
    except TooManyQuotes:
        return None
    return None if any(token.level >= MAX_NESTING - 1 for token in tokens) else tokens


def _settled(source: str) -> int:
    """Find the end of what can be shown already: a lone marker, or a table's first row, may become anything."""
    line = source.rfind("\n") + 1
    if _LOOSE_LINE.match(source, line):
        return line
    near = max(0, len(source) - _LOOK_BACK)
    found = _HEADER_LINES.search(source, near) if source.find("|", near) >= 0 else None
    if not found:
        return len(source)
    header, below = found.group(1), found.group(2)
    is_open = below is None or len(split_row(below)) < len(split_row(_CONTAINER_LEAD.sub("", header, count=1)))
    return found.start(1) if is_open and _is_first_row(source, found.start(1)) else len(source)


def _is_first_row(source: str, start: int) -> bool:
    previous = source[source.rfind("\n", 0, max(0, start - 1)) + 1 : start]
    return "|" not in previous
