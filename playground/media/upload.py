"""An uploaded file, and what Telegram finds out about it before it is sent."""

from __future__ import annotations

import asyncio
import io
import mimetypes
import wave
from dataclasses import dataclass, replace
from typing import Final

from playground.media.ogg import OGG_MAGIC, ogg_of_opus, opus_seconds
from playground.media.pictures import THUMBNAIL_SIDE, PictureSize, may_be_photo, picture_sizes
from playground.media.webm import MAGIC, opus_of_webm

UNKNOWN_TYPE: Final = "application/octet-stream"
VOICE_TYPE: Final = "audio/ogg"
_PHOTO_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call.

    `sizes` are those of a picture; `duration` in seconds, `width` and `height` in pixels are 0 where nobody knows.
    """

    name: str
    mime_type: str
    content: bytes
    sizes: tuple[PictureSize, ...] = ()
    duration: float = 0
    width: int = 0
    height: int = 0

    @property
    def media_type(self) -> str:
        """The type that was told, else the one that belongs to the name."""
        told = self.mime_type.partition(";")[0].strip().lower()
        if told and told != UNKNOWN_TYPE:
            return told
        return mimetypes.guess_type(self.name)[0] or UNKNOWN_TYPE

    @property
    def is_voice(self) -> bool:
        """True for a recording that Telegram takes as a voice message."""
        return self.content.startswith(OGG_MAGIC) and opus_seconds(self.content) is not None

    @property
    def is_photo(self) -> bool:
        """True for a picture that Telegram takes as a photo."""
        return bool(self.sizes) and may_be_photo(self.sizes[-1].width, self.sizes[-1].height)

    @property
    def thumbnail(self) -> PictureSize | None:
        """The size that stands for a picture which is sent as a file."""
        fitting = [size for size in self.sizes if max(size.width, size.height) <= THUMBNAIL_SIDE]
        return fitting[-1] if fitting else None

    def natural_kind(self) -> str:
        """Return how an app sends this file unless somebody wants it as a file."""
        kind = self.media_type
        if kind in _PHOTO_TYPES and self.is_photo:
            return "photo"
        if kind == "image/gif" and self.sizes:
            return "animation"
        if self.is_voice:
            return "voice"
        if kind.startswith("audio/"):
            return "audio"
        return "video" if kind.startswith("video/") else "document"


async def examine(upload: Upload) -> Upload:
    """Find out sizes and length of a file, in a thread; a browser's recording becomes a voice message's Ogg file."""
    return await asyncio.to_thread(_examined, upload)


def _examined(upload: Upload) -> Upload:
    if upload.content.startswith(MAGIC) and (recording := opus_of_webm(upload.content)) is not None:
        name = upload.name.rpartition(".")[0] or upload.name
        upload = replace(upload, name=f"{name}.ogg", mime_type=VOICE_TYPE, content=ogg_of_opus(recording))
    seconds = opus_seconds(upload.content) or _wave_seconds(upload.content)
    return replace(upload, sizes=picture_sizes(upload.content), duration=seconds or upload.duration)


def _wave_seconds(content: bytes) -> float:
    if not content.startswith(b"RIFF") or content[8:12] != b"WAVE":
        return 0
    try:
        with wave.open(io.BytesIO(content)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return 0
