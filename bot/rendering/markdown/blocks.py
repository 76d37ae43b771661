"""The blocks of a Markdown text, written into a layout one below the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from bot.rendering.markdown.containers import CONTINUATION_MARK, Container, list_item, openers, quotation
from bot.rendering.markdown.inline_text import InlineWriter
from bot.rendering.markdown.layout import BlockStart, LayoutBuilder, Leaf, LineMap, SourceRun, place_lines
from bot.rendering.markdown.table_text import TableWriter

_BULLETS = ("• ", "◦ ", "▪ ")
_RULE = "———"
_LANGUAGE = re.compile(r"\{?\.?([\w+#.-]{1,32})(?![^\s{}:,=(])")
"""The first word of a fence's info string."""
_LEAD = re.compile(r"[ \t>]*")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place from which a text can be written again when more of it is there."""

    position: int
    size: tuple[int, int, int, int, int]
    line: int
    kind: str
    end: int
    details: int | None


@dataclass(slots=True)
class BlockWriter:
    """Walks over the tokens of a text, the first `prefix` characters of which are not shown."""

    text: str
    prefix: int
    growing: bool
    builder: LayoutBuilder = field(default_factory=LayoutBuilder)
    checkpoint: Checkpoint | None = None
    """Beginning of the last block outside of all containers: everything before it is complete."""
    _shift: int = field(init=False)
    """Position in the text of what is position 0 in the source."""
    _lines: list[str] = field(init=False)
    _starts: list[int] = field(init=False)
    _containers: list[Container] = field(default_factory=list)
    _bullets: int = 0
    _markers: list[str] = field(default_factory=list)
    """Markers of list items whose first text is still to come."""
    _quotes: int = 0
    _quote_start: int = -1
    _details: int | None = None
    """Beginning of the folded text; -1 before it, None outside."""
    _line: int = 0
    """The first line below what has been written."""
    _gap: int = 0
    _last_kind: str = ""
    _last_end: int = -1
    """End of the last paragraph outside of all containers."""

    def __post_init__(self) -> None:
        self._shift = self.prefix
        self._read(self.text)

    def _read(self, text: str) -> None:
        self.text = text
        self._lines = self.text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def rewind(self, checkpoint: Checkpoint, text: str) -> None:
        """Take back what was written after the checkpoint; `text` is what goes on from there."""
        self.builder.rewind(checkpoint.size)
        self._line, self._last_kind, self._last_end = checkpoint.line, checkpoint.kind, checkpoint.end
        self._details = checkpoint.details
        self._shift -= checkpoint.position
        self._gap = 0
        if checkpoint.position:
            self.prefix = 0
        self._read(text)

    def _note_checkpoint(self, line: int) -> None:
        if self._gap:
            return
        if self._last_end >= 0:
            self.checkpoint = Checkpoint(self._last_end, self.builder.size(), 1, self._last_kind, 0, self._details)
        else:
            size = self.builder.size()
            self.checkpoint = Checkpoint(
                self._starts[line], size, self._line - line, self._last_kind, -1, self._details
            )

    def walk(self, tokens: list[Token]) -> None:
        """Write all blocks."""
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if not token.level and token.nesting >= 0:
                self._note_checkpoint(_span(token)[0])
            if token.type in {"paragraph_open", "heading_open"}:
                self._paragraph(token, tokens[index + 1])
            elif token.type == "table_open":
                self._table(token)
                while tokens[index].type != "table_close":
                    index += 1
            else:
                self._container_or_code(token)
            index += 1
        if self._details is not None:
            self._fold()

    def _container_or_code(self, token: Token) -> None:
        match token.type:
            case "list_item_open":
                self._open_item(token)
            case "list_item_close":
                self._close_item()
            case "blockquote_open":
                self._open_quote(token)
            case "blockquote_close":
                self._close_quote()
            case "bullet_list_open":
                self._bullets += 1
            case "bullet_list_close":
                self._bullets -= 1
            case "fence" | "code_block" | "formula_block":
                self._code(token)
            case "hr":
                self._begin(token, Leaf("rule", tuple(self._containers)))
                self.builder.write(_RULE)
            case _:
                self._html(token)

    def _html(self, token: Token) -> None:
        if token.type in {"comment", "details", "details_end"}:
            self._skip(token)
        if token.type in {"details", "details_end"}:
            self._fold()
            self._details = -1 if token.type == "details" else None

    def _fold(self) -> None:
        """Set what has been written of details as a quotation that people can unfold."""
        if self._details is not None and self._details >= 0:
            self.builder.mark("expandable_blockquote", self._details)

    # Containers

    def _open_item(self, token: Token) -> None:
        line = _span(token)[0]
        marker = f"{token.info}{token.markup} " if token.info else _BULLETS[min(self._bullets, len(_BULLETS)) - 1]
        if "checked" in token.meta:
            marker = (marker if token.info else "") + ("☑ " if token.meta["checked"] else "☐ ")
        self._containers.append(list_item(line, self._lines[line], self._containers, marker))
        if line or not self.prefix:
            self._markers.append(marker)

    def _close_item(self) -> None:
        item = self._containers[-1]
        if self._markers:
            self._separate(item.line, item.line + 1, Leaf("paragraph", tuple(self._containers)))
        self._containers.pop()

    def _open_quote(self, token: Token) -> None:
        line = _span(token)[0]
        self._containers.append(quotation(line, self._lines[line], self._containers))
        self._quotes += 1

    def _close_quote(self) -> None:
        self._containers.pop()
        self._quotes -= 1
        if not self._quotes:
            if self._quote_start >= 0 and self._details is None:
                self.builder.mark("blockquote", self._quote_start)
            self._quote_start = -1

    # Where a block begins

    def _begin(self, token: Token, leaf: Leaf) -> None:
        first, end = _span(token)
        self._separate(first, end, leaf)

    def _separate(self, first: int, end: int, leaf: Leaf) -> None:
        """Write the lines between the last block and this one, and what stands before its first line."""
        builder, top = self.builder, not self._containers
        gap = max(self._gap, first - self._line + 1, 1)
        if self._quotes and self._quote_start < 0 and self._containers[0].kind == "item":
            gap = 1  # a quotation in a list item stands out by itself
        if builder.length:
            self._border(first, leaf, gap)
            between = self.text[self._last_end : self._starts[first]] if top and self._last_end >= 0 else ""
            builder.write(between if between.count("\n") == gap and between.isspace() else "\n" * gap)
        if self._quotes and self._quote_start < 0:
            self._quote_start = builder.length
        if self._details is not None and self._details < 0:
            self._details = builder.length
        if not builder.length:
            self._border(first, leaf, gap)
        hidden = len(self._markers)
        own = self._indenting()
        own = own[: len(own) - hidden]
        if leaf.kind not in {"fence", "code", "formula", "table"} or hidden:
            builder.write("".join(item.indent for item in own if item.line != first or item.kind == "quote"))
            builder.write("".join(self._markers))
        if hidden and leaf.kind in {"fence", "code", "formula", "table"}:
            builder.write("\n")
        self._markers.clear()
        self._line, self._gap, self._last_kind, self._last_end = end, 0, leaf.kind, -1

    def _border(self, first: int, leaf: Leaf, gap: int) -> None:
        source = self._starts[first] - self._shift
        if source < 0:
            return
        outer = [item for item in self._containers if item.line < first]
        paragraph = (gap > 1 or leaf.kind == "heading") and self._last_kind != "heading"
        self.builder.block_starts.append(
            BlockStart(self.builder.length, source, openers(outer) + "\n" if outer else "", is_paragraph=paragraph)
        )

    def _skip(self, token: Token) -> None:
        """Leave out a block that shows nothing."""
        first, end = _span(token)
        self._gap = max(self._gap, first - self._line + 1)
        self._line = end

    def _is_continued(self, token: Token) -> bool:
        """Tell whether this block began in an earlier message."""
        return bool(self.prefix) and _span(token)[0] == 0

    # Blocks

    def _paragraph(self, token: Token, inline: Token) -> None:
        first, end = _span(token)
        heading = token.type == "heading_open"
        leaf = Leaf("heading" if heading else "paragraph", tuple(self._containers), "# " if heading else "")
        content = inline.content
        whole = not heading and not self._containers
        if whole:
            begin = (
                self.text.index(CONTINUATION_MARK)
                if self._is_continued(token) and CONTINUATION_MARK in self._lines[0]
                else self._starts[first]
            )
            content = self.text[begin : self._starts[end] - 1]
            lines = LineMap([0], [begin - self._shift])
        else:
            lines = place_lines(content.split("\n"), self._lines, self._starts, first)
            lines.sources = [source - self._shift for source in lines.sources]
        if not content.strip():
            self._skip(token)
            return
        self._separate(first, end, leaf)
        start = self.builder.length
        growing = self.growing and end >= len(self._lines) - self.text.endswith("\n")
        continued = self._is_continued(token)
        writer = InlineWriter(self.builder, leaf, lines, self._indents(first, end), bold=heading, continued=continued)
        writer.write(content, growing=growing)
        if heading:
            self.builder.mark("bold", start)
        elif whole:
            self._last_end = self._starts[end] - 1
        if self._details is not None and content.rstrip().endswith("</details>"):
            self._fold()
            self._details = None

    def _indents(self, first: int, end: int) -> list[str]:
        """Give what the lines of a paragraph in containers are shown with; lazy lines stay as they are."""
        if not self._containers:
            return []
        indent = "".join(item.indent for item in self._indenting())
        return [indent if self._lines[line][:1] in {" ", "\t", ">"} else "" for line in range(first, end)]

    def _indenting(self) -> list[Container]:
        """Give the containers by which a line is indented: of a quotation in a list, not those around it."""
        quoted = next((index for index, item in enumerate(self._containers) if item.kind == "quote"), 0)
        return self._containers[quoted:]

    def _code(self, token: Token) -> None:
        kind = {"code_block": "code", "formula_block": "formula"}.get(token.type, "fence")
        content = token.content.removesuffix("\n") if kind == "fence" else token.content.rstrip("\n")
        language, extra = None, ""
        if kind == "fence" and (info := token.info.strip()):
            word = _LANGUAGE.match(info)
            language, extra = (word.group(1), "") if word else (None, info)
        elif token.info:
            language = token.info
        if not content.strip() and not extra:
            self._skip(token)
            return
        opening = {"code": "    ", "formula": token.markup}.get(kind, token.markup + (language or ""))
        leaf = Leaf(kind, tuple(self._containers), opening)
        if kind == "fence" and not self._is_continued(token):
            aside = len(self._lines[_span(token)[0]]) - len(self._lines[_span(token)[0]].lstrip(" "))
            leaf = replace(leaf, opening=" " * max(0, min(3, aside - len(openers(self._containers)))) + opening)
        self._begin(token, leaf)
        start = self.builder.length
        if extra and not self._is_continued(token):
            self.builder.write(extra + ("\n" if content else ""))
        self._code_lines(content, _span(token)[0] + (kind == "fence"), leaf, continued=self._is_continued(token))
        self.builder.mark("pre", start, language=language)

    def _code_lines(self, content: str, first: int, leaf: Leaf, *, continued: bool) -> None:
        lines = content.split("\n")
        places = place_lines(lines, self._lines, self._starts, first)
        for index, line in enumerate(lines):
            if index:
                self.builder.write("\n")
            source = places.sources[index] - self._shift
            if not index and continued and line.startswith(CONTINUATION_MARK):
                line, source = line[1:], source + 1  # noqa: PLW2901  # the mark of a continued line is not shown
            if "\t" not in line:
                if source >= 0:
                    self.builder.runs.append(SourceRun(self.builder.length, source, len(line), leaf))
                self.builder.write(line)
                continue
            for piece in line.split("\t"):
                if piece is not line and source > places.sources[index] - self._shift:
                    self.builder.write("    ")
                if source >= 0:
                    self.builder.runs.append(SourceRun(self.builder.length, source, len(piece), leaf))
                self.builder.write(piece)
                source += len(piece) + 1

    # Tables

    def _table(self, token: Token) -> None:
        first, end = _span(token)
        lines = [_LEAD.sub("", line, count=1) for line in self._lines[first:end]]
        leaf = Leaf("table", tuple(self._containers), "\n".join(lines[:2]))
        places = [start - self._shift for start in self._starts[first:end]]
        growing = self.growing and end == len(self._lines) and end > first + len(("header", "rule"))
        table = TableWriter(self.builder, leaf, lines, places, growing=growing)
        if self._is_continued(token) and not table.has_rows:
            self._skip(token)
            return
        self._begin(token, leaf)
        table.write(with_header=not self._is_continued(token))


def _span(token: Token) -> tuple[int, int]:
    """Give the lines that a block token covers."""
    return (token.map[0], token.map[1]) if token.map else (0, 0)
