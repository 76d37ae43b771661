"""Attachments as Telegram announces them, and the bytes once they are here."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath
from typing import IO

from bot.conversation.names import framed

HEAD_BYTES = 4096
"""Bytes at the beginning of a file that its format is recognised by."""
MAX_NAME = 80
"""Characters of a file name that are shown to people and to the generator."""


class AttachmentKind(StrEnum):
    """Telegram's kinds of messages that carry a file."""

    PHOTO = "photo"
    STICKER = "sticker"
    DOCUMENT = "document"
    VOICE = "voice"
    AUDIO = "audio"
    VIDEO_NOTE = "video_note"
    VIDEO = "video"
    ANIMATION = "animation"


_PICTURES = frozenset({AttachmentKind.PHOTO, AttachmentKind.STICKER, AttachmentKind.ANIMATION})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that somebody sent, by what is known before it is fetched. All of it is the sender's claim."""

    kind: AttachmentKind
    file_id: str
    """Fetches the file; differs between bots and may change."""
    unique_id: str
    """Names the same file for ever, whoever sends it."""
    name: str = ""
    mime_type: str = ""
    size: int | None = None
    """Bytes, where Telegram knows them."""
    duration: float | None = None
    """Seconds of a recording."""

    @property
    def is_picture(self) -> bool:
        """True for a photo, a sticker, the still of an animation, and a file whose type says so; SVG is text."""
        if self.kind in _PICTURES:
            return True
        kind = self.mime_type.lower()
        return self.kind is AttachmentKind.DOCUMENT and kind.startswith("image/") and kind != "image/svg+xml"

    @property
    def suffix(self) -> str:
        """The ending of the name in small letters, with its dot."""
        return PurePath(self.name.lower()).suffix

    @property
    def shown_name(self) -> str:
        """The name in one line of bounded length, or the kind where there is none."""
        name = framed(self.name)
        if len(name) > MAX_NAME:
            name = f"{name[: MAX_NAME // 2]}…{name[-MAX_NAME // 2 + 1 :]}"
        return name or self.kind.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of an attachment, in memory or in a file on this machine."""

    source: bytes | Path

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    def head(self) -> bytes:
        """The first bytes, by which formats are told apart."""
        if isinstance(self.source, bytes):
            return self.source[:HEAD_BYTES]
        with self.source.open("rb") as file:
            return file.read(HEAD_BYTES)

    def all_bytes(self) -> bytes:
        """Everything. Blocks while a file is read: call it in a thread."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    def open_unnamed(self) -> IO[bytes]:
        """Open a file that can be handed to another process. Blocks: call it in a thread."""
        if isinstance(self.source, Path):
            return self.source.open("rb")
        file = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
        file.write(self.source)
        file.flush()
        file.seek(0)
        return file
