"""Texts and their entities as Telegram's servers keep them: cleaned, trimmed, checked, completed.

Offsets and lengths are UTF-16 code units (Bot API, MessageEntity). What is done here, and in which order, follows
tdlib's `fix_formatted_text`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise
from typing import Any, Final

from playground.errors import bad_request

Entity = dict[str, Any]

MAX_TEXT_LENGTH: Final = 4096
"""UTF-16 units of one message."""
MAX_CAPTION_LENGTH: Final = 1024
MAX_RAW_BYTES: Final = 32_768
"""Bytes of the text as it comes."""
MAX_ENTITIES: Final = 100

_LOW_SURROGATE: Final = 0xDC
_SPLITTABLE: Final = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
_CODE: Final = frozenset({"code", "pre"})
_QUOTES: Final = frozenset({"blockquote", "expandable_blockquote"})
_GIVEN: Final = _SPLITTABLE | _CODE | _QUOTES | {"text_link", "text_mention", "custom_emoji", "date_time"}
_KEPT_FIRST: Final = {"pre": 0, "code": 0, "text_link": 1, "text_mention": 1, "url": 1}
_TO_SPACE: Final = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f]")
_REMOVED: Final = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_INVISIBLE: Final = re.compile("[\\s\u180e\u200b-\u200f\u2060-\u2064\u2800\ufeff\ufffc]*")
_AUTOMATIC: Final = re.compile(
    r"(?P<url>(?:https?://|(?<![\w@.])www\.)[^\s<>\"]+|(?<![\w@./-])(?:[\w-]+\.)+(?:com|org|net|io|ru|me|dev|app|info)\b(?:/[^\s<>\"]*)?)"
    r"|(?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<mention>(?<![\w/])@[A-Za-z][A-Za-z0-9_]{2,31}(?!\w))"
    r"|(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z][A-Za-z0-9_]{2,31})?(?![\w/<>]))"
    r"|(?P<hashtag>(?<!\w)#\w*[^\W\d]\w*)"
)
_DOTTED: Final = re.compile(r"\w\.\w")


def utf16_length(text: str) -> int:
    """Return how many UTF-16 units a text has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, offset: int, length: int) -> str:
    """Return the part of a text that an entity covers; offset and length in UTF-16 units."""
    if text.isascii():
        return text[offset : offset + length]
    return text.encode("utf-16-le", "surrogatepass")[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def normalize(
    text: str, entities: list[Entity] | None = None, *, trim: bool = True, allow_empty: bool = False
) -> tuple[str, list[Entity]]:
    """Return a text and its entities as Telegram would keep them.

    Raises 400: text that is not Unicode, entities that begin or end inside a character or beyond the text, and (unless
    `allow_empty`) a text that shows nothing.
    """
    units = _units(text)
    given = _checked(text, units, entities or [])
    text, given = _cleaned(text, given)
    if trim:
        text, given = _trimmed(text, given)
    if _INVISIBLE.fullmatch(text):
        if allow_empty:
            return "", []
        raise bad_request("text must be non-empty")
    settled = _nested(_visible(text, given)) if given else []
    settled = _with_automatic(text, settled)
    return text, _limited(settled)


def automatic(text: str) -> list[Entity]:
    """Return what an app marks by itself: mentions, commands, addresses, hashtags."""
    if not any(mark in text for mark in "@/#") and ("." not in text or not _DOTTED.search(text)):
        return []
    found = []
    for match in _AUTOMATIC.finditer(text):
        shown = match.group()
        kind = match.lastgroup or ""
        if kind == "url":
            shown = shown.rstrip(".,;:!?)]}'\"»")
        found.append({"type": kind, "offset": utf16_length(text[: match.start()]), "length": utf16_length(shown)})
    return found


def _units(text: str) -> bytes:
    try:
        return text.encode("utf-16-le")
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _checked(text: str, units: bytes, entities: list[Entity]) -> list[Entity]:
    end_of_text = len(units) // 2
    good = []
    for entity in entities:
        kind, offset, length = entity.get("type"), entity.get("offset"), entity.get("length")
        if not isinstance(kind, str) or type(offset) is not int or type(length) is not int:
            raise bad_request('can\'t parse entities: field "type", "offset" or "length" is wrong')
        if offset < 0 or length < 0:
            raise bad_request(f"receive an entity with incorrect offset {offset} or length {length}")
        if kind not in _GIVEN or length == 0:
            continue
        end = offset + length
        if offset > end_of_text:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
        if end > end_of_text:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
            )
        if _inside_pair(units, offset):
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {_bytes(text, offset)}")
        if _inside_pair(units, end):
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol"
                f" at byte offset {_bytes(text, end)}"
            )
        good.append(_known_fields(entity, kind))
    return good


