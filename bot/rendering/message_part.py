"""One message's share of an answer, and how its thoughts, its text and its note are put together."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rendering.entities import Entity, Formatted, is_visible, utf16_length
from bot.rendering.thought_excerpt import folded_thoughts


@dataclass(frozen=True, slots=True)
class MessagePart:
    """One message's share of the answer: positions in the source (code points), what to open and close around it."""

    start: int
    end: int
    prefix: str = ""
    """Markdown that opens again what the message before had open (a fence, a list, a table); not shown."""
    suffix: str = ""
    """Markdown that closes what goes on in the next message."""
    after: str = ""
    """The prefix of the next message."""
    plain: bool = False
    """Shown as written."""
    growing: bool = False
    """May end anywhere: what is being written is shown as if complete."""
    thoughts: str = ""
    note: str = ""


def with_suffix(source: str, suffix: str) -> str:
    """Close what is open at the end of a message's source; a closing mark must follow its text."""
    return source.rstrip() + suffix if suffix else source


def with_thoughts(formatted: Formatted, title: str, thoughts: str) -> Formatted:
    """Put the folded thoughts before the text."""
    if not thoughts:
        return formatted
    text, spans = folded_thoughts(title, thoughts)
    head = [
        Entity(span.type, utf16_length(text[: span.start]), utf16_length(text[span.start : span.end])) for span in spans
    ]
    if not is_visible(formatted.text):
        return Formatted(text, tuple(head))
    return _joined(Formatted(text, tuple(head)), "\n\n", formatted)


def with_note(formatted: Formatted, note: str) -> Formatted:
    """Put a note in italics after the text."""
    if not note:
        return formatted
    last = Formatted(note, (Entity("italic", 0, utf16_length(note)),))
    return _joined(formatted, "\n\n", last) if is_visible(formatted.text) else last


def _joined(first: Formatted, between: str, second: Formatted) -> Formatted:
    shift = utf16_length(first.text) + utf16_length(between)
    moved = tuple(
        Entity(item.type, item.offset + shift, item.length, item.url, item.language) for item in second.entities
    )
    return Formatted(first.text + between + second.text, (*first.entities, *moved))
