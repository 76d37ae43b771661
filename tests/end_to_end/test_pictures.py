"""Pictures, from the person who sends them to the model that sees them."""

from __future__ import annotations

import base64
import io
from typing import Any

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
