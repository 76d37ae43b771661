"""A stretch of a formatted text: for a message that Telegram takes less into than it should. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.delivery.entities import Formatted, fitting, utf16_length
from bot.delivery.markdown.graphemes import last_border


def stretch(what: Formatted, start: int, limit: int) -> tuple[Formatted, int]:
    """Return what stands from `start` (code points) on, in at most `limit` UTF-16 units, and where that ends.

    It ends at a line, else at a word, else between two characters; an entity over the end is cut with the text.
    """
    rest = what.text[start:]
    if start == 0 and utf16_length(rest) <= limit:
        return what, len(rest)
    most = fitting(rest, limit)
    if most < len(rest):
        half = most // 2
        cut = max(rest.rfind("\n", half, most), rest.rfind(" ", half, most)) + 1 or last_border(rest, most) or most
    else:
        cut = most
    first, length = utf16_length(what.text[:start]), utf16_length(rest[:cut].rstrip())
    entities = []
    for entity in what.entities:
        begin, end = max(entity.offset - first, 0), min(entity.offset + entity.length - first, length)
        if begin < end:
            entities.append(replace(entity, offset=begin, length=end - begin))
    return Formatted(rest[:cut].rstrip(), tuple(entities)), start + cut
