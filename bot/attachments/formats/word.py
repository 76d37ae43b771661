"""Word documents (DOCX): paragraphs, tables row by row, footnotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from bot.attachments.formats.archive import DocumentArchive, ElementHandler, is_archive_with
from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit

_MAIN = "word/document.xml"
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")


class Word(DocumentFormat):
    """Reads DOCX by streaming its XML: a tree of it would take ten times the memory."""

    name = "word"
    unit = Unit.LINES
    squeeze = True

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:  # noqa: ARG004  # the bytes tell enough
        """Recognise it by the name of its main entry."""
        return is_archive_with(content, _MAIN.encode())

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:
        """Write the text in the order of the document, notes at the end."""
        archive = DocumentArchive(file, limits.unpacked_bytes)
        archive.parse(_MAIN, _Body(sink))
        for name in _NOTES:
            if name in archive.names():
                archive.parse(name, _Body(sink))


class _Body(ElementHandler):
    """Text is in `t` alone: instructions of fields and deleted text have elements of their own."""

    def __init__(self, sink: TextSink) -> None:
        self._sink = sink
        self._in_text = False
        self._fallbacks = 0
        self._cells = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002  # the handler's signature
        if tag == "Fallback":  # the same content once more, for older programs
            self._fallbacks += 1
        elif tag == "tc":
            self._cells += 1
        elif tag == "t":
            self._in_text = True
        elif tag == "tab":
            self._write("\t")
        elif tag in {"br", "cr"}:
            self._write(" " if self._cells else "\n")

    def end(self, tag: str) -> None:
        if tag == "Fallback":
            self._fallbacks -= 1
        elif tag == "t":
            self._in_text = False
        elif tag == "p" and not self._fallbacks:
            if self._cells:
                self._sink.write(" ")
            else:
                self._sink.end_line()
        elif tag == "tc":
            self._cells -= 1
            self._write("| ")
        elif tag == "tr":
            self._sink.break_line()

    def text(self, text: str) -> None:
        if self._in_text:
            self._write(text)

    def _write(self, text: str) -> None:
        if not self._fallbacks:
            self._sink.write(text)
