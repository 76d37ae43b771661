"""Sizes of a picture: upright JPEGs of bounded sides. Pillow is imported when the first picture comes."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

PHOTO_SIDES: Final = (90, 320, 800, 1280, 2560)
"""Longest sides of Telegram's photo sizes, in pixels."""
THUMBNAIL_SIDE: Final = 320
MAX_PIXELS: Final = 50_000_000
"""Largest picture that is unpacked: 200 MB of memory."""
MAX_PHOTO_SIDES: Final = 10_000
"""Width and height of a photo together, in pixels (Bot API)."""
MAX_PHOTO_RATIO: Final = 20
STICKER_SIDE: Final = 512
"""Width and height of a sticker in pixels (Bot API)."""
_FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF")
_JPEG_QUALITY: Final = 87


@dataclass(frozen=True, slots=True)
class PictureSize:
    """A JPEG of one size."""

    content: bytes
    width: int
    height: int


def picture_sizes(content: bytes) -> tuple[PictureSize, ...]:
    """Return a picture in all sizes that are not larger than itself, smallest first; empty for what is no picture."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  # nobody waits for it who sends no picture

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return ()
                return _scaled(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return ()


def _scaled(picture: Image) -> tuple[PictureSize, ...]:
    from PIL import ImageOps  # noqa: PLC0415  # see above

    picture.draft("RGB", (PHOTO_SIDES[-1], PHOTO_SIDES[-1]))
    upright = _opaque(ImageOps.exif_transpose(picture))
    longest = max(upright.size)
    sides = [side for side in PHOTO_SIDES if side < longest]
    if len(sides) < len(PHOTO_SIDES):
        sides.append(longest)
    sizes: list[PictureSize] = []
    for side in sides[::-1]:
        upright.thumbnail((side, side))
        file = io.BytesIO()
        upright.save(file, "JPEG", quality=_JPEG_QUALITY)
        sizes.append(PictureSize(file.getvalue(), *upright.size))
    return tuple(sizes[::-1])


def _opaque(picture: Image) -> Image:
    """Return the picture in colours that a JPEG has; white is behind what shines through."""
    from PIL import Image  # noqa: PLC0415  # see above

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def sticker_picture() -> bytes:
    """Return a face that smiles, as a WebP that shines through around it."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  # see above

    image = Image.new("RGBA", (STICKER_SIDE, STICKER_SIDE))
    draw = ImageDraw.Draw(image)
    draw.ellipse((16, 16, 496, 496), fill="gold")
    for left in (150, 310):
        draw.ellipse((left, 160, left + 52, 230), fill="black")
    draw.arc((130, 180, 382, 400), 20, 160, fill="black", width=24)
    file = io.BytesIO()
    image.save(file, "WEBP")
    return file.getvalue()


def may_be_photo(width: int, height: int) -> bool:
    """Return whether Telegram takes a picture of this size as a photo."""
    return width + height <= MAX_PHOTO_SIDES and max(width, height) <= MAX_PHOTO_RATIO * min(width, height)
