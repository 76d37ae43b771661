"""Pictures made fit for a model that sees. Runs in a child process; Pillow is loaded nowhere else."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from PIL import (
    AvifImagePlugin,
    Image,
    ImageOps,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from bot.attachments.limits import ReadLimits
from bot.attachments.problems import PictureUnreadable, TooManyPixels

PICTURE_FORMATS = (
    "JPEG",
    "PNG",
    "GIF",
    "BMP",
    WebPImagePlugin.WebPImageFile.format,
    TiffImagePlugin.TiffImageFile.format,
    AvifImagePlugin.AvifImageFile.format,
)
"""Pillow's decoders that are used; it has none for HEIC. Others run foreign programs or are rarely looked after."""
JPEG_QUALITIES = (88, 70, 45)
"""Tried one after another until the picture is small enough."""
_TRANSPARENT = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})


@dataclass(frozen=True, slots=True)
class ConvertedPicture:
    """A picture as it is sent."""

    content: bytes
    mime_type: str
    width: int
    height: int


def convert(file: BinaryIO, limits: ReadLimits) -> ConvertedPicture:
    """Scale a picture down, turn it upright, and encode it anew without its metadata; of several frames, the first.

    JPEG, or PNG where something shines through. Raises TooManyPixels, PictureUnreadable.
    """
    warnings.simplefilter("ignore")  # Pillow's own limit is replaced by ours
    Image.MAX_IMAGE_PIXELS = None
    Image.preinit()
    try:
        with Image.open(file, formats=PICTURE_FORMATS) as picture:
            width, height = picture.size
            if width * height > limits.pixels:
                raise TooManyPixels(f"{width}x{height}", megapixels=limits.pixels // 1_000_000)
            side = limits.picture_side
            picture.draft("RGB", (side, side))  # JPEG is unpacked at a fraction of its size
            picture.thumbnail((side, side), reducing_gap=2.0)
            return _encoded(_plain(_upright(picture)), limits.picture_bytes)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise PictureUnreadable(type(error).__name__) from None


def _upright(picture: Image.Image) -> Image.Image:
    """The picture as its camera was held; where its metadata is damaged, as it is."""
    try:
        return ImageOps.exif_transpose(picture)
    except (OSError, ValueError, SyntaxError, KeyError, struct.error):
        return picture


def _plain(picture: Image.Image) -> Image.Image:
    """The same picture in one of two modes."""
    shines_through = picture.mode in _TRANSPARENT or "transparency" in picture.info
    return picture.convert("RGBA" if shines_through else "RGB")


def _encoded(picture: Image.Image, most: int) -> ConvertedPicture:
    if picture.mode == "RGBA":
        content = _saved(picture, "PNG", optimize=False)
        if len(content) <= most:
            return ConvertedPicture(content, "image/png", *picture.size)
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    for quality in JPEG_QUALITIES:
        content = _saved(picture, "JPEG", quality=quality)
        if len(content) <= most:
            return ConvertedPicture(content, "image/jpeg", *picture.size)
    raise PictureUnreadable("the picture does not get small enough")


def _saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    """Encode pixels alone: what the file said beside them stays behind."""
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    file = io.BytesIO()
    bare.save(file, kind, **options)
    return file.getvalue()
