"""The parse mode `HTML`."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any, Final

from playground.text.entity_builder import EntityBuilder

Json = dict[str, Any]

_KINDS: Final = MappingProxyType(
    {
        "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
        "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
        "code": "code", "pre": "pre", "a": "text_link", "blockquote": "blockquote", "span": "spoiler",
        "tg-emoji": "custom_emoji",
    }
)  # fmt: skip
_PIECE: Final = re.compile(r"[^<&]+|<[^<>]*>?|&#x?[0-9a-fA-F]{1,8};|&(?:lt|gt|amp|quot);|&")
_TAG: Final = re.compile(r"<(/?)([^\s>/]*)([^>]*)>")
_ATTRIBUTE: Final = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+)))?")
_NAMED: Final = MappingProxyType({"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'})


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Return the text and the entities of an HTML text. Raises 400 for tags that are unknown or do not match."""
    writer = EntityBuilder(source)
    for match in _PIECE.finditer(source):
        piece = match.group()
        if piece.startswith("<"):
            _tag(writer, piece, match.start())
        elif piece.startswith("&"):
            writer.write(_character(piece))
        else:
            writer.write(piece)
    if writer.open:
        raise writer.wrong(f'Can\'t find end tag corresponding to start tag "{writer.open[-1].tag}"')
    return writer.result()


def _character(piece: str) -> str:
    if piece in _NAMED:
        return _NAMED[piece]
    if not piece.startswith("&#"):
        return piece
    number = piece[2:-1]
    try:
        code = int(number[1:], 16) if number[:1] == "x" else int(number)
        return chr(code) if code else piece
    except (ValueError, OverflowError):
        return piece


def _tag(writer: EntityBuilder, piece: str, at: int) -> None:
    match = _TAG.fullmatch(piece)
    if match is None:
        raise writer.wrong("Unclosed end tag" if piece.startswith("</") else "Unclosed start tag", at)
    name = match.group(2).lower()
    if match.group(1):
        _end(writer, name, at)
    else:
        _begin(writer, name, match.group(3), at)


def _end(writer: EntityBuilder, name: str, at: int) -> None:
    if not writer.open:
        raise writer.wrong("Unexpected end tag", at)
    expected = writer.open[-1].tag
    if name and name != expected:
        found = f'expected "</{expected}>", found "</{name}>"'
        raise writer.wrong(f"Unmatched end tag at byte offset {len(writer.source[:at].encode())}, {found}")
    writer.end()


def _begin(writer: EntityBuilder, name: str, rest: str, at: int) -> None:
    kind = _KINDS.get(name)
    if kind is None:
        raise writer.wrong(f'Unsupported start tag "{name}"', at)
    given = {one[0].lower(): one[1] or one[2] or one[3] for one in _ATTRIBUTE.findall(rest)}
    if name == "span" and given.get("class") != "tg-spoiler":
        raise writer.wrong('Tag "span" must have class "tg-spoiler"', at)
    if name == "blockquote" and "expandable" in given:
        kind = "expandable_blockquote"
    fields: Json = {}
    if name == "a":
        fields["url"] = _PIECE.sub(lambda match: _character(match.group()), given.get("href", ""))
        kind = kind if fields["url"] else ""
    if name == "tg-emoji":
        fields["custom_emoji_id"] = given.get("emoji-id", "")
    language = given.get("class", "").removeprefix("language-")
    if name == "code" and language and writer.open and writer.open[-1].tag == "pre":
        # `<pre><code class="language-…">` is one entity: the outer one takes the language.
        writer.open[-1].fields = {"language": language}
        kind = ""
    writer.begin(kind, at, name, **fields)
