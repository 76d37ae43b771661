"""Servers that refuse a question for its pictures: it is asked once more without them, and that is told."""

from __future__ import annotations

from typing import Any

import pytest

from bot.generators.client import GeneratorClient
from bot.generators.contract import Unseen
from tests.generators.test_refusals import client_of, error, server_that
from tests.harness.wire_server import serve

PICTURES = ["data:image/png;base64,AAAA"]
QUESTION = [{"role": "user", "content": "\x000\x00\nWhat is it?"}]
BLIND = {
    "OpenAI": ("400 Bad Request", "Invalid content type. image_url is only supported by certain models."),
    "llama.cpp": (
        "500 Internal Server Error",
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
    ),
    "vLLM": ("400 Bad Request", "/models/some is not a multimodal model"),
    "vLLM, limit": ("400 Bad Request", "At most 0 image(s) may be provided in one prompt."),
    "Ollama": ("400 Bad Request", "this model does not support image input"),
    "Groq": (
        "400 Bad Request",
        "'messages.1' : for 'role:user' the following must be satisfied[content must be a string]",
    ),
    "OpenRouter": ("404 Not Found", "No endpoints found that support image input"),
    "DeepSeek": ("422 Unprocessable Entity", "messages[0]: unknown variant `image_url`, expected `text`"),
    "Mistral": ("400 Bad Request", "Image input is not enabled for this model"),
}


def has_pictures(sent: dict[str, Any]) -> bool:
    return any(isinstance(message["content"], list) for message in sent["messages"])


async def ask(client: GeneratorClient) -> list[object]:
    answer = client.answer(QUESTION, temperature=0.5, max_tokens=500, pictures=PICTURES)
    return [piece async for piece in answer]


@pytest.mark.parametrize(("status", "words"), BLIND.values(), ids=BLIND)
async def test_a_blind_server_is_asked_without_pictures_and_from_then_on(status: str, words: str) -> None:
    seen: list[dict[str, Any]] = []

    def judge(sent: dict[str, Any]) -> object:
        seen.append(sent)
        return error(words) if has_pictures(sent) else None

    async with serve(server_that(judge, status=status)) as server:
        client = client_of(server)
        for _ in range(2):
            pieces = await ask(client)
            assert "Hi" in pieces
            assert Unseen() in pieces
    assert [has_pictures(sent) for sent in seen] == [True, False, False]
    assert seen[-1]["messages"][-1]["content"] == "[picture]\nWhat is it?"


async def test_a_server_that_cannot_open_one_picture_gets_the_next_one() -> None:
    refusals = [error("Could not process image")]

    def judge(sent: dict[str, Any]) -> object:
        return refusals.pop() if has_pictures(sent) and refusals else None

    async with serve(server_that(judge)) as server:
        client = client_of(server)
        assert Unseen() in await ask(client)
        assert Unseen() not in await ask(client)


async def test_other_refusals_leave_the_pictures_where_they_are() -> None:
    seen: list[dict[str, Any]] = []

    def judge(sent: dict[str, Any]) -> object:
        seen.append(sent)
        return error("Unsupported value: 'temperature' is not supported") if "temperature" in sent else None

    async with serve(server_that(judge)) as server:
        assert Unseen() not in await ask(client_of(server))
    assert [has_pictures(sent) for sent in seen] == [True, True]
