"""Web pages (HTML, XHTML): the text that they show."""

from __future__ import annotations

import re
from typing import BinaryIO

from bot.attachments.formats.encodings import decode
from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.markup_text import MarkupText
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit
from bot.attachments.problems import AttachmentUnreadable

_ENDINGS = frozenset({".html", ".htm", ".xhtml"})
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_DECLARED_WITHIN = 2048
"""Bytes at the beginning in which browsers look for the encoding."""


class WebPage(DocumentFormat):
    """Reads HTML with the standard library's parser: it streams, keeps no tree and never fails."""

    name = "web_page"
    unit = Unit.LINES
    squeeze = True

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:
        """Recognise one by its name: HTML within other files, such as templates, is read as it is."""
        return suffix in _ENDINGS and b"<" in content

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:  # noqa: ARG004  # the sink is the limit
        """Write the text of the page. Raises AttachmentUnreadable where it is none."""
        content = file.read()
        text = _declared_text(content) or decode(content)
        if text is None:
            raise AttachmentUnreadable("a page in no known encoding")
        parser = MarkupText(sink)
        parser.feed(text)
        parser.close()


def _declared_text(content: bytes) -> str | None:
    declared = _DECLARED.search(content[:_DECLARED_WITHIN])
    if declared is None:
        return None
    try:
        return content.decode(declared[1].decode("ascii"))
    except (LookupError, UnicodeDecodeError):
        return None
