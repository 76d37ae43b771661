"""Where to cut an answer that is longer than a message.

At a paragraph if that leaves a message at least half full, else at a line, a sentence, a word; outside of links, code
and emphasis if possible, and else with their markup closed and opened again. Never inside what people see as one
character, unless that alone is longer than a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.delivery.entities import fitting
from bot.delivery.markdown.graphemes import is_border, last_border
from bot.delivery.markdown.layout import Layout, Stretch

_LEAST_FILL = 0.5
_SENTENCE = re.compile(r"""(?:[.!?…][)\]"'»”’]*\s+|[。！？]+[」』）]*)""")
_WORD = re.compile(r"\s+")
_LINE = re.compile(r"\n")
_BY_LINE = frozenset({"fence", "code", "formula", "table"})


@dataclass(frozen=True, slots=True)
class Cut:
    """A place to cut: the position in the source, what to close before it and what to open again after it."""

    source: int
    prefix: str = ""
    suffix: str = ""


def choose_cut(layout: Layout, source: str, limit: int) -> Cut | None:
    """Choose where to cut what does not fit into `limit` UTF-16 units; None where no place is good."""
    return _Chooser(layout, source, limit).choose()


def plain_cut(source: str, limit: int) -> int:
    """Choose where to cut text that is shown as it is written."""
    most = fitting(source, limit)
    if most >= len(source):
        most = len(source) - 1
    for pattern, least in ((_LINE, most // 2), (_WORD, most // 2), (_WORD, 0)):
        found = _last(pattern, source, least, most)
        if found:
            return found
    return last_border(source, most) or max(1, most)


def _last(pattern: re.Pattern[str], text: str, least: int, most: int) -> int | None:
    """Find the last place after a match that parts no character."""
    for found in reversed(list(pattern.finditer(text, max(0, least - 1), most))):
        if max(1, least) <= found.end() and is_border(text, found.end()):
            return found.end()
    return None


class _Chooser:
    """Looks for the best place to cut one layout."""

    def __init__(self, layout: Layout, source: str, limit: int) -> None:
        self._source = source
        self._text = layout.formatted.text
        self._lead = layout.lead
        self._most = layout.lead + fitting(self._text, limit)
        if layout.first_broken is not None:
            self._most = min(self._most, layout.first_broken)
        self._borders = [
            border for border in layout.borders if border.shown <= self._most and 0 < border.source < len(source)
        ]
        self._stretches = [stretch for stretch in layout.stretches if stretch.shown <= self._most]

    def choose(self) -> Cut | None:
        half = self._lead + int((self._most - self._lead) * _LEAST_FILL)
        for least in (half, self._lead + 1):
            cut = (
                self._at_paragraph(least)
                or self._at_line(least)
                or self._inside(_SENTENCE, least)
                or self._inside(_WORD, least)
                or self._inside(_SENTENCE, least, opened=True)
                or self._inside(_WORD, least, opened=True)
            )
            if cut:
                return cut
        return self._between_characters()

    def _at_paragraph(self, least: int) -> Cut | None:
        for border in reversed(self._borders):
            if border.shown >= least and border.is_paragraph:
                return Cut(border.source, border.prefix)
        return None

    def _at_line(self, least: int) -> Cut | None:
        """Find the last line that begins here, be it a block, a row, a line of code or of a paragraph."""
        best: tuple[int, Cut] | None = None
        for border in reversed(self._borders):
            if border.shown >= least:
                best = border.shown, Cut(border.source, border.prefix)
                break
        for shown, stretch in self._places(_LINE, best[0] + 1 if best else least, opened=False):
            return self._cut(stretch, shown, line_start=True)
        return best[1] if best else None

    def _inside(self, pattern: re.Pattern[str], least: int, *, opened: bool = False) -> Cut | None:
        for shown, stretch in self._places(pattern, least, opened=opened):
            return self._cut(stretch, shown)
        return None

    def _places(self, pattern: re.Pattern[str], least: int, *, opened: bool) -> Iterator[tuple[int, Stretch]]:
        for stretch in reversed(self._stretches):
            if stretch.shown + stretch.length < least:
                break
            by_line = stretch.leaf.kind in _BY_LINE
            if pattern is _LINE and by_line:
                if stretch.shown >= least and self._begins_line(stretch):
                    yield stretch.shown, stretch
                continue
            if (stretch.open or by_line) and not opened:
                continue
            first, text = self._visible(stretch)
            found = _last(pattern, text, least - first, min(len(text), self._most - first))
            if found:
                yield first + found, stretch

    def _begins_line(self, stretch: Stretch) -> bool:
        place = stretch.shown - self._lead
        return place > 0 and self._text[place - 1] == "\n" and stretch.source > 0

    def _between_characters(self) -> Cut | None:
        """Find the last border between two characters, and between two code points if there is none."""
        for parting in (False, True):
            for stretch in reversed(self._stretches):
                first, text = self._visible(stretch)
                most = min(len(text), self._most - first)
                found = most if parting else last_border(text, most)
                if found and found > 0 and (cut := self._cut(stretch, first + found)):
                    return cut
        return None

    def _visible(self, stretch: Stretch) -> tuple[int, str]:
        """Give what is shown of a stretch, and where: white space at the message's head is not."""
        start = max(0, stretch.shown - self._lead)
        return start + self._lead, self._text[start : max(start, stretch.shown + stretch.length - self._lead)]

    def _cut(self, stretch: Stretch, shown: int, *, line_start: bool = False) -> Cut | None:
        leaf, place = stretch.leaf, stretch.source + shown - stretch.shown
        suffix = "".join(closer for _, closer in reversed(stretch.open))
        if leaf.kind in _BY_LINE and line_start:
            place = self._source.rfind("\n", 0, place) + 1
        if not 0 < place < len(self._source):
            return None
        markup = "".join(opener for opener, _ in stretch.open)
        return Cut(place, leaf.reopened(line_start=line_start, markup=markup), suffix)
