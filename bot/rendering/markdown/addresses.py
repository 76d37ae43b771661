"""Addresses in a text: bare ones, which stay whole, and words of which Telegram would make something to tap.

Telegram makes a link of `README.md`, a command of `/tmp` and a mention of `@property`. Such words are set as code: a
word after a slash or an at sign, and a file name whose ending is also a top-level domain; never real addresses (with
`http://`, `www.` or a domain before their path), never inside of code or links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

_MAX_ADDRESS = 2048
_BARE = re.compile(r"(?<![A-Za-z0-9])(?:https?://|www\.)[^\s<>\[\]`\\\"|«»“”\u2e80-\uffff]+", re.IGNORECASE)
_AFTERWARDS = "?!.,:;*_~'"
_BEFORE = r"(?<![\w/.@:#\\<&=~%+-])"
_ENDINGS = r"\.(?:md|py|sh|rs|so|pl|pm|ps|cc|ml|mk|mm|mo|tf|zip|mov|pub)(?![\w/@:-]|\.\w)"
"""Ends of file names that are top-level domains, too."""
_HINT = re.compile(r"[/@.][A-Za-z0-9_]")
"""Signs that such words have; in most sentences none is found, quickly."""
_TAPPABLE = re.compile(
    _BEFORE
    + r"(?:/[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)*/?"
    + r"|@[A-Za-z][A-Za-z0-9_]{1,31}"
    + r"|(?:\.{1,2}/|~/)?(?:[\w-]+/)*[\w-]+(?:\.[\w-]+)*"
    + _ENDINGS
    + ")"
)


def address(href: str) -> str | None:
    """Give the address if Telegram makes a link of it; it drops others without a word, and the address with them."""
    if len(href) > _MAX_ADDRESS or not href.isprintable() or " " in href:
        return None
    try:
        parts = urlsplit(href)
        host = parts.hostname or ""
    except ValueError:
        return None
    return href if parts.scheme in {"http", "https"} and "." in host.strip(".") else None


def bare_addresses(text: str) -> dict[int, int]:
    """Find the addresses that stand in a text without any markup: where each begins and ends."""
    scheme, has_host = text.find("://"), "www." in text.lower()
    if scheme < 0 and not has_host:
        return {}
    near = 0 if has_host else max(scheme - len("https"), 0)
    return {found.start(): _end(found) for found in _BARE.finditer(text, near)}


def _end(found: re.Match[str]) -> int:
    """Find the end of an address: a sentence's punctuation and a bracket around it are not its own."""
    text = found.group()
    while text:
        if text[-1] in _AFTERWARDS or (text[-1] == ")" and text.count(")") > text.count("(")):
            text = text[:-1]
        else:
            break
    return found.start() + len(text)


def tappable_words(text: str) -> Iterator[tuple[int, int]]:
    """Find the words that Telegram would make a link, a command or a mention of."""
    if not _HINT.search(text):
        return
    addresses = bare_addresses(text)
    for found in _TAPPABLE.finditer(text):
        end = found.end() - (len(found.group()) - len(found.group().rstrip(".-")))
        if not any(start <= found.start() < stop for start, stop in addresses.items()):
            yield found.start(), end
