"""The text of a document while it is extracted: kept up to a limit, counted beyond it."""

from __future__ import annotations

import re

from bot.attachments.parts import Unit

_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
"""Control characters, byte-order marks and lone surrogates: no text, and no database takes them all."""


class TextSink:
    """Collects lines up to a number of characters. What comes afterwards only counts."""

    def __init__(self, characters: int, *, unit: Unit = Unit.LINES, squeeze: bool = True) -> None:
        self.unit = unit
        self.total_units: int | None = None
        """Pages or slides of the whole document, where the extractor knows them."""
        self.starts: list[int] = []
        self.full = False
        """The limit is reached: an extractor may stop, where it knows the total."""
        self.has_text = False
        self._left = characters
        self._squeeze = squeeze
        self._lines: list[str] = []
        self._current: list[str] = []
        self._seen = 0
        self._kept_lines = 0
        self._last_blank = True

    def write(self, text: str) -> None:
        """Go on with the current line; line ends in `text` are line ends."""
        if not text:
            return
        if self.full and not self._squeeze:
            self.skip(text.count("\n"))
            self._current = [text[-1:]] if text[-1:].strip("\n") else []
            return
        first, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._append(first)
        for line in others:
            self.end_line()
            self._append(line)

    def write_inline(self, text: str) -> None:
        """Go on with the current line, where markup decides about lines: white space is one space."""
        flat = " ".join(text.split())
        if text[:1].isspace() and self._current and not self._current[-1].endswith((" ", "\t")):
            flat = f" {flat}"
        self._append(f"{flat} " if flat.strip() and text[-1:].isspace() else flat)

    def end_line(self) -> bool:
        """End the current line, even an empty one (of several blank ones, one is kept when squeezing).

        True once the limit is reached, and further lines only count.
        """
        line = _UNWANTED.sub("", "".join(self._current)).rstrip()
        self._current = []
        if self._squeeze and not line and self._last_blank:
            return self.full
        self._last_blank = not line
        self._seen += 1
        if not self.full:
            self._lines.append(line)
            self._kept_lines = len(self._lines)
            self._left -= 1
        return self.full

    def break_line(self) -> None:
        """End the current line if there is one."""
        if self._current:
            self.end_line()

    def begin_unit(self, title: str) -> None:
        """Begin a page or a slide."""
        self.break_line()
        if not self.full:
            self.starts.append(len(self._lines))
        self._last_blank = True
        had_text = self.has_text
        self.write(title)
        self.end_line()
        self.has_text = had_text  # a page number is no text

    def skip(self, units: int) -> None:
        """Count lines of the document that nobody looked at."""
        self._seen += units

    def finish(self) -> tuple[str, int, int]:
        """The text, the whole units in it, and the units of the document."""
        self.break_line()
        text = "\n".join(self._lines).rstrip("\n")
        if self.unit is Unit.LINES:
            return text, self._kept_lines, self._seen
        total = self.total_units if self.total_units is not None else len(self.starts)
        kept = max(len(self.starts) - 1, 0) if self.full else total
        return text, kept, total

    def _append(self, text: str) -> None:
        if not text:
            return
        self.has_text = self.has_text or bool(text.strip())
        if self.full:
            self._current = [text[:1]]  # only so that the line counts
        elif len(text) <= self._left:
            self._current.append(text)
            self._left -= len(text)
        else:
            if not self._lines:  # of one huge line, the beginning
                self._lines.append(_UNWANTED.sub("", "".join([*self._current, text[: self._left]])))
            self._current = [text[:1]]
            self.full = True
