"""Text with entities, as Telegram counts and accepts them.

Offsets and lengths are UTF-16 units (Bot API, MessageEntity). What a server would refuse, move or drop without a word
is settled here beforehand: white space at the ends, entities around nothing, `code` inside `bold`, more than 100.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

MESSAGE_LIMIT = 4096
"""UTF-16 units of text in one message."""

MAX_ANSWER_ENTITIES = 96
"""Entities that an answer's text may have in a message: Telegram drops those beyond 100 without a word, and the
thoughts, their title and a note need some, too."""

# What tdlib (is_empty_string) takes for nothing, what its clean_input_string removes, and other invisible ones.
_VISIBLE = re.compile(
    "[^\\s\x00-\x20\x7f-\xa0\xad\u030a\u0333\u033f\u034f\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3000\ufe00-\ufe0f\ufeff\ufffc\U000e0000-\U000e007f]"
)
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_FLAT = frozenset({"pre", "code"})
_RANK = {"text_link": 0, "pre": 1, "code": 1, "expandable_blockquote": 2, "blockquote": 3, "bold": 4}
_OTHERS_RANK = 5
_INNER = ("text_link", "pre", "code")


@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted range of a message: the Bot API's MessageEntity, offsets in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Formatted:
    """A message's text with its entities, sorted and properly nested."""

    text: str
    entities: tuple[Entity, ...] = ()

    def plain(self) -> Formatted:
        """Give the same text without entities, for a chat that refused them."""
        return Formatted(self.text)


@dataclass(frozen=True, slots=True)
class Span:
    """An entity while the text is being put together: code points instead of UTF-16 units."""

    type: str
    start: int
    end: int
    url: str | None = None
    language: str | None = None


def utf16_length(text: str) -> int:
    """Count the UTF-16 units of a text: what Telegram's limits and offsets are measured in."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fitting_length(text: str, limit: int) -> int:
    """Count the code points at the head of `text` that fit into `limit` UTF-16 units."""
    if utf16_length(text[:limit]) <= limit:
        return min(len(text), limit)
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > limit:
            return index
    return len(text)


def is_visible(text: str) -> bool:
    """Tell whether Telegram would take this for a text at all (white space and zero-width characters are none)."""
    return _VISIBLE.search(text) is not None


def finish(text: str, spans: Sequence[Span]) -> tuple[Formatted, int, int | None]:
    """Make a message of a text and its spans.

    Also give how many code points were trimmed off its head, and where the first entity begins that is one too many.
    """
    if not spans:
        shown = text.rstrip()
        return Formatted(shown.lstrip(), ()), len(shown) - len(shown.lstrip()), None
    ordered = _trimmed(text, spans)
    flat = [span for span in ordered if span.type in _FLAT]
    parts = [piece for span in ordered for piece in ([span] if span.type in _FLAT else _around(text, span, flat))]
    broken = sorted(span.start for span in parts)[MAX_ANSWER_ENTITIES] if len(parts) > MAX_ANSWER_ENTITIES else None
    parts = _limited(parts)
    end = len(text.rstrip())
    # Telegram trims the head up to the first entity only: the indentation of a code block stays.
    first = next((span.start for span in parts if span.type == "pre"), end)
    lead = min(len(text) - len(text.lstrip()), first, end)
    if lead:
        parts = [replace(span, start=max(span.start, lead)) if span.start < lead else span for span in parts]
    parts.sort(key=lambda span: (span.start, -span.end, "blockquote" not in span.type, span.type in _INNER))
    shown = text[lead:end]
    return Formatted(shown, _measured(shown, lead, [span for span in parts if span.start < span.end])), lead, broken


def _trimmed(text: str, spans: Sequence[Span]) -> list[Span]:
    """Take the white space off both ends of every span; drop those that show nothing.

    A block of code keeps its indentation, and so does a quotation that begins with one.
    """
    kept = []
    blocks = [(span.start, span.end) for span in spans if span.type == "pre"]
    for span in spans:
        inside = text[span.start : span.end]
        if not is_visible(inside):
            continue
        start = span.start if span.type == "pre" else span.end - len(inside.lstrip())
        if "blockquote" in span.type:
            start = next((first for first, end in blocks if span.start <= first < start < end), start)
        kept.append(Span(span.type, start, span.start + len(inside.rstrip()), span.url, span.language))
    return sorted(kept, key=lambda span: (span.start, -span.end))


def _around(text: str, span: Span, flat: Sequence[Span]) -> list[Span]:
    """Cut a span around the code in it: only quotations may hold code."""
    if "blockquote" in span.type or span.type == "text_link":
        return [span]
    pieces, start = [], span.start
    for code in flat[max(0, bisect_left(flat, span.start, key=lambda item: item.start) - 1) :]:
        if code.start >= span.end:
            break
        if code.end <= start:
            continue
        pieces.append(replace(span, start=start, end=code.start))
        start = code.end
    if start == span.start and not pieces:
        return [span]
    pieces.append(replace(span, start=start))
    return _trimmed(text, [piece for piece in pieces if piece.start < piece.end])


def _limited(spans: list[Span]) -> list[Span]:
    """Keep the entities that matter most where there are too many: links and code, then quotations, then the rest."""
    if len(spans) <= MAX_ANSWER_ENTITIES:
        return spans
    return sorted(spans, key=lambda span: _RANK.get(span.type, _OTHERS_RANK))[:MAX_ANSWER_ENTITIES]


def _measured(text: str, lead: int, spans: list[Span]) -> tuple[Entity, ...]:
    """Turn code points into UTF-16 units."""
    wide = [] if text.isascii() else [found.start() for found in _ASTRAL.finditer(text)]

    def units(position: int) -> int:
        return position - lead + bisect_left(wide, position - lead)

    return tuple(
        Entity(span.type, units(span.start), units(span.end) - units(span.start), span.url, span.language)
        for span in spans
    )
