"""Answers of an OpenAI-compatible endpoint: thoughts apart, and why the answer ended."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.generators.prefill import TRIAL
from tests.end_to_end.test_buttons import until_label
from tests.harness.scene import Scene
from tests.harness.telegram_people import Json, is_being_written, labels

Chunks = list[dict[str, Any]]


def said(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}}]}


def thought(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"reasoning_content": text}}]}


def ended(reason: str) -> dict[str, Any]:
    return {"choices": [{"delta": {}, "finish_reason": reason}]}


@asynccontextmanager
async def endpoint(*answers: Chunks, trial: str = "Friday") -> AsyncIterator[tuple[str, list[Json]]]:
    """An endpoint that gives these answers in turn, but none to long messages; its address and what it was asked.

    `trial` is how it goes on with a last message of the assistant's that is cut.
    """
    asked: list[Json] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        sent = await request.json()
        if sent["messages"] == TRIAL:
            return web.json_response({"choices": [{"message": {"content": trial}, "finish_reason": "stop"}]})
        asked.append(sent)
        if any(len(message["content"]) > 500 for message in asked[-1]["messages"]):
            return web.json_response({"error": {"message": "Prompt is too long"}}, status=400)
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


@pytest.mark.parametrize("second", [[ended("stop")], [said(""), ended("stop")], [said("  \n"), ended("stop")]], ids=str)
async def test_an_answer_to_which_the_model_has_nothing_to_add_is_complete(scene: Scene, second: list[Json]) -> None:
    async with (
        endpoint([said("One, two, three."), ended("length")], second) as (url, asked),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("Count to three")
        cut = await until_label(scene.telegram, "▸ Go on")
        await scene.telegram.press(cut, "▸ Go on")

        def whole() -> Json | None:
            said = scene.telegram.said()
            return next((m for m in said if m.get("text") == "One, two, three." and not is_being_written(m)), None)

        answer = await scene.telegram.until(whole, why="(the answer without a note)")
        assert answer["message_id"] == cut["message_id"]
        assert not any("Go on" in label for label in labels(answer))
        assert len(asked) > 1


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("It has been passed", ["down ", "through the ages."], "It has been passed down through the ages."),
        ("It keeps the beauty of the", ["the beauty ", "of the sea."], "It keeps the beauty of the sea."),
        ("Once upon a", ["Once upon ", "a time."], "Once upon a time."),
        ("It was the", ["sea was"], "It was the sea was"),
    ],
)
async def test_the_seam_of_an_answer_that_goes_on_is_not_seen(
    scene: Scene, first: str, second: list[str], whole: str
) -> None:
    async with (
        endpoint([said(first), ended("length")], [*map(said, second), ended("stop")]) as (url, _),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("Tell me")
        cut = await until_label(scene.telegram, "▸ Go on")
        await scene.telegram.press(cut, "▸ Go on")
        answer = await scene.telegram.reads_answer(whole)
        assert (answer["message_id"], answer["text"]) == (cut["message_id"], whole)


async def test_a_server_that_goes_on_within_an_answer_is_left_the_last_word(scene: Scene) -> None:
    async with (
        endpoint(
            [said("It is a beaut"), ended("length")],
            [said("iful day\n"), ended("length")],
            [said("\nand"), ended("length")],
            [ended("stop")],
            [said("I have no more to say."), ended("stop")],
            trial="day, Friday",
        ) as (url, asked),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("Tell me")
        for so_far in ("It is a beaut", "It is a beautiful day", "It is a beautiful day\nand"):
            await scene.telegram.reads(so_far)
            await scene.telegram.press(await until_label(scene.telegram, "▸ Go on"), "▸ Go on")
        await scene.telegram.reads_answer("It is a beautiful day\nand I have no more to say.")
        last = [sent["messages"][-1] for sent in asked]
        assert last[1] == {"role": "assistant", "content": "It is a beaut"}
        assert last[2] == {"role": "assistant", "content": "It is a beautiful day"}
        assert last[4]["role"] == "user", "it had no more to say, so it was asked to"


async def test_thoughts_whose_beginning_the_template_wrote_are_folded_once_they_end(scene: Scene) -> None:
    chunks = [said("The user asks for a capital. "), said("It is Budapest.\n"), said("</think>\n\nBuda"), said("pest.")]
    async with (
        endpoint([*chunks, ended("stop")]) as (url, asked),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("The capital?")
        answer = await scene.telegram.reads_answer("Budapest.")
        assert "expandable_blockquote" in {entity["type"] for entity in answer["entities"]}
        await scene.telegram.send("And now?")
        await scene.telegram.until(lambda: len(asked) > 1)
        assert [message["content"] for message in asked[1]["messages"]][-2:] == ["Budapest.", "And now?"]


async def test_an_answer_that_came_as_thoughts_is_the_answer(scene: Scene) -> None:
    chunks = [thought("Budapest is "), thought("the capital."), ended("stop")]
    async with (
        endpoint(chunks) as (url, asked),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("The capital?")

        def plain() -> Json | None:
            return next((m for m in scene.telegram.said() if m.get("text") == "Budapest is the capital."), None)

        await scene.telegram.until(plain, why="(an answer without a folded quote)")
        await scene.telegram.send("And now?")
        await scene.telegram.until(lambda: len(asked) > 1)
        assert asked[1]["messages"][-2]["content"] == "Budapest is the capital."


async def test_a_filter_that_ends_an_answer_is_told_under_it(scene: Scene) -> None:
    chunks = [said("First mix the two parts"), ended("content_filter")]
    async with (
        endpoint(chunks) as (url, _),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("How?")
        answer = await until_label(scene.telegram, "↻ Again")
        assert answer["text"] == "First mix the two parts\n\nThe model's provider cut the answer off here."


async def test_an_answer_that_breaks_off_goes_on(scene: Scene) -> None:
    broken = {"choices": [{"delta": {}, "finish_reason": "error", "error": {"message": "Provider disconnected"}}]}
    async with (
        endpoint([said("Budapest is the"), broken], [said("capital."), ended("stop")]) as (url, _),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("The capital?")
        cut = await until_label(scene.telegram, "▸ Go on")
        assert cut["text"].splitlines() == [
            "Budapest is the",
            "",
            "The answer broke off. ▸ continues it. (error 323)",
            "For you as an admin: Provider disconnected",
        ]


async def test_a_question_that_is_too_long_leaves_the_chat_usable(scene: Scene) -> None:
    async with (
        endpoint([said("Yes."), ended("stop")]) as (url, asked),
        scene.program(GENERATOR="openai", OPENAI_BASE_URL=url, OPENAI_MODEL="m"),
    ):
        await scene.telegram.send("Wszyscy ludzie " * 100)
        refused = await until_label(scene.telegram, "↻ Try again")
        assert "/new" in refused["text"]
        await scene.telegram.send("OK?")
        await scene.telegram.reads_answer("Yes.")
        assert [message["content"] for message in asked[-1]["messages"]][1:] == ["OK?"]
