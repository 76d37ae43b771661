"""Recognises the encoding of text files: marks first, then UTF-8, then what the bytes look like."""

from __future__ import annotations

import codecs
import re
from collections import Counter

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 128 * 1024
"""Bytes by which an encoding is guessed; the guess takes 0.1 s for them."""
MIN_VALID_PER_DAMAGE = 4
"""Valid sequences of UTF-8 for each damaged one in text that is UTF-8 all the same."""
MAX_CONTROL_SHARE = 0.01
"""Control characters among the bytes of a text: a log with colours has some, a compressed file has a tenth."""
MIN_RUSSIAN_SHARE = 0.8
"""Russian words among those with letters beyond ASCII, in Windows' Russian code page."""
MIN_UTF16_SHARE = 0.8
"""Code units of UTF-16 in the two most common blocks of 256: a text uses one alphabet and ASCII."""

_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_ODD_WORD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_RUSSIAN_WORD = re.compile(r"[А-ЯЁ]?[а-яё]+|[А-ЯЁ]{1,3}")
_LATIN_GUESSES = re.compile(
    r"cp125[0247]|cp1140|cp437|cp85\d|cp775|mac_(?!cyrillic|greek)\w+|latin_1|iso8859_(1|2|3|4|9|1\d)|hp_roman8|cp500|cp037|cp273"
)
_WESTERN = frozenset(
    "äöüÄÖÜßàâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜáíóúñÁÍÓÚÑãõÃÕåøÅØìòÌÒ«»„“”‚‘’–—…•€£§°¿¡·ªº©®™²³½¼¾±×\xa0´"
)  # fmt: skip


def decode(content: bytes) -> str | None:
    """The text of a file, damaged characters as U+FFFD. None: the bytes are no text, or in no known encoding."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding)
    if b"\x00" in content:
        return _utf16_without_mark(content)
    if len(content) - len(content.translate(None, _CONTROLS)) > len(content) * MAX_CONTROL_SHARE:
        return None
    text = _strictly(content, "utf-8")
    return text if text is not None else _not_clean(content)


def _not_clean(content: bytes) -> str | None:
    """Text that is no valid UTF-8: damaged UTF-8, or one of the older encodings."""
    return _damaged_utf8(content) or _russian(content) or _guessed(content)


def _damaged_utf8(content: bytes) -> str | None:
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    valid = sum(1 for character in text if character > "\x7f") - damaged
    return text if valid >= damaged * MIN_VALID_PER_DAMAGE else None


def _russian(content: bytes) -> str | None:
    """Windows' Russian code page, where nearly all words beyond ASCII look Russian. Short ones no library tells."""
    text = content.decode("cp1251", "replace")
    words = _ODD_WORD.findall(text[:SAMPLE_BYTES])
    russian = sum(1 for word in words if _RUSSIAN_WORD.fullmatch(word))
    return text if words and russian >= len(words) * MIN_RUSSIAN_SHARE else None


def _guessed(content: bytes) -> str | None:
    """The encoding that charset-normalizer finds likeliest; among those of Latin letters, Western European first."""
    from charset_normalizer import from_bytes

    best = from_bytes(content[:SAMPLE_BYTES]).best()
    if best is None:
        return None
    if _LATIN_GUESSES.fullmatch(best.encoding) and (text := _western(content)) is not None:
        return text
    return content.decode(best.encoding, "replace")


def _western(content: bytes) -> str | None:
    text = _strictly(content, "cp1252")
    if text is None or any(character > "\x7f" and character not in _WESTERN for character in text):
        return None
    return text


def _utf16_without_mark(content: bytes) -> str | None:
    """UTF-16, where all zeros stand on one side of the code units and the text is of few alphabets."""
    if len(content) % 2:
        return None
    low, high = content[::2], content[1::2]
    if b"\x00" in low and b"\x00" in high:
        return None
    encoding, blocks = ("utf-16-le", high) if b"\x00" in high else ("utf-16-be", low)
    common = sum(count for _, count in Counter(blocks).most_common(2))
    text = _strictly(content, encoding)
    if text is None or common < len(blocks) * MIN_UTF16_SHARE:
        return None
    shown = sum(1 for character in text if character.isprintable() or character.isspace())
    return text if shown >= len(text) * (1 - MAX_CONTROL_SHARE) else None


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
