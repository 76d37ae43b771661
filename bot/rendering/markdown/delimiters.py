"""Delimiters of emphasis: the runs of `*`, `_` and `~` that open or close it.

CommonMark's flanking rules, with four exceptions: quotation marks and East Asian text count as letters, so that
`**「重要」**です` is bold; a bold sentence may be followed by the next without a space; between letters or digits of
formulas an asterisk multiplies (`2*3*4`, `x**2`); and an underscore between two signs is a sign, too (`>_<`).
"""

from __future__ import annotations

import re

from markdown_it.rules_inline.state_inline import Scanned

MAX_DELIMITERS = 256
"""Runs of one paragraph that are read as markup: more than a message can show. Those beyond are shown as text."""

_DUNDER = re.compile(r"__[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*__(?![A-Za-z0-9])")
_BOLD_IN_WORD = re.compile(r"\*\*[^\W\d_]{2,}\*\*(?!\d)")
_BOLD = 2
_QUOTES = frozenset("\"'«»‹›“”„‘’‚")
_SENTENCE_ENDS = frozenset(".:!?…;")
_OPENING = frozenset("([{\"'«‹“„‘*_~`")
_CLOSING = frozenset(")]}\"'»›”’*_~`.,;:!?…")
_FORMULA_LETTERS = re.compile("[A-Za-z\u00aa-\u024f\u0370-\u03ff]")
_HEBREW = "\u0590"
"""The first letter of the scripts in which a digit beside a letter is no power."""


def adapted(source: str, start: int, scanned: Scanned) -> Scanned:
    """Apply the exceptions to a run of delimiters that CommonMark's rules have judged."""
    length = scanned.length
    before, after = source[start - 1 : start] if start else "", source[start + length : start + length + 1]
    opens, closes = scanned.can_open, scanned.can_close
    if source[start] == "_":
        if (length == _BOLD and _is_in_dunder(source, start)) or _is_sign(before, after):
            opens = closes = False
    elif source[start] == "*" and _multiplies(before, after):
        opens = length == _BOLD and _BOLD_IN_WORD.match(source, start) is not None
        closes = closes and length >= _BOLD
    else:
        opens = opens or _opens_loosely(before, after)
        closes = closes or _closes_loosely(before, after, length)
    return Scanned(can_open=opens, can_close=closes, length=length)


def _opens_loosely(before: str, after: str) -> bool:
    if not after.strip():
        return False
    return (after in _QUOTES and before.isalpha()) or is_east_asian(before) or is_east_asian(after)


def _closes_loosely(before: str, after: str, length: int) -> bool:
    if not before.strip():
        return False
    if is_east_asian(before) or is_east_asian(after):
        return True
    return after.isalpha() and (before in _QUOTES or (length >= _BOLD and before in _SENTENCE_ENDS))


def _multiplies(before: str, after: str) -> bool:
    if not (before.isalnum() and after.isalnum()):
        return False
    if before.isdigit() or after.isdigit():
        return max(before, after) < _HEBREW
    return bool(_FORMULA_LETTERS.match(before) and _FORMULA_LETTERS.match(after))


def _is_sign(before: str, after: str) -> bool:
    """Tell whether an underscore stands between two signs that are neither brackets nor quotation marks around it."""
    if not before.strip() or not after.strip() or before.isalnum() or after.isalnum():
        return False
    return before not in _OPENING and after not in _CLOSING and not is_east_asian(before + after)


def _is_in_dunder(source: str, start: int) -> bool:
    """Tell whether these two underscores begin or end a name such as `__init__`."""
    if _DUNDER.match(source, start):
        return True
    first = source.rfind("__", max(0, start - 100), start)
    found = _DUNDER.match(source, first) if first >= 0 else None
    return found is not None and found.end() == start + len("__")


def is_east_asian(character: str) -> bool:
    """Tell whether this belongs to a script that puts no spaces around words, or to its punctuation."""
    return "\u2e80" <= character[:1] < "\ufe00" or "\ufe30" <= character[:1] < "\uffef" or character[:1] >= "\U00020000"
