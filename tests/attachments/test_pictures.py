"""Pictures, as a model that sees gets them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.attachments.attachment import AttachmentKind
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import PicturePart
from bot.attachments.problems import PictureUnreadable, TooManyPixels
from bot.attachments.service import AttachmentService, default_readers
from tests.attachments.samples import fetched, file, picture


async def read(
    service: AttachmentService, content: bytes, kind: AttachmentKind = AttachmentKind.DOCUMENT
) -> tuple[PicturePart, Image.Image]:
    part = await service.read(file("a.png", kind=kind), fetched(content))
    assert isinstance(part, PicturePart)
    image = Image.open(io.BytesIO(part.content))
    image.load()
    assert image.size == (part.width, part.height)
    assert Image.MIME[image.format or ""] == part.mime_type
    return part, image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
async def test_usual_formats_become_jpeg(service: AttachmentService, kind: str) -> None:
    part, image = await read(service, picture(kind))
    assert (part.mime_type, image.size) == ("image/jpeg", (64, 48))
    red = image.convert("RGB").getpixel((32, 24))
    assert isinstance(red, tuple) and red[0] > 200 and red[1] < 60


async def test_what_shines_through_stays_png(service: AttachmentService) -> None:
    part, image = await read(service, picture(mode="RGBA", colour=(255, 0, 0, 0)))
    assert part.mime_type == "image/png" and image.mode == "RGBA"


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "LA", "F"])
async def test_every_way_to_keep_colours_is_read(service: AttachmentService, mode: str) -> None:
    colour: object = (0, 0, 0, 0) if mode == "CMYK" else (200, 255) if mode == "LA" else 1
    await read(service, picture("TIFF" if mode in {"CMYK", "F"} else "PNG", mode=mode, colour=colour))


async def test_a_large_picture_is_scaled_down(service: AttachmentService) -> None:
    part, _ = await read(service, picture("JPEG", size=(4000, 1000)), AttachmentKind.PHOTO)
    assert (part.width, part.height) == (1568, 392)


async def test_it_stands_upright_and_says_nothing_of_where_it_was_taken(service: AttachmentService) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Secret camera"
    part, image = await read(service, picture("JPEG", size=(60, 40), exif=exif, comment=b"Secret words"))
    assert image.size == (40, 60)
    assert not image.getexif() and b"Secret" not in part.content


async def test_a_png_keeps_no_words_either(service: AttachmentService) -> None:
    content = picture("PNG", mode="RGBA", colour=(1, 2, 3, 4), exif=b"Exif\x00\x00Secret", icc_profile=b"Secret")
    part, _ = await read(service, content)
    assert b"Secret" not in part.content


async def test_of_a_moving_picture_the_first_frame_is_seen(service: AttachmentService) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "green")]
    content = picture("GIF", size=(20, 20), save_all=True, append_images=frames[1:])
    _, image = await read(service, content)
    red = image.convert("RGB").getpixel((10, 10))
    assert isinstance(red, tuple) and red[0] > 200


async def test_a_picture_with_too_many_pixels_is_told_as_such(service: AttachmentService) -> None:
    with pytest.raises(TooManyPixels) as caught:
        await read(service, picture("PNG", mode="1", colour=0, size=(10_000, 6_000)))
    assert caught.value.details == {"name": "a.png", "megapixels": 50}


async def test_the_largest_picture_that_is_read_fits_the_memory(service: AttachmentService) -> None:
    part, _ = await read(service, picture("PNG", mode="RGBA", colour=(9, 9, 9, 9), size=(10_000, 4_999)))
    assert (part.width, part.height) == (1568, 784)


async def test_heic_is_told_as_a_picture_that_cannot_be_opened(service: AttachmentService) -> None:
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(500)
    with pytest.raises(PictureUnreadable):
        await service.read(file("IMG_1.HEIC", mime_type="image/heic"), fetched(heic))


async def test_a_noisy_picture_is_made_small_enough() -> None:
    noise = Image.effect_noise((1000, 1000), 200)
    buffer = io.BytesIO()
    noise.convert("RGBA").save(buffer, "PNG")
    service = AttachmentService(default_readers(None), ReadLimits(picture_bytes=600_000))
    part, _ = await read(service, buffer.getvalue())
    assert part.mime_type == "image/jpeg" and len(part.content) <= 600_000
