"""Marks that say more than the words between them: addresses behind links, and code."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.conversation.addressing import MessageEntity

MAX_LINK = 2000
"""Characters of an address that is read along; a longer one says nothing to a model."""
_LANGUAGE = re.compile(r"[\w+#.-]{1,32}")
_TICKS = re.compile("`+")


class MarkedText(NamedTuple):
    """A text with its marks written out, and the places of what addresses somebody in it."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


def link_marks(words: str, url: str) -> tuple[str, str] | None:
    """The marks around the words of a link. None: its address stands there anyway, or is none."""
    if not 0 < len(url) <= MAX_LINK or words.strip().rstrip("/") == url.rstrip("/"):
        return None
    address = "".join(url.split())
    return "[", f"](<{address}>)" if "(" in address or ")" in address else f"]({address})"


def code_mark(words: str) -> str:
    """The ticks around code within a line."""
    return "`" * (_longest_ticks(words) + 1)


def fence_marks(words: str, language: str | None) -> tuple[str, str]:
    """The fence above a block of code, with its language and line break, and the one below."""
    fence = "`" * max(3, _longest_ticks(words) + 1)
    name = _LANGUAGE.match(language or "")
    return f"{fence}{name[0] if name else ''}\n", ("" if words.endswith("\n") else "\n") + fence


def units_of(text: str) -> int:
    """The length of a text as Telegram counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _longest_ticks(words: str) -> int:
    return max((len(run) for run in _TICKS.findall(words)), default=0)
