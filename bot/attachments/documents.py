"""Reader of documents: recognises the format, lets a child process find the text."""

from __future__ import annotations

import asyncio

from bot.attachments.attachment import Attachment, AttachmentKind, FileContent
from bot.attachments.child_process import ChildAnswer, ChildProcesses
from bot.attachments.formats import FORMATS
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import TextPart, Unit
from bot.attachments.problems import AttachmentEmpty


class DocumentReader:
    """Reads any file that one of the formats finds text in; it takes what no other reader wants."""

    def __init__(self, children: ChildProcesses) -> None:
        self._children = children

    def accepts(self, attachment: Attachment, head: bytes = b"") -> bool:  # noqa: ARG002  # any bytes may be text
        """Claim whatever was sent as a file."""
        return attachment.kind is AttachmentKind.DOCUMENT

    def check(self, attachment: Attachment, limits: ReadLimits) -> None:
        """Refuse nothing before its bytes are here: names and types of files are guesses of the sender's program."""

    async def read(self, attachment: Attachment, content: FileContent, limits: ReadLimits) -> TextPart:
        """The document's text. Raises AttachmentProblem."""
        name = await asyncio.to_thread(_format_of, attachment.suffix, content)
        answer = await self._children.run(name, content, limits)
        if not answer.header.get("has_text"):
            raise AttachmentEmpty("no text in the document")
        return _part(attachment.shown_name, answer)


def _format_of(suffix: str, content: FileContent) -> str:
    data = content.all_bytes()
    return next(kind.name for kind in FORMATS if kind.matches(data, suffix))


def _part(name: str, answer: ChildAnswer) -> TextPart:
    header = answer.header
    return TextPart(
        name=name,
        text=answer.content.decode("utf-8", "replace"),
        unit=Unit(header["unit"]),
        kept=int(header["kept"]),
        total=int(header["total"]),
        starts=tuple(header["starts"]),
    )
