"""Pictures, from the person who sends them to the model that sees them."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from PIL import Image

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


async def test_killed_before_its_answer_a_question_is_asked_again_with_its_picture(scene: Scene) -> None:
    async with endpoint([said("A cat."), ended("stop")]) as (url, asked), silent_endpoint() as (silent, heard):
        async with scene.program(**openai(silent), PROBE_GENERATOR="false") as program:
            await send(scene, "What is it?")
            await asyncio.wait_for(heard.wait(), 20)
            await program.kill()
        async with scene.program(**openai(url), PROBE_GENERATOR="false"):
            await scene.telegram.reads_answer("A cat.")
    (question,) = asked
    ((shown, _),) = parts(question)
    assert shown["image_url"]["url"].startswith("data:image/")


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
