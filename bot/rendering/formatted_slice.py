"""Slices of a formatted text, for a chat where Telegram takes shorter messages than it documents."""

from __future__ import annotations

from dataclasses import replace

from bot.rendering.entities import Formatted, fitting_length, utf16_length
from bot.rendering.markdown.graphemes import last_grapheme_boundary


def slice_formatted(what: Formatted, start: int, limit: int) -> tuple[Formatted, int]:
    """Slice `what` from `start` (code points) on, at most `limit` UTF-16 units long; also give the slice's end.

    It ends at a line, else at a word, else between two characters; an entity over the end is cut with the text.
    """
    rest = what.text[start:]
    most = fitting_length(rest, limit)
    if most < len(rest):
        half = most // 2
        cut = (
            max(rest.rfind("\n", half, most), rest.rfind(" ", half, most)) + 1
            or last_grapheme_boundary(rest, most)
            or most
        )
    else:
        cut = most
    first, length = utf16_length(what.text[:start]), utf16_length(rest[:cut].rstrip())
    entities = []
    for entity in what.entities:
        begin, end = max(entity.offset - first, 0), min(entity.offset + entity.length - first, length)
        if begin < end:
            entities.append(replace(entity, offset=begin, length=end - begin))
    return Formatted(rest[:cut].rstrip(), tuple(entities)), start + cut
