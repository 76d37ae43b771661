"""A growing answer as the messages that show it: full ones, cut for good, and a live tail.

Pure: no clock, no I/O. The cost of a change depends on the tail, never on the whole answer. Where the answer is cut
depends on its text alone, not on the pieces in which it came.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

from bot.delivery.entities import MESSAGE_LIMIT, Formatted, fitting, is_visible, utf16_length
from bot.delivery.incoming import Incoming
from bot.delivery.markdown.containers import HOLD
from bot.delivery.markdown.layout import Layout
from bot.delivery.markup import GrowingLayout, lay_out, lay_out_plain
from bot.delivery.parts import Part, closed, headed, noted
from bot.delivery.splitting import Cut, choose_cut, plain_cut
from bot.delivery.thoughts import Thoughts, folded

__all__ = ["Part", "Reply"]

logger = logging.getLogger(__name__)

_STEPS = 32
_LONGEST_SOURCE = 4
"""Lengths of a message after which the source is cut though what it shows fits (long addresses, much markup)."""
_LONGEST_NOTE = 500
_LINK = 42
"""UTF-16 units that a link counts for at least: a message holds 100 entities."""


class Reply:
    """Takes an answer piece by piece and says what each of its messages shows."""

    def __init__(
        self,
        *,
        thoughts: Literal["fold", "hide"] = "fold",
        markup: bool = True,
        thoughts_title: str = "",
        limit: int = MESSAGE_LIMIT,
    ) -> None:
        """Take what is fixed for the whole answer; `limit` is a message's length in UTF-16 units."""
        self._thoughts = Thoughts() if thoughts == "fold" else None
        self._markup = markup
        self._title = thoughts_title
        self._limit = limit
        self._incoming, self._incoming_thoughts = Incoming(), Incoming()
        self._sealed: list[Part] = []
        self._sources: dict[int, str] = {}
        self._gone: list[str] = []
        self._start = 0
        self._live = ""
        self._new: list[str] = []
        self._prefix = ""
        self._checked = 0
        self._filled = 0
        self._fitted = 0
        self._ended = False
        self._note = ""
        self._sketch = GrowingLayout("")
        self._shown: dict[Part, Formatted] = {}

    def write(self, text: str) -> None:
        """Append to the answer."""
        text = self._incoming.take(text)
        if text:
            self._new.append(text)

    def think(self, text: str) -> None:
        """Append to the thoughts, which stand folded at the head of the first message."""
        if self._thoughts:
            self._thoughts.write(self._incoming_thoughts.take(text))

    def take_text_for_thoughts(self) -> str:
        """Let the text so far be thoughts; give it. While a message is full already, nothing changes."""
        if self._sealed or self._gone:
            return ""
        text = self.text
        self._live, self._checked, self._filled, self._fitted = "", 0, 0, 0
        self._new.clear()
        self._shown.clear()
        self._sketch = GrowingLayout(self._prefix)
        self.think(text)
        return text

    def take_thoughts_for_text(self, text: str) -> None:
        """Let the thoughts so far be the answer."""
        if self._thoughts:
            self._thoughts = Thoughts()
        self.write(text)

    def end(self, note: str = "") -> None:
        """Say that the text is complete. `note` is set in italics as the last paragraph."""
        self.write(self._incoming.rest())
        self._ended = True
        self._note = note[: fitting(note, min(_LONGEST_NOTE, self._limit // 2))].strip()

    @property
    def text(self) -> str:
        """The whole answer so far, as it was written (thoughts apart)."""
        return "".join([*self._gone, self._live, *self._new])

    @property
    def sealed(self) -> Sequence[Part]:
        """The messages that are full, in order; it only ever grows."""
        return tuple(self._sealed)

    def advance(self) -> None:
        """Seal as many messages as are full."""
        self._join()
        while self._advance_once():
            pass

    def tail(self) -> Part | None:
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

    def show(self, part: Part) -> Formatted:
        """Give what a part looks like: at most 4096 UTF-16 units and 100 entities."""
        shown = self._shown.get(part)
        if shown is None:
            shown = self._show(part)
            if len(self._shown) > 3:  # noqa: PLR2004  # the tail and its neighbours are asked for again and again
                self._shown.clear()
            self._shown[part] = shown
        return shown

    # What is live

    def _join(self) -> None:
        if self._new:
            self._live = "".join([self._live, *self._new])
            self._new.clear()

    def _tail_lengths(self) -> list[int]:
        """Give the lengths of the live text to try: all of it, and what is known to fit."""
        return [len(self._live), min(self._fitted, len(self._live)), self._checked, self._checked // 2, 0]

    def _tail_part(self, length: int) -> Part:
        whole = length == len(self._live) and self._ended
        return Part(
            self._start,
            self._start + length,
            self._prefix,
            growing=not whole,
            thoughts=self._head(length),
            note=self._note if whole else "",
        )

    def _head(self, length: int) -> str:
        """Give the thoughts for the head of the first message."""
        if self._sealed or self._thoughts is None:
            return ""
        return self._thoughts.excerpt(newest=not is_visible(self._live[:length]))

    def _room(self) -> int:
        """Count the UTF-16 units that the live message has for the answer."""
        head = self._head(len(self._live))
        return self._limit - (utf16_length(folded(self._title, head)[0]) + 2 if head else 0)

    # Sealing

    def _advance_once(self) -> bool:
        """Seal one message if the live text does not fit; where it is looked at depends on the text alone."""
        room = self._room()
        while length := _next_look(self._live, self._checked, room - self._filled, self._limit // _STEPS):
            source = self._live[:length]
            layout = self._lay_out(source, growing=True)
            if self._exceeds(layout, room) or length >= _LONGEST_SOURCE * self._limit:
                self._cut(layout, source, room)
                return True
            self._checked, self._filled = length, _filled(layout.formatted)
        return self._ended and self._advance_last(room - utf16_length(self._note) - 2 * bool(self._note))

    def _advance_last(self, room: int) -> bool:
        """Seal one message if the rest, complete as it is, does not fit into one."""
        if len(self._live) < 2:  # noqa: PLR2004  # one character cannot be cut
            return False
        layout = self._lay_out(self._live, growing=False)
        if not self._exceeds(layout, room):
            return False
        self._cut(layout, self._live, room)
        return True

    @staticmethod
    def _exceeds(layout: Layout, room: int) -> bool:
        return utf16_length(layout.formatted.text) > room or layout.first_broken is not None

    def _cut(self, layout: Layout, source: str, room: int) -> None:
        for limit in (room, room * 9 // 10, room * 3 // 4, room // 2):
            cut = choose_cut(layout, source, limit)
            if cut and self._try(cut, source, room):
                return
        position = plain_cut(source, room)
        self._seal_or_drop(self._part(Cut(position, HOLD), plain=True))

    def _try(self, cut: Cut, source: str, room: int) -> bool:
        """Seal at this cut if what stands before it still fits when it stands alone."""
        part = self._part(cut)
        layout = self._lay_out(closed(source[: cut.source], cut.suffix), growing=False)
        if self._exceeds(layout, room):
            return False
        self._seal_or_drop(part)
        return True

    def _part(self, cut: Cut, *, plain: bool = False) -> Part:
        return Part(
            self._start,
            self._start + cut.source,
            self._prefix,
            cut.suffix,
            cut.prefix,
            plain=plain,
            thoughts=self._head(cut.source),
        )

    def _seal_or_drop(self, part: Part) -> None:
        """Seal, unless there is nothing to see: Telegram takes no such message."""
        source = self._live[: part.end - part.start]
        if is_visible(source) or part.thoughts:
            self._seal(part)
        else:
            self._drop(part.end - part.start, part.after)

    def _seal(self, part: Part) -> None:
        self._sources[part.start] = self._live[: part.end - self._start]
        self._sealed.append(part)
        self._drop(part.end - self._start, part.after)

    def _drop(self, length: int, prefix: str) -> None:
        self._gone.append(self._live[:length])
        self._live = self._live[length:]
        self._start += length
        self._prefix = prefix
        self._sketch = GrowingLayout(prefix)
        self._checked = self._filled = self._fitted = 0

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
                return self._sketch.lay_out(source).formatted
            except Exception:  # whatever is wrong with the formatting, the text must arrive
                logger.warning("cannot format the growing text; trying it as a whole", exc_info=True)
                self._sketch = GrowingLayout(self._prefix)
        return self._lay_out(source, growing=True).formatted

    def _show(self, part: Part) -> Formatted:
        length = part.end - part.start
        source = self._live[:length] if part.start == self._start else self._sources.get(part.start, "")[:length]
        if part.plain:
            formatted = lay_out_plain(source).formatted
        elif part.growing and part.start == self._start:
            formatted = self._draw(source)
        else:
            formatted = self._lay_out(closed(source, part.suffix), growing=part.growing, prefix=part.prefix).formatted
        return noted(headed(formatted, self._title, part.thoughts), part.note)


def weight(source: str) -> int:
    """Estimate how many UTF-16 units this source may be shown with: tabs and table cells are padded."""
    return utf16_length(source) + 3 * source.count("\t") + 8 * source.count("|") + _LINK * source.count("](http")


def _filled(formatted: Formatted) -> int:
    """Tell how full a message is, by its text or by its links."""
    links = sum(entity.type == "text_link" for entity in formatted.entities)
    return max(utf16_length(formatted.text), _LINK * links)


def _next_look(source: str, seen: int, left: int, step: int) -> int:
    """Find the next length of the source to look at: when it could be too long at the earliest. 0: not yet."""
    wanted = max(left, step, 1)
    if weight(source[seen:]) <= wanted:
        return 0
    low, high = seen + 1, min(len(source), seen + wanted + 1)
    while low < high:
        middle = (low + high) // 2
        if weight(source[seen:middle]) > wanted:
            high = middle
        else:
            low = middle + 1
    return low
