"""Files that people choose, drop, paste or record: examined, and put into albums as apps do."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from playground.errors import Impossible
from playground.media.upload import Upload, examine
from playground.world.hub import Hub
from playground.world.stored_media import stored_media

Json = dict[str, Any]

MAX_FILES: Final = 100
MAX_ALBUM: Final = 10
"""Messages of one album; more files become several albums."""
MAX_DURATION: Final = 24 * 3600
MAX_SIDE: Final = 10_000
_SENDABLE: Final = frozenset({"photo", "document", "voice", "audio", "video", "animation"})
_ALBUMS: Final = {"photo": "pictures", "video": "pictures", "document": "documents", "audio": "audio"}

Chosen = tuple[str, Upload]
"""A kind of media, and the file."""


async def chosen_files(body: Json) -> list[Chosen]:
    """Return the files of a message with how each is sent: as it is told in `as`, else as apps do by themselves.

    Raises Impossible for what is no file, and for one that cannot be sent in that way.
    """
    given = [{"as": "document", **body["document"]}] if body.get("document") else body.get("files") or []
    if not isinstance(given, list) or len(given) > MAX_FILES:
        raise Impossible(f"files: a list of at most {MAX_FILES}")
    return [_as_sent(file, await examine(_upload(file))) for file in given]


def _upload(given: Json) -> Upload:
    try:
        content = base64.b64decode(given.get("content_base64") or "", validate=True)
    except binascii.Error:
        raise Impossible("content_base64 is not base64") from None
    return Upload(
        str(given.get("file_name") or "file"),
        str(given.get("mime_type") or ""),
        content,
        duration=min(max(float(given.get("duration") or 0), 0), MAX_DURATION),
        width=min(max(int(given.get("width") or 0), 0), MAX_SIDE),
        height=min(max(int(given.get("height") or 0), 0), MAX_SIDE),
    )


def _as_sent(given: Json, upload: Upload) -> Chosen:
    kind = given.get("as") or upload.natural_kind()
    if kind not in _SENDABLE:
        raise Impossible(f"as: one of {', '.join(sorted(_SENDABLE))}")
    if kind == "photo" and not upload.is_photo:
        raise Impossible("this picture cannot be sent as a photo")
    if kind == "voice" and not upload.is_voice:
        raise Impossible("a voice message is Opus in Ogg or WebM")
    return str(kind), upload


def albums(chosen: list[Chosen]) -> Iterator[list[Chosen]]:
    """Yield the files that become one album, and those that stand alone; their order stays."""
    for kind, run in groupby(chosen, lambda file: _ALBUMS.get(file[0])):
        files = list(run)
        size = MAX_ALBUM if kind else 1
        yield from (files[start : start + size] for start in range(0, len(files), size))


def contents_of(hub: Hub, chosen: list[Chosen]) -> list[tuple[Json, int]]:
    """Store files and return the content of each message with the number of its album; 0 stands for none."""
    contents: list[tuple[Json, int]] = []
    for number, files in enumerate(albums(chosen), 1):
        album = number if len(files) > 1 else 0
        contents += [(stored_media(hub, kind, upload), album) for kind, upload in files]
    return contents
