"""Text documents that people send: read in whatever encoding they are, cut to what the generator can take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from bot.conversation.window import estimate

LARGEST = 1024 * 1024
"""Bytes of a document that is read."""

_ENDINGS = re.compile(
    r"\.("
    r"txt|md|markdown|rst|csv|tsv|json|jsonl|yaml|yml|toml|ini|cfg|conf|log|xml|html|htm|css|js|mjs|ts|tsx"
    r"|jsx|py|pyi|ipynb|rb|go|rs|java|kt|swift|c|h|cc|cpp|hpp|cs|php|pl|lua|r|sql|sh|bash|ps1|bat|tex|bib"
    r"|srt|vtt|diff|patch|gradle|properties|proto|vue"
    r")"
)
_TYPES = frozenset({"application/json", "application/xml", "application/x-sh", "application/javascript"})
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a document that the generator reads."""

    text: str
    lines: int
    """Lines in the excerpt."""
    of: int
    """Lines in the document."""

    @property
    def whole(self) -> bool:
        """True where nothing was left out."""
        return self.lines == self.of


def is_text(name: str, mime_type: str) -> bool:
    """Tell by its name or its type whether a document looks like text."""
    return (
        _ENDINGS.fullmatch(PurePath(name.lower()).suffix) is not None
        or mime_type.startswith("text/")
        or mime_type in _TYPES
    )


def decode(content: bytes) -> str | None:
    """The text of a file: UTF-16 or UTF-8 by its mark, UTF-8, else the Windows code page of Russian. None: no text."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return _decoded(content, encoding)
    if b"\x00" in content:
        return None
    text = _decoded(content, "utf-8")
    return text if text is not None else _decoded(content, "cp1251")


def excerpt(text: str, room: int) -> Excerpt:
    """The beginning of a text, in whole lines, that costs at most `room` tokens; of one huge line, a part."""
    lines = text.splitlines()
    kept: list[str] = []
    for line in lines:
        room -= estimate(line) + 1
        if room < 0:
            break
        kept.append(line)
    if not kept and lines:
        return Excerpt(_beginning(lines[0], room + estimate(lines[0]) + 1), 0, len(lines))
    return Excerpt("\n".join(kept), len(kept), len(lines))


def as_question(name: str, part: Excerpt, question: str) -> str:
    """A document and what is asked about it, as the generator reads them."""
    fence = "```"
    while fence in part.text:
        fence += "`"
    name = " ".join(name.split()).replace("`", "'")
    cut = f"the first {part.lines} of {part.of} lines" if part.lines else "the beginning of its first line"
    begin = f"Document {name}:" if part.whole else f"Document {name}, {cut}:"
    document = f"{begin}\n{fence}\n{part.text}\n{fence}"
    return f"{document}\n\n{question}" if question else document


def _beginning(line: str, room: int) -> str:
    """As much of one line as fits: every character costs at most three tokens, most cost far less."""
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate(line[:middle]) <= room else (low, middle - 1)
    return line[:low]


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
