"""OpenDocument texts and presentations (ODT, ODP)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from bot.attachments.formats.archive import DocumentArchive, ElementHandler, attribute, is_archive_with
from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit
from bot.attachments.problems import AttachmentLocked

MAX_SPACES = 100
"""Spaces that one element may stand for: a number in the file says how many."""
_LINES = frozenset({"p", "h"})
_UNSHOWN = frozenset({"tracked-changes", "annotation"})


class OpenDocument(DocumentFormat):
    """Reads ODT and ODP by streaming their XML."""

    name = "open_document"
    unit = Unit.LINES
    squeeze = True

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:  # noqa: ARG004  # the bytes tell enough
        """Recognise it by its media type, which stands uncompressed at the beginning."""
        head = content[:200]
        return any(
            b"application/vnd.oasis.opendocument." + kind in head and is_archive_with(content, b"content.xml")
            for kind in (b"text", b"presentation")
        )

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:
        """Write the text in the order of the document."""
        archive = DocumentArchive(file, limits.unpacked_bytes)
        manifest = "META-INF/manifest.xml"
        if manifest in archive.names() and _is_encrypted(archive, manifest):
            raise AttachmentLocked("an encrypted OpenDocument")
        archive.parse("content.xml", _Content(sink))


def _is_encrypted(archive: DocumentArchive, manifest: str) -> bool:
    """Find out whether the manifest says that an entry is encrypted."""
    return b"encryption-data" in archive.read_text(manifest)


class _Content(ElementHandler):
    def __init__(self, sink: TextSink) -> None:
        self._sink = sink
        self._paragraphs = 0
        self._cells = 0
        self._unshown = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _UNSHOWN:
            self._unshown += 1
        elif tag in _LINES:
            self._paragraphs += 1
        elif tag == "table-cell":
            self._cells += 1
        elif tag == "s":
            self._write(" " * min(_number(attribute(attributes, "c")), MAX_SPACES))
        elif tag == "tab":
            self._write("\t")
        elif tag == "line-break":
            self._write(" " if self._cells else "\n")

    def end(self, tag: str) -> None:
        if tag in _UNSHOWN:
            self._unshown -= 1
        elif tag in _LINES:
            self._paragraphs -= 1
            if self._cells:
                self._write(" ")
            elif not self._unshown:
                self._sink.end_line()
        elif tag == "table-cell":
            self._cells -= 1
            self._write("| ")
        elif tag == "table-row":
            self._sink.break_line()

    def text(self, text: str) -> None:
        if self._paragraphs and not self._unshown:
            self._sink.write_inline(text)

    def _write(self, text: str) -> None:
        if not self._unshown:
            self._sink.write(text)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < MAX_SPACES else 1
