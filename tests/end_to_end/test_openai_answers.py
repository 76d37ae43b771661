"""Answers of an OpenAI-compatible endpoint: thoughts apart, and why the answer ended."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.end_to_end.scene import Scene
from tests.end_to_end.telegram import Json, labels
from tests.end_to_end.test_buttons import until_label

Chunks = list[dict[str, Any]]


def said(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}}]}


def thought(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"reasoning_content": text}}]}


def ended(reason: str) -> dict[str, Any]:
    return {"choices": [{"delta": {}, "finish_reason": reason}]}


@asynccontextmanager
async def endpoint(*answers: Chunks) -> AsyncIterator[tuple[str, list[Json]]]:
    """An endpoint that gives these answers one after another; its address and what it was asked."""
    asked: list[Json] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(await request.json())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in answers[min(len(asked), len(answers)) - 1]:
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def test_thoughts_fold_into_a_quote_or_are_hidden(scene: Scene) -> None:
    chunks = [thought("Let me see. "), thought("It is blue."), said("The sky is blue."), ended("stop")]
    async with endpoint(chunks) as (url, _), scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"):
        await scene.telegram.send("What colour?")
        answer = await scene.telegram.reads_answer("The sky is blue.")
        assert "It is blue." in answer["text"]
        assert "expandable_blockquote" in {entity["type"] for entity in answer["entities"]}
        await scene.telegram.send("/settings")
        await scene.telegram.press(await until_label(scene.telegram, "Thoughts"), "Thoughts")
        await scene.telegram.press(await until_label(scene.telegram, "Hidden"), "Hidden")
        await scene.telegram.until(lambda: any("✓" in label for m in scene.telegram.said() for label in labels(m)))
        await scene.telegram.send("And now?")

        def second() -> Json | None:
            return next((m for m in scene.telegram.said() if m.get("text") == "The sky is blue."), None)

        await scene.telegram.until(second, why="(an answer without its thoughts)")


async def test_an_answer_that_its_limit_cut_goes_on_in_the_same_message(scene: Scene) -> None:
    first = [said("One, two, three,"), ended("length")]
    second = [said(" four, five."), ended("stop")]
    async with (
        endpoint(first, second) as (url, asked),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url + "/v1", OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("Count to five")
        cut = await until_label(scene.telegram, "▸ Go on")
        await scene.telegram.press(cut, "▸ Go on")
        whole = await scene.telegram.reads_answer("One, two, three, four, five.")
        assert whole["message_id"] == cut["message_id"]
        assert asked[1]["messages"][-2]["content"] == "One, two, three,"
        assert not any("Go on" in label for label in labels(whole))
