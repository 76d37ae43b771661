"""The seam of an answer that goes on: models begin a new message where they were asked to go on in the old one.

… has been passed  +  down through        →  … has been passed down through      a space between two words
… the beauty of    +  the beauty of it    →  … the beauty of it                  the end is not said twice
… a beautif        +  tiful day           →  … a beautiful day                   nor the end of a long word
Once upon a        +  Once upon a time    →  Once upon a time                    nor is all of it
```python⏎x = f(  +  ```python⏎x = f(1)  →  ```python⏎x = f(1)                   code that is open is opened once

A word that is cut and gone on with by its other half alone (`beau`, `tiful`) looks like two words, and gets a space.
Servers that go on within the old text do that, and where one is known to, nothing is judged: `join_as_is`.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile

MIN_OVERLAP = 3
"""Characters that are taken for a repetition; fewer begin the next word as well."""
MIN_OVERLAP_WITHIN_WORD = 4
"""Characters of a word's end that are taken for a repetition of it, where the new text goes on with the word."""
MAX_OVERLAP = 4000
"""Characters of the old text's end that may be repeated."""

MAX_OPENER_LENGTH = 80
"""Characters of a line that opens code, its language included."""

_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]"
    "|[\U00020000-\U0003ffff]"
)
"""Scripts that put no space between words, or, as Hangul, may well go on within one."""
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
_OPENER = re.compile(r"(?:`{3,}|~{3,})[ \t]*[^\s`~][^\n`]*\n")
"""A line that opens code and names its language: one that does not may as well close it."""
_LAST_WORD = re.compile(r"(?<!\w)\w+\Z")
_WHOLE_WORDS = frozenset([
    "and", "as", "async", "await", "case", "class", "const", "def", "elif", "else", "enum", "export", "extends",
    "for", "from", "func", "function", "if", "import", "in", "interface", "is", "let", "new", "not", "or",
    "package", "private", "public", "raise", "return", "static", "struct", "throw", "type", "var", "while", "with",
    "yield", "SELECT", "FROM", "WHERE", "AND", "OR", "INSERT", "INTO", "UPDATE", "SET", "DELETE", "JOIN", "ON",
    "VALUES",
])  # fmt: skip
"""Words of code that are complete, so that a letter after them begins the next one."""
_CLOSING = frozenset(".,;:!?…)]»”")
_OPENING = frozenset("«„“‘(")
"""Begin a word in prose; in code a bracket belongs to what is before it."""


