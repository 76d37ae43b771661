"""The words of a message as a generator reads them: addresses behind links, code in fences, and what is no text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aiogram.types import Message
from aiogram.types import MessageEntity as SentEntity

from bot.conversation.addressing import MessageEntity
from handlers.words.marks import MarkedText, code_mark, fence_marks, link_marks, units_of
from handlers.words.rich_message import rich_words

MAX_OPTIONS = 30
"""Options of a poll, or tasks of a checklist, that are read: as many as Telegram allows."""
_BYTES_PER_UNIT = 2


class _Insertion(NamedTuple):
    """Text that is put in at a place, in UTF-16 units."""

    at: int
    text: str


def marked(text: str, sent: Sequence[SentEntity], addressing: Iterable[MessageEntity] = ()) -> MarkedText:
    """Write links and code as Markdown; `addressing` is moved along. Entities that cannot be are passed over."""
    units = text.encode("utf-16-le", "surrogatepass")
    insertions = _insertions(units, sent)
    pieces: list[bytes] = []
    begin = 0
    for at, inserted in insertions:
        pieces += units[begin : at * _BYTES_PER_UNIT], inserted.encode("utf-16-le", "surrogatepass")
        begin = at * _BYTES_PER_UNIT
    whole = b"".join([*pieces, units[begin:]]).decode("utf-16-le", "surrogatepass")
    return MarkedText(whole, tuple(_moved(entity, insertions) for entity in addressing))


def words_of(message: Message) -> str:
    """The text or caption with its marks written out, else a description of what has no text; empty: neither."""
    if message.rich_message is not None:
        return rich_words(message.rich_message).text
    sent = message.entities if message.text is not None else message.caption_entities
    text = message.text or message.caption
    return marked(text, sent or ()).text if text else description_of(message)


def description_of(message: Message) -> str:
    """A line or a few about a place, a contact, a poll, a checklist or a dice; empty for anything else."""
    if message.venue is not None:
        venue = message.venue
        where = f"{venue.location.latitude:.5f}, {venue.location.longitude:.5f}"
        return f"[Place: {venue.title}, {venue.address} ({where})]"
    if message.location is not None:
        return f"[Place: {message.location.latitude:.5f}, {message.location.longitude:.5f}]"
    if message.contact is not None:
        contact = message.contact
        name = " ".join(filter(None, (contact.first_name, contact.last_name)))
        return f"[Contact: {name}, {contact.phone_number}]"
    if message.sticker is not None and message.sticker.emoji and message.forward_origin is not None:
        return f"[Sticker {message.sticker.emoji}]"
    if message.dice is not None:
        return f"[Dice {message.dice.emoji}: {message.dice.value}]"
    return _list_of(message)


def _list_of(message: Message) -> str:
    if message.poll is not None:
        options = (f"- {option.text}" for option in message.poll.options[:MAX_OPTIONS])
        return "\n".join([f"[Poll] {message.poll.question}", *options])
    if message.checklist is not None:
        tasks = (
            f"- [{'x' if task.completion_date else ' '}] {task.text}" for task in message.checklist.tasks[:MAX_OPTIONS]
        )
        return "\n".join([f"[Checklist] {message.checklist.title}", *tasks])
    return ""


def _insertions(units: bytes, sent: Sequence[SentEntity]) -> list[_Insertion]:
    """The marks of all entities in order; of two that overlap, the first."""
    found: list[_Insertion] = []
    free = 0
    for entity in sorted(sent, key=lambda entity: entity.offset):
        begin, end = entity.offset, entity.offset + entity.length
        if begin < free or end <= begin or end * _BYTES_PER_UNIT > len(units):
            continue
        marks = _marks(units, entity)
        if marks is not None:
            found += _Insertion(begin, marks[0]), _Insertion(end, marks[1])
            free = end
    return found


def _marks(units: bytes, entity: SentEntity) -> tuple[str, str] | None:
    """The marks before and after an entity. None: it says nothing that its text does not."""
    begin, end = entity.offset * _BYTES_PER_UNIT, (entity.offset + entity.length) * _BYTES_PER_UNIT
    words = units[begin:end].decode("utf-16-le", "replace")
    if entity.type == "text_link":
        return link_marks(words, entity.url or "")
    if entity.type == "code":
        ticks = code_mark(words)
        return ticks, ticks
    if entity.type == "pre":
        opening, closing = fence_marks(words, entity.language)
        before, after = _ends(units[:begin], units[end:])
        return before + opening, closing + after
    return None


def _ends(before: bytes, after: bytes) -> tuple[str, str]:
    """The line breaks that a fence still needs around it."""
    newline = "\n".encode("utf-16-le")
    return "" if not before or before.endswith(newline) else "\n", "" if not after or after.startswith(
        newline
    ) else "\n"


def _moved(entity: MessageEntity, insertions: Sequence[_Insertion]) -> MessageEntity:
    """An entity where it stands after the insertions, of which those within it belong to it."""
    end = entity.offset + entity.length
    before = sum(units_of(text) for at, text in insertions if at <= entity.offset)
    within = sum(units_of(text) for at, text in insertions if entity.offset < at < end)
    return MessageEntity(entity.kind, entity.offset + before, entity.length + within, entity.user)
