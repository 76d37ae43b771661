"""Media of messages: files are stored, and the Bot API's fields for them returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from playground.media.pictures import PictureSize
from playground.media.upload import VOICE_TYPE, Upload
from playground.world.hub import Hub

Json = dict[str, Any]

CAPTIONED: Final = frozenset({"photo", "document", "voice", "audio", "video", "animation"})
"""Media that may have a caption."""
_NAMELESS: Final = frozenset({"file_name", "mime_type"})


def stored_media(hub: Hub, kind: str, upload: Upload) -> Json:
    """Store an upload and return the content of a message of a kind with it. Raises KeyError for an unknown kind."""
    content = _KINDS[kind](hub, upload)
    for file in content["photo"] if kind == "photo" else [content[kind]]:
        hub.files.note(file["file_id"], content)
    return content


def _photo(hub: Hub, upload: Upload) -> Json:
    return {"photo": [_size(hub, size, "photos") for size in upload.sizes]}


def _document(hub: Hub, upload: Upload) -> Json:
    return {"document": _with_thumbnail(hub, upload, hub.store_file(upload))}


def _voice(hub: Hub, upload: Upload) -> Json:
    file = hub.store_file(replace(upload, mime_type=VOICE_TYPE), "voice")
    del file["file_name"]
    return {"voice": {**file, "duration": round(upload.duration)}}


def _audio(hub: Hub, upload: Upload) -> Json:
    return {"audio": {**hub.store_file(upload, "music"), "duration": round(upload.duration)}}


def _video(hub: Hub, upload: Upload) -> Json:
    return {"video": _moving(hub, upload, "videos")}


def _animation(hub: Hub, upload: Upload) -> Json:
    animation = _moving(hub, upload, "animations")
    shared = ("file_id", "file_unique_id", "file_name", "mime_type", "file_size", "thumbnail")
    return {
        "animation": animation,
        "document": {name: animation[name] for name in shared if name in animation},
    }


def _moving(hub: Hub, upload: Upload, folder: str) -> Json:
    file = _with_thumbnail(hub, upload, hub.store_file(upload, folder))
    shown = upload.sizes[-1] if upload.sizes else upload
    return {**file, "width": shown.width, "height": shown.height, "duration": round(upload.duration)}


def _with_thumbnail(hub: Hub, upload: Upload, file: Json) -> Json:
    return {**file, "thumbnail": _size(hub, upload.thumbnail, "thumbnails")} if upload.thumbnail else file


def _size(hub: Hub, size: PictureSize, folder: str) -> Json:
    stored = hub.store_file(Upload("picture.jpg", "image/jpeg", size.content), folder)
    file = {name: value for name, value in stored.items() if name not in _NAMELESS}
    return {**file, "width": size.width, "height": size.height}


_KINDS: Final[Mapping[str, Callable[[Hub, Upload], Json]]] = MappingProxyType(
    {
        "photo": _photo, "document": _document, "voice": _voice, "audio": _audio, "video": _video,
        "animation": _animation,
    }
)  # fmt: skip
