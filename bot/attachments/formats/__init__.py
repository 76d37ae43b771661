"""Formats of documents whose text is read: one class a file, and the order in which they are tried."""

from __future__ import annotations

from bot.attachments.formats.ebook import Ebook
from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.open_document import OpenDocument
from bot.attachments.formats.pdf import Pdf
from bot.attachments.formats.plain_text import PlainText
from bot.attachments.formats.presentation import Presentation
from bot.attachments.formats.rich_text import RichText
from bot.attachments.formats.spreadsheet import Spreadsheet
from bot.attachments.formats.web_page import WebPage
from bot.attachments.formats.word import Word

FORMATS: tuple[type[DocumentFormat], ...] = (
    Pdf,
    Word,
    Presentation,
    Spreadsheet,
    OpenDocument,
    Ebook,
    RichText,
    WebPage,
    PlainText,  # last: any bytes that are text
)
"""A new format is one class in a file of its own, and one entry here."""