class Continuation:
    """Takes the new text piece by piece and gives what has to be appended to the old one.

    Pieces are held back while they may repeat the old text: its end from a word's beginning on, or all of it. The rest
    comes out exactly as it went in, but for white space at the seam.
    """

    def __init__(self, old: str) -> None:
        self._old = old
        self._end = old.rstrip()
        self._held = ""
        self._overlap = 0
        """The longest repetition that is certain, in characters."""
        self._starts = _word_starts(self._end)
        self._within = _starts_within_word(self._end)
        self._in_code = len(_FENCE.findall(old)) % 2 == 1
        self._reopened = False
        """The new text has opened the code once more."""
        self._joined = not self._end
        self._standing = ""
        """White space at the end of the old text, which the server has not seen: it is not said twice."""
        self._spaced = False
        """White space stands at the seam already: none is wanted after a repetition."""

    def join_as_is(self) -> None:
        """Judge nothing: the server goes on within the old text. It has not seen the white space at its end."""
        self._joined = True
        self._standing = self._old[len(self._end) :]

    def feed(self, piece: str) -> str:
        """Take a piece; give what is certain by now."""
        if self._joined:
            return self._unspaced(piece)
        self._held += piece
        return self._join(final=False)

    def flush(self) -> str:
        """Give what was held back, when no more text comes."""
        if self._joined:
            return ""
        text = self._held.strip()
        if len(text) > MIN_OVERLAP and any(self._end.startswith(text, start) for start in self._starts):
            return ""  # it repeats, and brings nothing else
        return self._join(final=True)

    def _join(self, *, final: bool) -> str:
        new = self._held.lstrip()
        if not new:
            return ""
        self._narrow(new)
        if (self._starts or self._within or self._may_open_code(new)) and not final:
            return ""
        if self._may_reopen and not self._overlap and (opener := _OPENER.match(new)):
            self._look_anew(new[opener.end() :])
            return self._join(final=final)
        self._joined = True
        rest, self._held = self._held, ""
        if self._overlap:
            self._spaced = self._old[-1].isspace()
            return self._unspaced(new[self._overlap :])
        if self._reopened:
            return self._on_own_line(rest)
        return (" " if self._needs_space(rest) else "") + rest

    @property
    def _may_reopen(self) -> bool:
        """True in code whose first line is whole, as long as the new text has not opened it once more."""
        return self._in_code and not self._reopened and not _FENCE.match(self._old.rpartition("\n")[2])

    def _may_open_code(self, new: str) -> bool:
        """Tell whether a line that may open code is not whole yet."""
        begins = self._may_reopen and not self._overlap and new[0] in "`~"
        return begins and "\n" not in new and len(new) <= MAX_OPENER_LENGTH

    def _look_anew(self, new: str) -> None:
        """Begin once more, after the line that has opened the code."""
        self._held, self._reopened = new, True
        self._starts, self._within = _word_starts(self._end), _starts_within_word(self._end)

    def _on_own_line(self, code: str) -> str:
        """Give code that begins a line: what stands there of that line is its indentation, or the line before it."""
        line = self._old.rpartition("\n")[2]
        return "\n" + code if line.strip() else code[_common_length(line, code) :]

    def _unspaced(self, text: str) -> str:
        if self._standing:
            self._held += text
            new = self._held.lstrip()
            if not new:
                return ""
            text, space = self._held, self._held[: -len(new)]
            text = text[max(length for length in range(len(space) + 1) if self._standing.endswith(space[:length])) :]
            self._standing = ""
        if self._spaced:
            text = text.lstrip()
            self._spaced = not text
        return text

    def _narrow(self, new: str) -> None:
        """Keep the places of the old text from which on it may still be repeated; note the longest whole repetition."""
        undecided = []
        for start in self._starts:
            length = len(self._end) - start
            if length <= len(new):
                if new.startswith(self._end[start:]):
                    self._overlap = max(self._overlap, length)
            elif self._end.startswith(new, start):
                undecided.append(start)
        self._starts = undecided
        self._narrow_within_word(new)

    def _narrow_within_word(self, new: str) -> None:
        """Do the same for the end of the last word, which is repeated only where the word goes on."""
        undecided = []
        for start in self._within:
            length = len(self._end) - start
            if length < len(new):
                if new.startswith(self._end[start:]) and new[length].isalnum():
                    self._overlap = max(self._overlap, length)
            elif self._end.startswith(new, start):
                undecided.append(start)
        self._within = undecided

    @property
    def _in_code_span(self) -> bool:
        return self._old.rpartition("\n")[2].count("`") % 2 == 1

    def _needs_space(self, new: str) -> bool:
        """Tell whether two words would run together. Within a number, and mostly in code, they are left alone."""
        last, first = self._old[-1], new[0]
        begins_word = first.isalnum() or (first in _OPENING and not self._in_code and not self._in_code_span)
        if not begins_word or _SPACELESS.match(last) or _SPACELESS.match(first):
            return False
        if last.isdigit() and first.isdigit():
            return False
        if not (last.isalnum() or unicodedata.category(last) == "Mn" or (last in _CLOSING and not first.isdigit())):
            return False
        word = _LAST_WORD.search(self._old)
        return not self._in_code or (word is not None and word[0] in _WHOLE_WORDS)


def _common_length(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _word_starts(text: str) -> list[int]:
    """Find where a repetition may begin: at the beginning of the text, and at those of the words near its end."""
    near = max(len(text) - MAX_OVERLAP, 0)
    starts = [match.start() for match in re.compile(r"\b\w|(?<=\s)\S").finditer(text, near)]
    return [start for start in dict.fromkeys([0, *starts]) if len(text) - start >= MIN_OVERLAP]


def _starts_within_word(text: str) -> list[int]:
    """Find where a repetition of the end of the last word may begin."""
    word = _LAST_WORD.search(text, max(len(text) - MAX_OVERLAP, 0))
    return [] if word is None else list(range(word.start() + 1, len(text) - MIN_OVERLAP_WITHIN_WORD + 1))
