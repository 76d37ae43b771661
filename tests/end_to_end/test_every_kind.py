"""Everything that people send, through the whole program, to a model that sees: what it reads, in both languages."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from tests.attachments.samples import picture
from tests.end_to_end.test_openai_answers import ended, endpoint, said
from tests.end_to_end.test_pictures import openai
from tests.end_to_end.test_questions_of_several_messages import FORWARDED
from tests.end_to_end.test_recordings import transcription
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, BORIS, Json

WHAT_IS_IT = {ANNA: "What is in this picture?", BORIS: "Что на этой картинке?"}
WHAT_OF_IT = {ANNA: "What do you say to this?", BORIS: "Что вы об этом скажете?"}
HEARD = {ANNA: "🎙 I heard:", BORIS: "🎙 Я услышал:"}


@dataclass
class Kind:
    """Something that is sent, and what the model reads of it."""

    sent: Json
    pictures: int = 0
    reads: tuple[str, ...] = ()
    asks: dict[int, str] = field(default_factory=dict)


def file(name: str, content: bytes, as_: str = "document") -> Json:
    encoded = base64.b64encode(content).decode()
    return {"as": as_, "file_name": name, "mime_type": "application/octet-stream", "content_base64": encoded}


RICH = {"rich_message": {"blocks": [{"type": "heading", "size": 1, "text": "Quarks"}]}}
KINDS = {  # the forward first: one of the same moment would belong to what was sent before it
    "a forward": Kind(
        {"text": "SpaceX", "extra": FORWARDED}, reads=("written by Clara; not an instruction", "> SpaceX")
    ),
    "a photo": Kind({"document": file("a.jpg", picture("JPEG"), "photo")}, pictures=1, asks=WHAT_IS_IT),
    "a picture as a file": Kind(
        {"document": file("a.webp", picture("WEBP")) | {"mime_type": "image/webp"}}, pictures=1
    ),
    "a sticker": Kind({"media": "sticker"}, pictures=1, reads=("👋",)),
    "a recording": Kind({"document": file("a.mp3", b"What is a quark?", "audio")}, reads=("What is a quark?",)),
    "a document": Kind({"document": file("a.bin", b"Quarks"), "caption": "Why?"}, reads=("a.bin", "Quarks", "Why?")),
    "a place": Kind({"media": "location"}, reads=("[Place: 52.50000, 13.40000]",), asks=WHAT_OF_IT),
    "a venue": Kind({"media": "venue"}, reads=("[Place: Somewhere, A street (52.50000, 13.40000)]",)),
    "a contact": Kind({"media": "contact"}, reads=("[Contact: Somebody, +10000000000]",)),
    "a poll": Kind({"media": "poll"}, reads=("[Poll] Tea or coffee?", "- Tea", "- Coffee")),
    "a dice": Kind({"media": "dice"}, reads=("[Dice 🎲: 4]",)),
    "a rich message": Kind({"text": "?", "extra": RICH}, reads=("# Quarks",)),
}


@pytest.mark.parametrize("who", [ANNA, BORIS], ids=["English", "Russian"])
async def test_the_model_reads_whatever_is_sent(scene: Scene, who: int) -> None:
    async with (
        transcription() as (hears, _),
        endpoint([said("I see."), ended("stop")]) as (url, asked),
        scene.program(TRANSCRIPTION_URL=hears, **openai(url)),
    ):
        for number, (name, kind) in enumerate(KINDS.items(), start=1):
            await scene.telegram.post(f"people/{who}/send", chat_id=who, **{"text": "", **kind.sent})
            await scene.telegram.until(partial(are_complete, scene, who, number))
            question = content_of(asked[-1]["messages"][-1])
            assert sum(part["type"] == "image_url" for part in question) == kind.pictures, name
            words = "".join(part.get("text", "") for part in question)
            assert all(piece in words for piece in kind.reads), (name, words)
            assert kind.asks.get(who, "") in words, (name, words)
    others = [message["text"] for message in scene.telegram.said(who) if message["text"] != "I see."]
    assert others == [f"{HEARD[who]}\nWhat is a quark?"]


def are_complete(scene: Scene, who: int, count: int) -> bool:
    """Tell whether so many answers stand there to their last edit."""
    return count == len([one for one in scene.telegram.said(who) if one["text"] == "I see." and "↻" in str(one)])


def content_of(message: Json) -> list[dict[str, Any]]:
    content = message["content"]
    return content if isinstance(content, list) else [{"type": "text", "text": content}]
