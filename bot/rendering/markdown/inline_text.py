"""The text of one block, written into a layout with its entities."""

from __future__ import annotations

from dataclasses import dataclass, field

from markdown_it.token import Token

from bot.rendering.entities import Span
from bot.rendering.markdown.addresses import address, tappable_words
from bot.rendering.markdown.containers import CONTINUATION_MARK
from bot.rendering.markdown.html import STYLES
from bot.rendering.markdown.inline import parse_growing, parse_inline
from bot.rendering.markdown.layout import LayoutBuilder, Leaf, LineMap


@dataclass(slots=True)
class _Open:
    """A piece of inline markup whose end is still to come."""

    kind: str | None
    start: int
    opener: str
    closer: str
    href: str = ""
    piece: int = 0
    auto: bool = False
    """An address in angle brackets: it is its own text."""


@dataclass(slots=True)
class InlineWriter:
    """Writes a block's content: text where it stands in the source, entities around it."""

    builder: LayoutBuilder
    leaf: Leaf
    lines: LineMap | None = None
    """Source of the content; None: nowhere to cut in it."""
    indents: list[str] = field(default_factory=list)
    """Prefix of each line of the content, the first apart."""
    bold: bool = False
    continued: bool = False
    """The content begins with the mark of a line that goes on from an earlier message."""
    _open: list[_Open] = field(default_factory=list)
    _cursor: int = 0
    _sure: int = 0
    _content: str = ""
    _taken: list[tuple[int, int]] = field(default_factory=list)
    """Stretches that are code, a formula or a link already."""

    def write(self, content: str, *, growing: bool = False) -> None:
        """Write the whole content."""
        shown, tokens = parse_growing(content) if growing else (content, parse_inline(content))
        self._sure = len(content) if shown is content else _common(content, shown)
        self._content = shown
        start, first = self.builder.length, len(self.builder.pieces)
        for token in tokens:
            if token.map and token.map[0] > self._cursor:
                self._cursor = token.map[0]
            self._token(token)
        self._mark_tappable(start, "".join(self.builder.pieces[first:]))

    def _mark_tappable(self, start: int, text: str) -> None:
        """Set as code what Telegram would make a link, a command or a mention of."""
        for first, end in tappable_words(text):
            if not any(begin < start + end and start + first < stop for begin, stop in self._taken):
                self.builder.spans.append(Span("code", start + first, start + end))

    def _token(self, token: Token) -> None:
        kind = token.type
        if kind == "text":
            self._text(token.content)
        elif kind == "code_inline":
            self._code(token)
        elif kind == "formula":
            self._flat("code", token.content)
        elif kind == "image":
            self._image(token)
        elif kind == "hardbreak":
            self._break()
        elif kind == "text_special":
            self.builder.write(token.content)
        elif token.nesting > 0:
            self._begin(token)
        elif token.nesting < 0:
            self._end(token)

    def _text(self, text: str) -> None:
        if not text:
            return
        start = self._cursor
        self._cursor += len(text)
        if self.continued and not start and text.startswith(CONTINUATION_MARK):
            text, start = text[1:], 1
        if not self.indents:
            self._copy(text, start)
            return
        for number, line in enumerate(text.split("\n")):
            if number:
                self._break()
                line = line.lstrip(" \t")  # noqa: PLW2901  # the containers' own white space is shown instead
                start = self._content.find("\n", start) + 1
                start += len(self._content[start:]) - len(self._content[start:].lstrip(" \t"))
            self._copy(line, start)

    def _break(self) -> None:
        self.builder.write("\n")
        if self.indents:
            number = self._content.count("\n", 0, self._cursor)
            self.builder.write(self.indents[min(number, len(self.indents) - 1)])

    def _copy(self, text: str, start: int, *more: tuple[str, str]) -> None:
        if self.lines is None or (self._open and any(item.opener == "[" for item in self._open)):
            self.builder.write(text)
            return
        source = self.lines.source(start)
        markup = (*((item.opener, item.closer) for item in self._open), *more) if self._open else more
        if source >= 0 and start + len(text) <= self._sure:
            self.builder.copy(text, source, self.leaf, markup)
            return
        hidden = min(len(text), max(0, -source))  # what a prefix opened again, and nothing closed
        sure = max(hidden, min(len(text), self._sure - start))
        self.builder.write(text[:hidden])
        self.builder.copy(text[hidden:sure], source + hidden, self.leaf, markup)
        self.builder.write(text[sure:])

    def _code(self, token: Token) -> None:
        begin, length = self._cursor + len(token.markup), len(token.content)
        raw = self._content[begin : begin + length]
        if raw.replace("\n", " ") != token.content:
            begin += 1
        start = self.builder.length
        if "\n" in raw and self.indents:
            self.builder.write(token.content)
        else:
            self._copy(token.content, begin, (token.markup, token.markup))
        self._mark_code(start)

    def _flat(self, kind: str, text: str) -> None:
        start = self.builder.length
        self.builder.write(text)
        if kind == "code":
            self._mark_code(start)

    def _mark_code(self, start: int) -> None:
        # A link may hold no code: being able to follow it matters more.
        self._taken.append((start, self.builder.length))
        if not any(item.kind == "text_link" for item in self._open):
            self.builder.mark("code", start)

    def _image(self, token: Token) -> None:
        href = str(token.attrs.get("src", ""))
        inside_link = any(item.kind == "text_link" for item in self._open)
        start = self.builder.length
        self.builder.write(token.content or href)
        if inside_link:
            return
        if address(href):
            self._taken.append((start, self.builder.length))
            self.builder.mark("text_link", start, url=href)
        elif href and token.content:
            self.builder.write(f" ({href})")

    def _begin(self, token: Token) -> None:
        start = self.builder.length
        if token.type == "link_open":
            href = str(token.attrs.get("href", ""))
            linked = "text_link" if token.info != "auto" and address(href) else None
            self._open.append(_Open(linked, start, "[", "", href, len(self.builder.pieces), auto=token.info == "auto"))
            return
        kind: str | None = STYLES.get(token.tag)
        if (self.bold and kind == "bold") or any(item.kind == kind for item in self._open):
            kind = None
        closer = f"</{token.tag}>" if token.markup.startswith("<") else token.markup
        self._open.append(_Open(kind, start, token.markup, closer))

    def _end(self, token: Token) -> None:
        if not self._open:
            return
        item = self._open.pop()
        if token.type == "link_close":
            self._end_link(item)
        if item.kind:
            self.builder.mark(item.kind, item.start, url=item.href or None)

    def _end_link(self, item: _Open) -> None:
        """Show the address where it is no link; an anchor within a document that is not there is left out."""
        if self.builder.length == item.start:
            self.builder.write(item.href)
        elif item.kind is None and not item.auto and not item.href.startswith("#"):
            label = "".join(self.builder.pieces[item.piece :])
            if item.href and label not in {item.href, item.href.removeprefix("mailto:").removeprefix("tel:")}:
                self.builder.write(f" ({item.href})")
        if item.kind or item.auto:
            self._taken.append((item.start, self.builder.length))


def _common(first: str, second: str) -> int:
    """Count the characters that two texts have in common at their heads."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
