"""Split points: places to cut an answer that is longer than a message.

At a paragraph if that leaves a message at least half full, else at a line, a sentence, a word; outside of links, code
and emphasis if possible, and else with their markup closed and opened again. Never inside what people see as one
character, unless that alone is longer than a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.rendering.entities import fitting_length
from bot.rendering.markdown.graphemes import is_grapheme_boundary, last_grapheme_boundary
from bot.rendering.markdown.layout import Layout, SourceRun

_MIN_FILL = 0.5
_SENTENCE = re.compile(r"""(?:[.!?…][)\]"'»”’]*\s+|[。！？]+[」』）]*)""")
_WORD = re.compile(r"\s+")
_LINE = re.compile(r"\n")
_BY_LINE = frozenset({"fence", "code", "formula", "table"})


@dataclass(frozen=True, slots=True)
class SplitPoint:
    """A place to cut: the position in the source, what to close before it and what to open again after it."""

    source: int
    prefix: str = ""
    suffix: str = ""


def choose_split_point(layout: Layout, source: str, limit: int) -> SplitPoint | None:
    """Choose where to cut what does not fit into `limit` UTF-16 units; None where no place is good."""
    return _Chooser(layout, source, limit).choose()


def plain_split_point(source: str, limit: int) -> int:
    """Choose where to cut text that is shown as it is written."""
    most = min(fitting_length(source, limit), len(source) - 1)
    at_line_or_word = _last(_LINE, source, most // 2, most) or _last(_WORD, source, 0, most)
    return at_line_or_word or last_grapheme_boundary(source, most) or max(1, most)


def _last(pattern: re.Pattern[str], text: str, least: int, most: int) -> int | None:
    """Find the last place after a match, not before `least`, that parts no character. No pattern matches nothing."""
    for found in reversed(list(pattern.finditer(text, least - 1, most))):
        if is_grapheme_boundary(text, found.end()):
            return found.end()
    return None


class _Chooser:
    """Looks for the best place to cut one layout."""

    def __init__(self, layout: Layout, source: str, limit: int) -> None:
        self._source = source
        self._text = layout.formatted.text
        self._lead = layout.lead
        self._most = layout.lead + fitting_length(self._text, limit)
        if layout.first_broken is not None:
            self._most = min(self._most, layout.first_broken)
        self._borders = [
            border for border in layout.block_starts if border.shown <= self._most and 0 < border.source < len(source)
        ]
        self._stretches = [run for run in layout.runs if run.shown <= self._most]

    def choose(self) -> SplitPoint | None:
        half = self._lead + int((self._most - self._lead) * _MIN_FILL)
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

    def _at_paragraph(self, least: int) -> SplitPoint | None:
        for border in reversed(self._borders):
            if border.shown >= least and border.is_paragraph:
                return SplitPoint(border.source, border.prefix)
        return None

    def _at_line(self, least: int) -> SplitPoint | None:
        """Find the last line that begins here, be it a block, a row, a line of code or of a paragraph."""
        best: tuple[int, SplitPoint] | None = None
        for border in reversed(self._borders):
            if border.shown >= least:
                best = border.shown, SplitPoint(border.source, border.prefix)
                break
        for shown, run in self._places(_LINE, best[0] + 1 if best else least, opened=False):
            return self._cut(run, shown, line_start=True)
        return best[1] if best else None

    def _inside(self, pattern: re.Pattern[str], least: int, *, opened: bool = False) -> SplitPoint | None:
        for shown, run in self._places(pattern, least, opened=opened):
            return self._cut(run, shown)
        return None

    def _places(self, pattern: re.Pattern[str], least: int, *, opened: bool) -> Iterator[tuple[int, SourceRun]]:
        for run in reversed(self._stretches):
            if run.shown + run.length < least:
                break
            by_line = run.leaf.kind in _BY_LINE
            if pattern is _LINE and by_line:
                if run.shown >= least and self._begins_line(run):
                    yield run.shown, run
                continue
            if (run.open or by_line) and not opened:
                continue
            first, text = self._visible(run)
            found = _last(pattern, text, least - first, min(len(text), self._most - first))
            if found:
                yield first + found, run

    def _begins_line(self, run: SourceRun) -> bool:
        place = run.shown - self._lead
        return place > 0 and self._text[place - 1] == "\n" and run.source > 0

    def _between_characters(self) -> SplitPoint | None:
        """Find the last border between two characters, and between two code points if there is none."""
        for parting in (False, True):
            for run in reversed(self._stretches):
                first, text = self._visible(run)
                most = min(len(text), self._most - first)
                found = most if parting else last_grapheme_boundary(text, most)
                if found and found > 0 and (cut := self._cut(run, first + found)):
                    return cut
        return None

    def _visible(self, run: SourceRun) -> tuple[int, str]:
        """Give what is shown of a run, and where: white space at the message's head is not."""
        start = max(0, run.shown - self._lead)
        return start + self._lead, self._text[start : max(start, run.shown + run.length - self._lead)]

    def _cut(self, run: SourceRun, shown: int, *, line_start: bool = False) -> SplitPoint | None:
        leaf, place = run.leaf, run.source + shown - run.shown
        suffix = "".join(closer for _, closer in reversed(run.open))
        if leaf.kind in _BY_LINE and line_start:
            place = self._source.rfind("\n", 0, place) + 1
        if not 0 < place < len(self._source):
            return None
        markup = "".join(opener for opener, _ in run.open)
        return SplitPoint(place, leaf.reopened(line_start=line_start, markup=markup), suffix)
