"""The parse mode `MarkdownV2`."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any, Final

from playground.text.entity_builder import EntityBuilder

Json = dict[str, Any]

_RESERVED: Final = frozenset("_*[]()~`>#+-=|{}.!")
_MARKS: Final = MappingProxyType(
    {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler", "`": "code", "```": "pre"}
)
_NAMES: Final = MappingProxyType(
    {
        "bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough",
        "spoiler": "Spoiler", "code": "Code", "pre": "Pre", "text_link": "TextUrl", "custom_emoji": "CustomEmoji",
    }
)  # fmt: skip
_MARK: Final = re.compile(r"\\[\x01-\x7e]|```|__|\|\||!\[|[_*\[\]()~`>#+\-=|{}.!\n]|[^\\_*\[\]()~`>#+\-=|{}.!\n]+|\\")
_LANGUAGE: Final = re.compile(r"([^\s`]*)(?:\r?\n)")
_URL: Final = re.compile(r"\(((?:\\.|[^\\)])*)\)", re.DOTALL)


def parse_markdown_v2(source: str) -> tuple[str, list[Json]]:
    """Return the text and the entities of a MarkdownV2 text. Raises 400 for marks that do not match or stand bare."""
    reader = _Reader(source)
    while reader.at < len(source):
        reader.step()
    return reader.finish()


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.writer = EntityBuilder(source)

    def step(self) -> None:
        """Read one mark."""
        match = _MARK.match(self.source, self.at)
        mark = match.group() if match else self.source[self.at]
        if mark.startswith("\\") and len(mark) > 1:
            self._plain(mark[1], len(mark))
        elif self._inside("code", "pre"):
            self._code(mark)
        elif mark == ">" and self._line_start():
            self._quote()
        elif mark == "\n":
            self._newline()
        elif mark in _MARKS:
            self._mark(mark)
        elif mark in ("[", "!["):
            self._begin("text_link" if mark == "[" else "custom_emoji", mark)
        elif mark == "]":
            self._link()
        elif mark[0] in _RESERVED:
            raise self.writer.wrong(f"Character '{mark[0]}' is reserved and must be escaped with the preceding '\\'")
        else:
            self._plain(mark, len(mark))

    def finish(self) -> tuple[str, list[Json]]:
        """End quotes, which need no end mark; whatever else is open is an error."""
        self._end_quote()
        if self.writer.open:
            last = self.writer.open[-1]
            raise self.writer.wrong(f"Can't find end of {_NAMES[last.kind]} entity", last.at)
        return self.writer.result()

    def _plain(self, text: str, read: int) -> None:
        self.writer.write(text)
        self.at += read

    def _inside(self, *kinds: str) -> bool:
        return bool(self.writer.open) and self.writer.open[-1].kind in kinds

    def _begin(self, kind: str, mark: str, **fields: str) -> None:
        self.writer.begin(kind, self.at, **fields)
        self.at += len(mark)

    def _code(self, mark: str) -> None:
        if _MARKS.get(mark) == self.writer.open[-1].kind:
            self.writer.end()
            self.at += len(mark)
        elif "`" in mark and self.writer.open[-1].kind == "code":
            self.writer.end()
            self.at += 1
        else:
            self._plain(mark, len(mark))

    def _mark(self, mark: str) -> None:
        kind = _MARKS[mark]
        if mark == "||" and self._quote_ends_here():
            self.writer.open[-1].kind = "expandable_blockquote"
            self.at += 2
        elif self._inside(kind):
            self.writer.end()
            self.at += len(mark)
        elif mark == "__" and self._inside("italic"):
            self.writer.end()
            self.at += 1
        elif mark == "```":
            self._begin(kind, mark)
            language = _LANGUAGE.match(self.source, self.at)
            if language:
                self.at = language.end()
                self.writer.open[-1].fields = {"language": language.group(1)} if language.group(1) else {}
        else:
            self._begin(kind, mark)

    def _quote_ends_here(self) -> bool:
        rest = self.source[self.at + 2 : self.at + 3]
        return self._inside("blockquote") and rest in ("", "\n")

    def _link(self) -> None:
        if not self._inside("text_link", "custom_emoji"):
            raise self.writer.wrong("Character ']' is reserved and must be escaped with the preceding '\\'")
        match = _URL.match(self.source, self.at + 1)
        url = re.sub(r"\\(.)", r"\1", match.group(1)) if match else ""
        self.at = match.end() if match else self.at + 1
        if self.writer.open[-1].kind == "custom_emoji":
            self.writer.end(custom_emoji_id=url.rpartition("id=")[2])
        elif url:
            self.writer.end(url=url)
        else:
            self.writer.open[-1].kind = ""
            self.writer.end()

    def _line_start(self) -> bool:
        return self.at == 0 or self.source[self.at - 1] == "\n"

    def _quote(self) -> None:
        if not any(one.kind == "blockquote" for one in self.writer.open):
            self._begin("blockquote", ">")
        else:
            self.at += 1

    def _newline(self) -> None:
        if not self.source.startswith(">", self.at + 1):
            self._end_quote()
        self._plain("\n", 1)

    def _end_quote(self) -> None:
        if self._inside("blockquote", "expandable_blockquote"):
            self.writer.end()
