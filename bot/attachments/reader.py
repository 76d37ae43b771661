"""The contract of everything that turns a kind of attachment into a part of a question."""

from __future__ import annotations

from typing import Protocol

from bot.attachments.attachment import Attachment, FileContent
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Part


class AttachmentReader(Protocol):
    """Reads one kind of attachment."""

    def accepts(self, attachment: Attachment, head: bytes = b"") -> bool:
        """Claim an attachment: by what the sender says of it, and by its first bytes once they are here."""
        ...

    def check(self, attachment: Attachment, limits: ReadLimits) -> None:
        """Refuse what is known to be unreadable before it is fetched. Raises AttachmentProblem."""
        ...

    async def read(self, attachment: Attachment, content: FileContent, limits: ReadLimits) -> Part:
        """Read it. Raises AttachmentProblem."""
        ...
