"""Transcript of a recording, folded, so that people see what was understood."""

from __future__ import annotations

from bot.rendering.entities import Entity, Formatted, fitting_length, utf16_length

MAX_SHOWN = 3500
"""UTF-16 units of a transcript that are shown, in one message."""


def folded_transcript(title: str, text: str) -> Formatted:
    """Set the words as a quotation that people can unfold, under a line that says what they are."""
    words = " ".join(text.split())
    if utf16_length(words) > MAX_SHOWN:
        words = words[: fitting_length(words, MAX_SHOWN - 1)].rstrip() + "…"
    quotation = Entity("expandable_blockquote", utf16_length(title) + 1, utf16_length(words))
    return Formatted(f"{title}\n{words}", (quotation,))
