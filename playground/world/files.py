"""Files that were sent, in memory; the oldest are forgotten when there are too many bytes."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from cachetools import FIFOCache

from playground.media.upload import Upload

Json = dict[str, Any]

MAX_STORED_BYTES: Final = 256 * 1024 * 1024
"""Bytes of all files together: what a small machine can spare."""
PREFIXES: Final = MappingProxyType(
    {
        "photos": "AgACAgIAAx", "thumbnails": "AAMCAgADG", "documents": "BQACAgIAAx", "voice": "AwACAgIAAx",
        "music": "CQACAgIAAx", "animations": "CgACAgIAAx", "videos": "BAACAgIAAx", "stickers": "CAACAgIAAx",
    }
)  # fmt: skip
"""Beginnings of the ids of files, by the folders that Telegram's paths name."""


class FileStore:
    """Files by id; `details` are the Bot API's File and Document fields together."""

    def __init__(self) -> None:
        self._files: FIFOCache[str, tuple[Json, bytes]] = FIFOCache(MAX_STORED_BYTES, lambda stored: len(stored[1]))
        self._next = 1

    def add(self, upload: Upload, folder: str = "documents") -> Json:
        """Store a file and return what all of the Bot API's files have in common, and its name and type."""
        number = self._next
        file_id = f"{PREFIXES[folder]}{number:06d}"
        suffix = "." + upload.name.rsplit(".", 1)[-1] if "." in upload.name else ""
        document: Json = {
            "file_id": file_id,
            "file_unique_id": f"AgAD{number:06d}",
            "file_name": upload.name,
            "mime_type": upload.media_type,
            "file_size": len(upload.content),
        }
        path = f"{folder}/file_{number}{suffix if suffix.isascii() else ''}"
        self.put(file_id, {**document, "file_path": path}, upload.content)
        return document

    def put(self, file_id: str, details: Json, content: bytes) -> None:
        """Store a file that has an id already."""
        self._files[file_id] = (details, content)
        self._next = max(self._next, int(file_id[-6:]) + 1)

    def note(self, file_id: str, content: Json) -> None:
        """Remember the content of a message that a file stands for, so that it can be sent again by its id."""
        details, stored = self._files[file_id]
        self._files[file_id] = ({**details, "sent_as": content}, stored)

    def get(self, file_id: str) -> tuple[Json, bytes] | None:
        """Return a file's details and content, None where there is none."""
        return self._files.get(file_id)

    def at(self, path: str) -> tuple[Json, bytes] | None:
        """Return the file at a path that `getFile` gave."""
        return next((kept for kept in self._files.values() if kept[0]["file_path"] == path), None)
