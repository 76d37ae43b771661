"""Rich text (RTF)."""

from __future__ import annotations

from typing import BinaryIO

from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit


class RichText(DocumentFormat):
    """Reads RTF with striprtf, whose code pages and Unicode escapes are right."""

    name = "rich_text"
    unit = Unit.LINES
    squeeze = True

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:  # noqa: ARG004  # the bytes tell enough
        """Recognise it by its magic."""
        return content.startswith(b"{\\rtf")

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:  # noqa: ARG004  # the sink is the limit
        """Write the text without its form. RTF is ASCII; other bytes are read as Latin-1 and escaped again."""
        from striprtf.striprtf import rtf_to_text

        text = rtf_to_text(file.read().decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call]  # it has no types
        sink.write(text)
        sink.break_line()
