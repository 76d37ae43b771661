"""What Telegram asks of a message's text and entities, checked without mercy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from bot.rendering.markup import Entity, Formatted
from bot.rendering.reply import MessagePart, Reply

FLAT = {"pre", "code"}
QUOTES = {"blockquote", "expandable_blockquote"}
KNOWN = {"bold", "italic", "underline", "strikethrough", "text_link", *FLAT, *QUOTES}
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202e\u2800\ufeff\ufffc\u180e"


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def inside(formatted: Formatted, entity: Entity) -> str:
    data = formatted.text.encode("utf-16-le")
    return data[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def shown(formatted: Formatted, kind: str) -> list[str]:
    """What the entities of one type are set around."""
    return [inside(formatted, entity) for entity in formatted.entities if entity.type == kind]


def is_visible(text: str) -> bool:
    return any(not character.isspace() and character not in INVISIBLE for character in text)


def check(formatted: Formatted, limit: int = 4096) -> None:
    """Accept what the strictest server would accept."""
    text, entities = formatted.text, formatted.entities
    assert units(text) <= limit
    assert is_visible(text)
    assert text == text.rstrip()
    assert text == text.lstrip() or any(entity.offset == 0 and entity.type == "pre" for entity in entities)
    assert len(entities) <= 100
    assert [entity.offset for entity in entities] == sorted(entity.offset for entity in entities)
    for entity in entities:
        check_entity(formatted, entity)
    for first, second in combinations(entities, 2):
        check_pair(first, second)


def check_entity(formatted: Formatted, entity: Entity) -> None:
    assert entity.type in KNOWN
    assert entity.offset >= 0
    assert entity.length > 0
    assert entity.offset + entity.length <= units(formatted.text)
    content = inside(formatted, entity)  # raises within a surrogate pair
    assert content.strip()
    assert content == content.rstrip()
    indented = any(other.type == "pre" and other.offset == entity.offset for other in formatted.entities)
    assert content == content.lstrip() or indented
    assert bool(entity.url) == (entity.type == "text_link")
    assert entity.language is None or entity.type == "pre"


def check_pair(first: Entity, second: Entity) -> None:
    end = first.offset + first.length
    if second.offset >= end:
        return
    assert second.offset + second.length <= end, f"{first} and {second} overlap"
    assert first.type != second.type
    assert first.type not in FLAT
    assert second.type not in FLAT or first.type in QUOTES
    assert not (first.type in QUOTES and second.type in QUOTES)


def parts_of(reply: Reply) -> list[MessagePart]:
    tail = reply.tail()
    return [*reply.sealed, *([tail] if tail else [])]


def messages(reply: Reply) -> list[Formatted]:
    return [reply.show(part) for part in parts_of(reply)]


def written(
    pieces: Sequence[str], *, limit: int = 4096, markup: bool = True, note: str = "", watch: bool = False
) -> list[Formatted]:
    """Write an answer piece by piece to its end; with `watch`, check every state on the way."""
    reply = Reply(limit=limit, markup=markup)
    for piece in pieces:
        reply.write(piece)
        reply.advance()
        if watch:
            for formatted in messages(reply):
                check(formatted, limit)
    reply.end(note)
    reply.advance()
    return messages(reply)
