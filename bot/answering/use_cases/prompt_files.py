"""System prompts that come as a file."""

from __future__ import annotations

from bot.answering.use_cases.documents import READ_TIMEOUT, Files
from bot.attachments.attachment import Attachment
from bot.attachments.parts import TextPart
from bot.attachments.problems import AttachmentUnsupported


class PromptFiles:
    """Reads the text of a document whole."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def read(self, document: Attachment) -> str:
        """Give its text. Raises AttachmentProblem, DocumentLate, TelegramProblem."""
        part = await self._files.read(document, READ_TIMEOUT)
        if not isinstance(part, TextPart):
            raise AttachmentUnsupported("no document", name=document.shown_name)
        return part.text
