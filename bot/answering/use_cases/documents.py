"""Documents, recordings and pictures of questions: what is known of them, and how they are fetched and read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.attachments.attachment import Attachment, AttachmentKind
from bot.attachments.limits import MEGABYTE
from bot.attachments.parts import Part
from bot.attachments.problems import AttachmentProblem, AttachmentTooLarge
from bot.attachments.service import AttachmentService
from bot.conversation.messages import ChatKey, SentFile
from bot.errors import MessageTooLong, Problem

READ_TIMEOUT = 30.0
"""Seconds that a document may take to come and to be read: its answer waits for it."""


class DocumentLate(Problem):
    """A document was not here, or not read, in time."""

    key = "document-late"


class Download(Protocol):
    """Fetches a file of Telegram's."""

    async def __call__(self, file_id: str, *, limit: int) -> bytes:
        """Give its content. Raises MessageTooLong beyond `limit` bytes, TelegramProblem."""
        ...


@dataclass(frozen=True, slots=True)
class QuotedDocument:
    """The document of the message that is replied to."""

    author: str
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class Files:
    """Source of files, and their reader."""

    download: Download
    attachments: AttachmentService

    async def read(self, attachment: Attachment, timeout: float) -> Part:  # noqa: ASYNC109  # it differs by kind
        """The content of a file within `timeout` seconds. Raises AttachmentProblem, DocumentLate, TelegramProblem."""

        async def fetch(limit: int) -> bytes | Path:
            try:
                return await self.download(attachment.file_id, limit=limit)
            except MessageTooLong as error:
                raise AttachmentTooLarge(str(error), name=attachment.shown_name, megabytes=limit // MEGABYTE) from error

        try:
            async with asyncio.timeout(timeout):
                return await self.attachments.read(attachment, fetch)
        except TimeoutError as error:
            raise DocumentLate("the document was not read in time") from error


def file_from(attachment: Attachment, author: str | None = None) -> SentFile:
    """A file as its question keeps it; with the author whose it is, where that is somebody else."""
    return SentFile(
        attachment.kind.value,
        attachment.file_id,
        attachment.unique_id,
        attachment.name,
        attachment.mime_type,
        attachment.size,
        attachment.duration,
        author,
    )


def attachment_from(file: SentFile) -> Attachment:
    """The file of a question as it is read."""
    return Attachment(
        AttachmentKind(file.kind),
        file.file_id,
        file.unique_id,
        file.name,
        file.mime_type,
        file.size,
        file.duration,
    )


class FileCheck:
    """Tells what of a question's files will be read, before its turn begins."""

    def __init__(self, attachments: AttachmentService, sees_pictures: Callable[[ChatKey], Awaitable[bool]]) -> None:
        """Take the reader; `sees_pictures` tells whether a conversation's model does."""
        self._attachments = attachments
        self._sees_pictures = sees_pictures

    async def is_blind_to(self, key: ChatKey, attachment: Attachment | None) -> bool:
        """Tell whether this is a picture, and the conversation's model sees none."""
        return attachment is not None and attachment.is_picture and not await self._sees_pictures(key)

    def refuse(self, attachment: Attachment) -> AttachmentProblem | None:
        """The reason why a file will certainly not be read. None: it has to be fetched to know."""
        try:
            self._attachments.check(attachment)
        except AttachmentProblem as problem:
            return problem
        return None
