"""The seam of an answer that goes on: models begin a new message where they were asked to go on in the old one.

… has been passed  +  down through        →  … has been passed down through      a space between two words
… the beauty of    +  the beauty of it    →  … the beauty of it                  the end is not said twice
Once upon a        +  Once upon a time    →  Once upon a time                    nor is all of it
"""

from __future__ import annotations

import re
import unicodedata

MIN_OVERLAP = 3
"""Characters that are taken for a repetition; fewer begin the next word as well."""
MAX_OVERLAP = 4000
"""Characters of the old text's end that may be repeated."""

_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]"
    "|[\U00020000-\U0003ffff]"
)
"""Scripts that put no space between words, or, as Hangul, may well go on within one."""
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
_CLOSING = frozenset(".,;:!?…)]»”")


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
        self._joined = not self._end
        self._spaced = False
        """White space stands at the seam already: none is wanted after a repetition."""

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
        if self._starts and not final:
            return ""
        self._joined = True
        rest, self._held = self._held, ""
        if self._overlap:
            self._spaced = self._old != self._end
            return self._unspaced(new[self._overlap :])
        return (" " if self._needs_space(rest) else "") + rest

    def _unspaced(self, text: str) -> str:
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

    def _needs_space(self, new: str) -> bool:
        """Tell whether two words would run together. In code, and within a number, they are left alone."""
        last, first = self._old[-1], new[0]
        if not first.isalnum() or _SPACELESS.match(last) or _SPACELESS.match(first):
            return False
        if last.isdigit() and first.isdigit():
            return False
        if not (last.isalnum() or unicodedata.category(last) == "Mn" or (last in _CLOSING and first.isalpha())):
            return False
        return len(_FENCE.findall(self._old)) % 2 == 0


def _word_starts(text: str) -> list[int]:
    """Find where a repetition may begin: at the beginning of the text, and at those of the words near its end."""
    near = max(len(text) - MAX_OVERLAP, 0)
    starts = [match.start() for match in re.compile(r"\b\w|(?<=\s)\S").finditer(text, near)]
    return [start for start in dict.fromkeys([0, *starts]) if len(text) - start >= MIN_OVERLAP]
