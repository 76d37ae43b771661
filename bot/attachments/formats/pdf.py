"""PDF: page by page, with their numbers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit
from bot.attachments.problems import AttachmentLocked, AttachmentUnreadable, ScanWithoutText

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_PAGE_CHARACTERS = 200_000
"""Characters that are read of one page: a full page of small print has some ten thousand."""
_MAGIC_WITHIN = 1024
"""Bytes at the beginning within which readers accept the magic."""
_PASSWORD_ERROR = 4
"""FPDF_ERR_PASSWORD in PDFium's fpdfview.h."""


class Pdf(DocumentFormat):
    """Reads PDF with PDFium, the reader of Chromium: hardened against hostile files, and fast."""

    name = "pdf"
    unit = Unit.PAGES
    squeeze = True

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:  # noqa: ARG004  # the bytes tell enough
        """Recognise it by its magic."""
        return b"%PDF-" in content[:_MAGIC_WITHIN]

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:  # noqa: ARG004  # the sink is the limit
        """Write the pages' text. Raises ScanWithoutText where there is none, AttachmentLocked."""
        from pypdfium2 import PdfDocument, PdfiumError

        try:
            document = PdfDocument(file.read())
        except PdfiumError as error:
            if getattr(error, "err_code", None) == _PASSWORD_ERROR:
                raise AttachmentLocked("an encrypted PDF") from None
            raise
        pages = len(document)
        if pages == 0:
            raise AttachmentUnreadable("a PDF without pages")
        sink.total_units = pages
        for number in range(pages):
            if sink.full:
                break
            sink.begin_unit(f"[Page {number + 1}]")
            sink.write(_text_of_page(document, number))
        if not sink.has_text:
            raise ScanWithoutText("a PDF without text", pages=pages)


def _text_of_page(document: PdfDocument, number: int) -> str:
    """The text of a page, and nothing of one that is damaged; both handles are closed, or memory grows with pages."""
    from pypdfium2 import PdfiumError

    try:
        with closing(document[number]) as page, closing(page.get_textpage()) as text:
            return str(text.get_text_range(0, min(text.count_chars(), MAX_PAGE_CHARACTERS)))
    except PdfiumError:
        return ""
