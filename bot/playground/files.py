"""Files that were sent, in memory, the oldest forgotten when there are too many bytes."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

BYTES_KEPT: Final = 256 * 1024 * 1024


class Files:
    """Files by id; `details` are the Bot API's File and Document fields together."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[Json, bytes]] = {}
        self._bytes = 0
        self._next = 1

    def next_number(self) -> int:
        """Return a number for a new file."""
        self._next += 1
        return self._next - 1

    def put(self, file_id: str, details: Json, content: bytes) -> None:
        """Keep a file."""
        self._files[file_id] = (details, content)
        self._next = max(self._next, int(file_id[-6:]) + 1)
        self._bytes += len(content)
        while self._bytes > BYTES_KEPT and len(self._files) > 1:
            self._bytes -= len(self._files.pop(next(iter(self._files)))[1])

    def get(self, file_id: str) -> tuple[Json, bytes] | None:
        """Return a file's details and content, None where there is none."""
        return self._files.get(file_id)

    def at(self, path: str) -> tuple[Json, bytes] | None:
        """Return the file at a path that `getFile` gave."""
        return next((kept for kept in self._files.values() if kept[0]["file_path"] == path), None)
