"""Pictures, from the person who sends them to the model that sees them."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from tests.attachments.samples import picture
from tests.end_to_end.test_openai_answers import ended, endpoint, said
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, Json


async def send(scene: Scene, caption: str) -> None:
    content = base64.b64encode(picture("PNG")).decode()
    file = {"file_name": "a.png", "mime_type": "image/png", "content_base64": content}
    await scene.telegram.post(f"people/{ANNA}/send", chat_id=ANNA, document=file, caption=caption)


def openai(url: str) -> dict[str, str]:
    return {"GENERATOR": "openai", "OPENAI_BASE_URL": url, "OPENAI_MODEL": "m", "OPENAI_SEES_PICTURES": "true"}


def parts(request: Json) -> list[list[dict[str, Any]]]:
    """The content parts of each message that has some."""
    return [message["content"] for message in request["messages"] if isinstance(message["content"], list)]


async def test_a_picture_goes_along_and_after_a_restart_again(scene: Scene) -> None:
    answers = [said("A cat."), ended("stop")], [said("Black."), ended("stop")]
    async with endpoint(*answers) as (url, asked):
        async with scene.program(**openai(url)):
            await send(scene, "What is it?")
            await scene.telegram.reads_answer("A cat.")
        async with scene.program(**openai(url)):
            await scene.telegram.send("Which colour?")
            await scene.telegram.reads_answer("Black.")
    questions = [request for request in asked if parts(request)]
    assert len(questions) == 2
    for request in questions:
        ((shown, words),) = parts(request)
        assert words == {"type": "text", "text": "What is it?"}
        assert shown["type"] == "image_url"
        head, content = shown["image_url"]["url"].split(",")
        assert head in {"data:image/png;base64", "data:image/jpeg;base64"}
        assert Image.open(io.BytesIO(base64.b64decode(content))).format in {"PNG", "JPEG"}


def holiday_photo() -> bytes:
    """A picture as a camera makes it: on its side, with its place and time, a comment and a colour profile."""
    image = Image.new("RGB", (2400, 1200), "red")
    image.paste("blue", (1200, 0, 2400, 1200))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Model] = "SECRET-CAMERA"
    exif[ExifTags.IFD.GPSInfo] = {ExifTags.GPS.GPSLatitude: (47.0, 30.0, 0.0)}
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE", quality=95)
    return file.getvalue()


def see_through() -> bytes:
    """A picture with a hole, and words beside its pixels."""
    words = PngInfo()
    words.add_text("Author", "SECRET-AUTHOR")
    image = Image.new("RGBA", (40, 30), (0, 128, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 20, 30))
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=words)
    return file.getvalue()


def as_file(name: str, kind: str, content: bytes) -> Json:
    return {"file_name": name, "mime_type": kind, "content_base64": base64.b64encode(content).decode()}


async def test_the_server_gets_exactly_these_parts(scene: Scene) -> None:
    files = as_file("a.jpg", "image/jpeg", holiday_photo()), as_file("b.png", "image/png", see_through())
    for number, file in enumerate(files):
        more = {} if number else {"caption": "What are they?"}
        await scene.telegram.post(
            f"people/{ANNA}/send", chat_id=ANNA, document=file, extra={"media_group_id": "album"}, **more
        )
    async with endpoint([said("Two."), ended("stop")]) as (url, asked), scene.program(**openai(url)):
        await scene.telegram.reads_answer("Two.")
    question = asked[-1]["messages"][-1]
    photo, drawing, words = question["content"]
    assert (question.keys(), question["role"]) == ({"role", "content"}, "user")
    assert words == {"type": "text", "text": "What are they?"}

    jpeg = sent_picture(photo, "image/jpeg")
    assert jpeg.size == (784, 1568)
    above, below = (jpeg.crop((392, at, 393, at + 1)).tobytes() for at in (100, 1400))
    assert [colour.index(max(colour)) for colour in (above, below)] == [0, 2]
    assert jpeg.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}

    png = sent_picture(drawing, "image/png")
    assert png.size == (40, 30)
    assert [png.getpixel(at) for at in ((5, 5), (35, 25))] == [(0, 0, 0, 0), (0, 128, 0, 255)]
    assert png.info == {}


def sent_picture(part: Json, kind: str) -> Image.Image:
    """The picture of a content part, whose bytes are nothing else, and in which nothing is hidden."""
    assert part == {"type": "image_url", "image_url": {"url": part["image_url"]["url"]}}
    head, _, encoded = part["image_url"]["url"].partition(",")
    assert head == f"data:{kind};base64"
    content = base64.b64decode(encoded, validate=True)
    assert b"SECRET" not in content
    assert b"Exif" not in content
    assert content.endswith({"image/jpeg": b"\xff\xd9", "image/png": b"IEND\xaeB`\x82"}[kind])
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


async def test_killed_before_its_answer_a_question_is_asked_again_with_its_picture(scene: Scene) -> None:
    async with endpoint([said("A cat."), ended("stop")]) as (url, asked), silent_endpoint() as (silent, heard):
        async with scene.program(**openai(silent), PROBE_GENERATOR="false") as program:
            await send(scene, "What is it?")
            await asyncio.wait_for(heard.wait(), 60)
            await program.kill()
        async with scene.program(**openai(url), PROBE_GENERATOR="false"):
            await scene.telegram.reads_answer("A cat.")
    (question,) = asked
    ((shown, _),) = parts(question)
    assert shown["image_url"]["url"].startswith("data:image/")


async def test_a_stickers_picture_goes_along_with_its_emoji(scene: Scene) -> None:
    async with endpoint([said("Hello!"), ended("stop")]) as (url, asked), scene.program(**openai(url)):
        await scene.telegram.send("", media="sticker")
        await scene.telegram.reads_answer("Hello!")
    ((shown, words),) = parts(asked[-1])
    assert words == {"type": "text", "text": "👋"}
    assert sent_picture(shown, "image/png").size == (512, 512)
    assert len(scene.telegram.said()) == 1


async def test_a_blind_model_answers_the_words_and_that_is_said(scene: Scene) -> None:
    async with scene.program():
        await send(scene, "What is it?")
        await scene.telegram.reads("I can't see what is attached, so I'll answer your words only.")
        await scene.telegram.reads_answer("You said: What is it?")
    assert len(scene.telegram.said()) == 2
    assert not any(call["method"] == "getFile" for call in await scene.telegram.calls())


@asynccontextmanager
async def silent_endpoint() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """An endpoint that never answers; its address, and whether it was asked."""
    heard, end = asyncio.Event(), asyncio.Event()

    async def keep_silent(_: web.Request) -> web.Response:
        heard.set()
        await end.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/chat/completions", keep_silent)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", heard
    finally:
        end.set()
        await runner.cleanup()
