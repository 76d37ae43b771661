"""A growing answer as the messages that show it: full ones, cut for good, and a live tail.

Pure: no clock, no I/O. The cost of a change depends on the tail, never on the whole answer. Where the answer is cut
depends on its text alone, not on the pieces in which it came.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cachetools import LRUCache

from bot.rendering.entities import (
    MAX_ANSWER_ENTITIES,
    MESSAGE_LIMIT,
    Formatted,
    fitting_length,
    is_visible,
    utf16_length,
)
from bot.rendering.markdown.containers import CONTINUATION_MARK
from bot.rendering.markdown.layout import Layout
from bot.rendering.markup import IncrementalLayout, lay_out, lay_out_plain
from bot.rendering.message_part import MessagePart, with_note, with_suffix, with_thoughts
from bot.rendering.sanitizer import TextSanitizer
from bot.rendering.split_point import SplitPoint, choose_split_point, plain_split_point
from bot.rendering.thought_excerpt import ThoughtExcerpt, folded_thoughts

__all__ = ["MessagePart", "Reply"]

logger = logging.getLogger(__name__)

_LOOKS_PER_MESSAGE = 16
"""Lengths of a message's source, evenly spread, at which it is looked at the most often."""
_MAX_SOURCE_RATIO = 4
"""Lengths of a message after which the source is cut though what it shows fits (long addresses, much markup)."""
_MAX_NOTE = 500
_MAX_SHOWN = 4
"""Parts whose looks are kept: the tail and its neighbours are asked for again and again."""


