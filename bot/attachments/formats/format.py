"""The contract of a document format."""

from __future__ import annotations

from typing import BinaryIO, ClassVar, Protocol

from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit


class DocumentFormat(Protocol):
    """Finds the text in one format of documents. `extract` runs in a child process, and loads its library there."""

    name: ClassVar[str]
    unit: ClassVar[Unit]
    squeeze: ClassVar[bool]
    """Of several blank lines one is kept."""

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:
        """Recognise a file by its bytes, and by its name's ending only where bytes cannot tell."""
        ...

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:
        """Write the text of `file` into `sink`. Raises AttachmentProblem, and whatever its library raises."""
        ...
