"""The way from an attachment to a part of a question: check, fetch, read, remember."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cachetools import LRUCache

from bot.attachments.attachment import Attachment, FileContent
from bot.attachments.child_process import ChildProcesses
from bot.attachments.documents import DocumentReader
from bot.attachments.limits import MEGABYTE, ReadLimits
from bot.attachments.parts import Part
from bot.attachments.pictures import PictureReader
from bot.attachments.problems import AttachmentProblem, AttachmentTooLarge, AttachmentUnsupported
from bot.attachments.reader import AttachmentReader
from bot.attachments.recordings import RecordingReader
from bot.attachments.transcription import TranscriptionClient

CACHE_BYTES = 32 * MEGABYTE
"""Parts that are kept in memory: some hundred documents or pictures."""

Fetch = Callable[[int], Awaitable[bytes | Path]]
"""Fetches the file, at most so many bytes of it."""


class AttachmentService:
    """Turns attachments into parts. The same file again is neither fetched nor read."""

    def __init__(
        self, readers: Sequence[AttachmentReader], limits: ReadLimits | None = None, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._readers = tuple(readers)
        self._limits = limits or ReadLimits()
        self._cache: LRUCache[str, Part] = LRUCache(cache_bytes, getsizeof=lambda part: part.weight)

    def check(self, attachment: Attachment) -> None:
        """Refuse what is known to be unreadable before it is fetched. Raises AttachmentProblem."""
        try:
            self._check(attachment)
        except AttachmentProblem as problem:
            raise problem.about(attachment.shown_name) from None

    async def read(self, attachment: Attachment, fetch: Fetch) -> Part:
        """Read an attachment, which `fetch` gets when it is needed.

        Raises AttachmentProblem, and what `fetch` raises.
        """
        known = self._cache.get(attachment.unique_id)
        if known is not None:
            return replace(known, name=attachment.shown_name)
        self.check(attachment)
        content = FileContent(await fetch(self._limits.file_bytes))
        try:
            part = await self._read(attachment, content)
        except AttachmentProblem as problem:
            raise problem.about(attachment.shown_name) from None
        if part.weight <= self._cache.maxsize:
            self._cache[attachment.unique_id] = part
        return part

    def _check(self, attachment: Attachment) -> None:
        if (attachment.size or 0) > self._limits.file_bytes:
            raise self._too_large()
        self._reader_of(attachment).check(attachment, self._limits)

    async def _read(self, attachment: Attachment, content: FileContent) -> Part:
        if content.size > self._limits.file_bytes:  # the size was the sender's claim
            raise self._too_large()
        reader = self._reader_of(attachment, content.head())
        return await reader.read(attachment, content, self._limits)

    def _reader_of(self, attachment: Attachment, head: bytes = b"") -> AttachmentReader:
        for reader in self._readers:
            if reader.accepts(attachment, head):
                return reader
        raise AttachmentUnsupported(f"nothing reads {attachment.kind.value}")

    def _too_large(self) -> AttachmentTooLarge:
        return AttachmentTooLarge("more bytes than are read", megabytes=self._limits.file_bytes // MEGABYTE)


def default_readers(transcription: TranscriptionClient | None) -> tuple[AttachmentReader, ...]:
    """All readers in the order in which they are asked. A new kind is one class, and one entry here."""
    children = ChildProcesses()
    return (PictureReader(children), RecordingReader(transcription), DocumentReader(children))


def readers_without_pictures(transcription: TranscriptionClient | None = None) -> tuple[AttachmentReader, ...]:
    """The readers for a bot that sees nothing: a picture is a file of an unknown kind."""
    return (RecordingReader(transcription), DocumentReader(ChildProcesses()))