def _known_fields(entity: Entity, kind: str) -> Entity:
    kept: Entity = {"type": kind, "offset": entity["offset"], "length": entity["length"]}
    if kind in _SPLITTABLE or len(entity) == len(kept):
        return kept
    for name in ("url", "user", "language", "custom_emoji_id", "unix_time", "date_time_format"):
        if entity.get(name):
            kept[name] = entity[name]
    return kept


def _inside_pair(units: bytes, offset: int) -> bool:
    index = 2 * offset + 1
    return index < len(units) and units[index] & 0xFC == _LOW_SURROGATE


def _bytes(text: str, offset: int) -> int:
    return len(utf16_slice(text, 0, offset + 1).rstrip("\ufffd").encode("utf-8", "replace"))


def _cleaned(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Turn control characters into spaces and drop line separators and direction overrides, as the servers do."""
    if text.isprintable():
        return text, entities
    removed = [utf16_length(text[: match.start()]) for match in _REMOVED.finditer(text)]
    cleaned = _TO_SPACE.sub(" ", text)
    if not removed:
        return cleaned, entities
    moved = []
    for entity in entities:
        start = entity["offset"] - bisect_left(removed, entity["offset"])
        end = entity["offset"] + entity["length"]
        moved.append({**entity, "offset": start, "length": end - bisect_left(removed, end) - start})
    return _REMOVED.sub("", cleaned), [entity for entity in moved if entity["length"] > 0]


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Cut white space off both ends; at the front only as far as the first entity."""
    kept = text.rstrip(" \n")
    if len(kept) != len(text):
        entities = _clipped(entities, utf16_length(kept))
    lead = len(kept) - len(kept.lstrip(" \n"))
    if lead and entities:
        visible = _visible(kept, entities)
        lead = min(lead, min((entity["offset"] for entity in visible), default=lead))
    if not lead:
        return kept, entities
    shifted = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        length = entity["offset"] + entity["length"] - lead - start
        if length > 0:
            shifted.append({**entity, "offset": start, "length": length})
    return kept[lead:], shifted


def _clipped(entities: list[Entity], end: int) -> list[Entity]:
    clipped = []
    for entity in entities:
        length = min(entity["length"], end - entity["offset"])
        if length > 0:
            clipped.append({**entity, "length": length})
    return clipped


def _visible(text: str, entities: list[Entity]) -> list[Entity]:
    """Drop entities that cover white space only."""
    units = text.encode("utf-16-le", "surrogatepass")
    return [entity for entity in entities if _shows(units, 2 * entity["offset"], 2 * entity["length"])]


def _shows(units: bytes, start: int, length: int) -> bool:
    """Return whether some UTF-16 unit of a part is neither a space nor a line break."""
    part = units[start : start + length]
    return bool(part[1::2].strip(b"\0")) or bool(part[::2].strip(b" \n"))


def _nested(entities: list[Entity]) -> list[Entity]:
    """Make entities lie side by side or inside each other: unite equal styles, keep code free of others, split."""
    if _plain(entities):
        return entities
    code = _apart([entity for entity in entities if entity["type"] in _CODE])
    others = _united([entity for entity in entities if entity["type"] not in _CODE])
    for block in code:
        if others:
            others = [piece for other in others for piece in _around(other, block)]
    placed: list[Entity] = []
    for entity in sorted(others, key=_order):
        placed.extend(_split_by(entity, placed))
    return sorted(placed + code, key=_order)


def _plain(entities: list[Entity]) -> bool:
    """Return whether entities lie in order, side by side, with something between them: as they nearly always do."""
    end = -1
    for entity in entities:
        if entity["offset"] <= end:
            return False
        end = entity["offset"] + entity["length"]
    return True


def _order(entity: Entity) -> tuple[int, int, int, str]:
    return entity["offset"], -entity["length"], entity["type"] not in _QUOTES, entity["type"]


def _apart(entities: list[Entity]) -> list[Entity]:
    end, kept = 0, []
    for entity in sorted(entities, key=_order):
        if entity["offset"] >= end:
            kept.append(entity)
            end = entity["offset"] + entity["length"]
    return kept


def _united(entities: list[Entity]) -> list[Entity]:
    """Unite touching entities of one style; of other kinds the later one that overlaps its like is dropped."""
    last: dict[str, Entity] = {}
    united = []
    for entity in sorted(entities, key=_order):
        before = last.get(entity["type"])
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if before is not None and start < before["offset"] + before["length"] + (entity["type"] in _SPLITTABLE):
            if entity["type"] in _SPLITTABLE:
                before["length"] = max(before["offset"] + before["length"], end) - before["offset"]
            continue
        last[entity["type"]] = dict(entity)
        united.append(last[entity["type"]])
    return united


def _around(entity: Entity, block: Entity) -> list[Entity]:
    """Return what is left of an entity outside a piece of code; quotes may hold code."""
    start, end = entity["offset"], entity["offset"] + entity["length"]
    first, last = block["offset"], block["offset"] + block["length"]
    if end <= first or start >= last:
        return [entity]
    if entity["type"] in _QUOTES and start <= first and end >= last:
        return [entity]
    parts = [(start, first), (last, end)]
    return [{**entity, "offset": a, "length": b - a} for a, b in parts if b > a]


def _split_by(entity: Entity, placed: list[Entity]) -> list[Entity]:
    """Split an entity where another one that began before it ends inside it."""
    start, end = entity["offset"], entity["offset"] + entity["length"]
    inner = {other["offset"] + other["length"] for other in placed if other["offset"] <= start}
    marks = [start, *sorted(mark for mark in inner if start < mark < end), end]
    return [{**entity, "offset": a, "length": b - a} for a, b in pairwise(marks)]


def _with_automatic(text: str, entities: list[Entity]) -> list[Entity]:
    found = automatic(text)
    if not found or not entities:
        return found or entities
    blocking = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in entities
        if entity["type"] not in _SPLITTABLE and entity["type"] not in _QUOTES
    ]
    crossing = [(entity["offset"], entity["offset"] + entity["length"]) for entity in entities]
    free = [entity for entity in found if _free(entity, blocking) and _whole(entity, crossing)]
    return sorted(entities + free, key=_order) if free else entities


def _free(entity: Entity, blocking: list[tuple[int, int]]) -> bool:
    start, end = entity["offset"], entity["offset"] + entity["length"]
    return all(end <= first or start >= last for first, last in blocking)


def _whole(entity: Entity, crossing: list[tuple[int, int]]) -> bool:
    start, end = entity["offset"], entity["offset"] + entity["length"]
    return not any(first < start < last < end or start < first < end < last for first, last in crossing)


def _limited(entities: list[Entity]) -> list[Entity]:
    """Keep 100 entities, code and links first; the rest is dropped without a word."""
    if len(entities) <= MAX_ENTITIES:
        return entities
    by_weight = sorted(entities, key=lambda entity: _KEPT_FIRST.get(entity["type"], 2))
    return sorted(by_weight[:MAX_ENTITIES], key=_order)
