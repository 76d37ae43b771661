"""Books (EPUB): chapters in reading order."""

from __future__ import annotations

from typing import BinaryIO

from bot.attachments.formats.archive import DocumentArchive, attribute, attributes_of, is_archive_with, relative_to
from bot.attachments.formats.encodings import decode
from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.markup_text import MarkupText
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit
from bot.attachments.problems import AttachmentUnreadable

_CONTAINER = "META-INF/container.xml"


class Ebook(DocumentFormat):
    """Reads EPUB: its table of contents as XML, its chapters as HTML."""

    name = "ebook"
    unit = Unit.LINES
    squeeze = True

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:  # noqa: ARG004  # the bytes tell enough
        """Recognise it by its media type, which stands uncompressed at the beginning, or by its container."""
        return is_archive_with(content, _CONTAINER.encode()) and b"opendocument" not in content[:200]

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:
        """Write the chapters. All are looked at, so that it can be said how much was left out."""
        archive = DocumentArchive(file, limits.unpacked_bytes)
        for name in _chapters(archive):
            text = decode(archive.read_text(name))
            if text is not None:
                sink.break_line()
                parser = MarkupText(sink)
                parser.feed(text)
                parser.close()


def _chapters(archive: DocumentArchive) -> list[str]:
    """Entries of the spine, each once: a book that repeats a chapter for ever has an end."""
    roots = attributes_of(archive, _CONTAINER, "rootfile")
    if not roots:
        raise AttachmentUnreadable("a book without a package")
    package = attribute(roots[0], "full-path")
    items = {item.get("id", ""): item for item in attributes_of(archive, package, "item")}
    spine = [items[ref.get("idref", "")] for ref in attributes_of(archive, package, "itemref") if _is_in(ref, items)]
    names = [relative_to(package, item.get("href", "")) for item in spine if "html" in item.get("media-type", "")]
    present = set(archive.names())
    return [name for name in dict.fromkeys(names) if name in present]


def _is_in(reference: dict[str, str], items: dict[str, dict[str, str]]) -> bool:
    return reference.get("idref", "") in items