class Reply:
    """Desired state of an answer that grows: takes it piece by piece and gives what each of its messages shows."""

    def __init__(
        self,
        *,
        thoughts: Literal["fold", "hide"] = "fold",
        markup: bool = True,
        thoughts_title: str = "",
        limit: int = MESSAGE_LIMIT,
    ) -> None:
        """Take what is fixed for the whole answer; `limit` is a message's length in UTF-16 units."""
        self._thoughts = ThoughtExcerpt() if thoughts == "fold" else None
        self._markup = markup
        self._title = thoughts_title
        self._limit = limit
        self._sanitizer, self._thought_sanitizer = TextSanitizer(), TextSanitizer()
        self._sealed: list[MessagePart] = []
        self._sources: dict[int, str] = {}
        self._gone: list[str] = []
        self._start = 0
        self._live = ""
        self._new: list[str] = []
        self._prefix = ""
        self._checked = 0
        self._filled = _Fill()
        self._fitted = 0
        self._ended = False
        self._note = ""
        self._tail_layout = IncrementalLayout("")
        self._shown: LRUCache[MessagePart, Formatted] = LRUCache(_MAX_SHOWN)

    def write(self, text: str) -> None:
        """Append to the answer."""
        text = self._sanitizer.take(text)
        if text:
            self._new.append(text)

    def think(self, text: str) -> None:
        """Append to the thoughts, which stand folded at the head of the first message."""
        if self._thoughts:
            self._thoughts.write(self._thought_sanitizer.take(text))

    def take_text_for_thoughts(self) -> str:
        """Let the text so far be thoughts; give it. While a message is full already, nothing changes."""
        if self._sealed or self._gone:
            return ""
        text = self.text
        self._live, self._checked, self._filled, self._fitted = "", 0, _Fill(), 0
        self._new.clear()
        self._shown.clear()
        self._tail_layout = IncrementalLayout(self._prefix)
        self.think(text)
        return text

    def take_thoughts_for_text(self, text: str) -> None:
        """Let the thoughts so far be the answer."""
        if self._thoughts:
            self._thoughts = ThoughtExcerpt()
        self.write(text)

    def end(self, note: str = "") -> None:
        """Say that the text is complete. `note` is set in italics as the last paragraph."""
        self.write(self._sanitizer.rest())
        self._ended = True
        self._note = note[: fitting_length(note, min(_MAX_NOTE, self._limit // 2))].strip()

    @property
    def text(self) -> str:
        """The whole answer so far, as it was written (thoughts apart)."""
        return "".join([*self._gone, self._live, *self._new])

    @property
    def sealed(self) -> Sequence[MessagePart]:
        """The messages that are full, in order; it only ever grows."""
        return tuple(self._sealed)

    def advance(self, *, budget: int | None = None) -> bool:
        """Seal as many messages as are full; return whether all are.

        With a `budget`, stop after so many characters have been laid out: much text that comes at once is then worked
        off in several calls. What is sealed in the end does not depend on it.
        """
        self._join()
        spent = 0
        while length := self._advance_once():
            spent += length
            if budget is not None and spent >= budget:
                return False
        return True

    def tail(self) -> MessagePart | None:
        """Give what is not sealed yet; None while there is nothing to show.

        After the end, call `advance` first: what is too long for one message is cut there.
        """
        self._join()
        for length in self._tail_lengths():
            part = self._tail_part(length)
            formatted = self.show(part)
            if utf16_length(formatted.text) <= self._limit:
                self._fitted = length
                return part if is_visible(formatted.text) else None
        return None

    def show(self, part: MessagePart) -> Formatted:
        """Give what a part looks like: at most 4096 UTF-16 units and 100 entities."""
        if part not in self._shown:
            self._shown[part] = self._show(part)
        return self._shown[part]

    # What is live

    def _join(self) -> None:
        if self._new:
            self._live = "".join([self._live, *self._new])
            self._new.clear()

    def _tail_lengths(self) -> list[int]:
        """Give the lengths of the live text to try: all, what has fitted, and less beside thoughts that come late."""
        return sorted({len(self._live), self._fitted, self._checked, self._fitted // 2, 0}, reverse=True)

    def _tail_part(self, length: int) -> MessagePart:
        whole = length == len(self._live) and self._ended
        return MessagePart(
            self._start,
            self._start + length,
            self._prefix,
            growing=not whole,
            thoughts=self._head(length),
            note=self._note if whole else "",
        )

    def _head(self, length: int) -> str:
        """Give the thoughts for the head of the first message."""
        if self._sealed or self._thoughts is None or self._thoughts.is_empty:
            return ""
        return self._thoughts.excerpt(newest=not is_visible(self._live[:length]))

    def _room(self) -> int:
        """Count the UTF-16 units that the live message has for the answer."""
        head = self._head(len(self._live))
        return self._limit - (utf16_length(folded_thoughts(self._title, head)[0]) + 2 if head else 0)

    # Sealing

    def _advance_once(self) -> int:
        """Look once whether the live text is too much for a message, and seal one then.

        Return how many characters were laid out, 0 when there is nothing to do. Where it is looked at depends on the
        text alone.
        """
        room = self._room()
        length = self._next_look(room)
        if not length:
            return self._advance_last(room - utf16_length(self._note) - 2 * bool(self._note)) if self._ended else 0
        source = self._live[:length]
        layout = self._lay_out(source, growing=True)
        if self._exceeds(layout, room) or length >= _MAX_SOURCE_RATIO * self._limit:
            self._cut(layout, source, room)
        else:
            self._checked, self._filled = length, _Fill.of(layout.formatted)
        return length

    def _next_look(self, room: int) -> int:
        """Find the next length of the live text to look at: when it could be too much at the earliest. 0: not yet."""
        most = _Fill(
            max(room - self._filled.units, self._limit // _LOOKS_PER_MESSAGE, 1),
            max(MAX_ANSWER_ENTITIES - self._filled.entities, MAX_ANSWER_ENTITIES // _LOOKS_PER_MESSAGE),
        )
        ahead = self._live[self._checked : self._checked + most.units + 1]
        if not most.may_be_exceeded_by(ahead):
            return 0
        return self._checked + bisect_left(
            range(len(ahead)), True, key=lambda length: most.may_be_exceeded_by(ahead[:length])
        )

    def _advance_last(self, room: int) -> int:
        """Seal one message if the rest, complete as it is, does not fit into one."""
        if not self._live:
            return 0
        source = self._live
        layout = self._lay_out(source, growing=False)
        if not self._exceeds(layout, room):
            return 0
        self._cut(layout, source, room)
        return len(source)

    @staticmethod
    def _exceeds(layout: Layout, room: int) -> bool:
        return utf16_length(layout.formatted.text) > room or layout.first_broken is not None

    def _cut(self, layout: Layout, source: str, room: int) -> None:
        for limit in (room, room * 9 // 10):
            cut = choose_split_point(layout, source, limit)
            if cut and self._try(cut, source, room):
                return
        position = plain_split_point(source, room)
        self._seal_or_drop(self._part(SplitPoint(position, CONTINUATION_MARK), plain=True))

    def _try(self, cut: SplitPoint, source: str, room: int) -> bool:
        """Seal at this cut if what stands before it still fits when it stands alone."""
        part = self._part(cut)
        layout = self._lay_out(with_suffix(source[: cut.source], cut.suffix), growing=False)
        if self._exceeds(layout, room):
            return False
        self._seal_or_drop(part)
        return True

    def _part(self, cut: SplitPoint, *, plain: bool = False) -> MessagePart:
        return MessagePart(
            self._start,
            self._start + cut.source,
            self._prefix,
            cut.suffix,
            cut.prefix,
            plain=plain,
            thoughts=self._head(cut.source),
        )

    def _seal_or_drop(self, part: MessagePart) -> None:
        """Seal, unless there is nothing to see: Telegram takes no such message."""
        source = self._live[: part.end - part.start]
        if is_visible(source) or part.thoughts:
            self._seal(part)
        else:
            self._drop(part.end - part.start, part.after)

    def _seal(self, part: MessagePart) -> None:
        self._sources[part.start] = self._live[: part.end - self._start]
        self._sealed.append(part)
        self._drop(part.end - self._start, part.after)

    def _drop(self, length: int, prefix: str) -> None:
        self._gone.append(self._live[:length])
        self._live = self._live[length:]
        self._start += length
        self._prefix = prefix
        self._tail_layout = IncrementalLayout(prefix)
        self._checked = self._fitted = 0
        self._filled = _Fill()

    # Showing

    def _lay_out(self, source: str, *, growing: bool, prefix: str | None = None) -> Layout:
        if not self._markup:
            return lay_out_plain(source)
        try:
            return lay_out(source, prefix=self._prefix if prefix is None else prefix, growing=growing)
        except Exception:  # whatever is wrong with the formatting, the text must arrive
            logger.warning("cannot format %d characters; they are shown as written", len(source), exc_info=True)
            return lay_out_plain(source)

    def _draw(self, source: str) -> Formatted:
        """Lay out the live tail, what is complete in it only once."""
        if self._markup:
            try:
                return self._tail_layout.lay_out(source).formatted
            except Exception:  # whatever is wrong with the formatting, the text must arrive
                logger.warning("cannot format the growing text; trying it as a whole", exc_info=True)
                self._tail_layout = IncrementalLayout(self._prefix)
        return self._lay_out(source, growing=True).formatted

    def _show(self, part: MessagePart) -> Formatted:
        length = part.end - part.start
        source = self._live[:length] if part.start == self._start else self._sources.get(part.start, "")[:length]
        if part.plain:
            formatted = lay_out_plain(source).formatted
        elif part.growing and part.start == self._start:
            formatted = self._draw(source)
        else:
            formatted = self._lay_out(
                with_suffix(source, part.suffix), growing=part.growing, prefix=part.prefix
            ).formatted
        return with_note(with_thoughts(formatted, self._title, part.thoughts), part.note)


@dataclass(frozen=True, slots=True)
class _Fill:
    """Amount of a message that is used, or left."""

    units: int = 0
    entities: int = 0

    @classmethod
    def of(cls, formatted: Formatted) -> _Fill:
        return cls(utf16_length(formatted.text), len(formatted.entities))

    def may_be_exceeded_by(self, source: str) -> bool:
        """Estimate whether this source is shown with more: tabs and table cells are padded, marks come in pairs."""
        if utf16_length(source) + 3 * source.count("\t") + 8 * source.count("|") > self.units:
            return True
        links, marks = source.count("]("), source.count("`") + source.count("*") + source.count("_")
        return (marks - sum(source.count(2 * mark) for mark in "`*_")) // 2 + links > self.entities
