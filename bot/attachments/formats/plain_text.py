"""Plain text of any kind: notes, code, tables, logs, settings, vector graphics."""

from __future__ import annotations

from typing import BinaryIO

from bot.attachments.formats.encodings import decode
from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit
from bot.attachments.problems import AttachmentUnsupported

CHUNK_CHARACTERS = 1 << 16
"""Characters that are split into lines at a time: beyond the limit lines are only counted."""


class PlainText(DocumentFormat):
    """Reads any bytes that are text, whatever the file is called."""

    name = "plain_text"
    unit = Unit.LINES
    squeeze = False

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:  # noqa: ARG004  # the last one takes what is left
        """Take everything: reading shows if it is text."""
        return True

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:  # noqa: ARG004  # the sink is the limit
        """Write the text. Raises AttachmentUnsupported where the bytes are none."""
        text = decode(file.read())
        if text is None:
            raise AttachmentUnsupported("the bytes are no text")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        for begin in range(0, len(text), CHUNK_CHARACTERS):
            sink.write(text[begin : begin + CHUNK_CHARACTERS])
