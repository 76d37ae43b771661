"""A person talks to the bot alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request
from tests.harness.telegram_people import ANNA, BORIS, is_being_written


async def test_a_question_is_answered_and_the_answer_grows_by_edits(scene: Scene) -> None:
    more = asyncio.Event()

    async def script(_request: Request) -> AsyncIterator[str]:
        yield "The first half of the answer"
        await more.wait()
        yield ", and the second."

    scene.generator.script = script
    async with scene.program():
        await scene.telegram.send("Tell me")
        growing = await scene.telegram.reads("The first half of the answer")
        assert is_being_written(growing)
        more.set()
        whole = await scene.telegram.reads_answer("The first half of the answer, and the second.")
        assert whole["message_id"] == growing["message_id"]
        assert len(scene.telegram.said()) == 1


async def test_the_history_goes_along_and_survives_a_restart(scene: Scene) -> None:
    scene.generator.says("Nice to meet you, Anna.")
    async with scene.program() as program:
        await scene.telegram.send("My name is Anna")
        await scene.telegram.reads_answer("Nice to meet you")
        assert await program.stop() == 0
    scene.generator.says("You are Anna.")
    async with scene.program():
        await scene.telegram.send("Who am I?")
        await scene.telegram.reads_answer("You are Anna.")
    said = [(message["role"], message["content"]) for message in scene.generator.requests[-1].messages]
    assert said == [
        ("user", "My name is Anna"),
        ("assistant", "Nice to meet you, Anna."),
        ("user", "Who am I?"),
    ]


async def test_new_starts_over(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("The word is apple")
        await scene.telegram.reads_answer("You said: The word is apple")
        await scene.telegram.send("/new")
        await scene.telegram.until(lambda: len(scene.telegram.said()) == 2)
        await scene.telegram.send("Which word?")
        await scene.telegram.reads_answer("You said: Which word?")
    assert [message["content"] for message in scene.generator.requests[-1].messages] == ["Which word?"]


async def test_questions_asked_meanwhile_are_answered_in_order(scene: Scene) -> None:
    go_on = asyncio.Event()

    async def script(request: Request) -> AsyncIterator[str]:
        yield f"Answer to {request.question}"
        if request.question == "one":
            await go_on.wait()

    scene.generator.script = script
    async with scene.program():
        for question in ("one", "two", "three"):
            await scene.telegram.send(question)
        await scene.telegram.reads("Answer to one")
        go_on.set()
        await scene.telegram.reads_answer("Answer to three")
        assert scene.telegram.texts() == ["Answer to one", "Answer to two", "Answer to three"]


async def test_a_long_paste_that_the_app_split_is_one_question(scene: Scene) -> None:
    paste = "A sentence of the paste. " * 300
    async with scene.program():
        await scene.telegram.send(paste)
        request = await scene.generator.asked()
    assert request.question.split() == paste.split()
    assert len(scene.generator.requests) == 1


async def test_two_people_have_two_conversations(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("Mine", by=ANNA)
        await scene.telegram.send("Yours", by=BORIS)
        await scene.telegram.reads_answer("You said: Mine", chat=ANNA)
        await scene.telegram.reads_answer("You said: Yours", chat=BORIS)
    assert all(len(request.messages) == 1 for request in scene.generator.requests)


async def test_a_question_too_long_for_the_model_is_refused_before_it_is_sent(scene: Scene) -> None:
    async with scene.program(CONTEXT_TOKENS="512"):
        await scene.telegram.send("слово " * 600)
        await scene.telegram.until(lambda: scene.telegram.said())
        assert scene.generator.requests == []


async def test_a_photo_without_words_gets_one_friendly_line(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("", media="photo")
        await scene.telegram.until(lambda: scene.telegram.said())
        assert scene.generator.requests == []
        assert len(scene.telegram.said()) == 1


async def test_a_sticker_says_its_emoji(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("", media="sticker")
        await scene.telegram.reads_answer("You said: 👋")
        assert len(scene.telegram.said()) == 1


@pytest.mark.parametrize(
    ("media", "line"),
    [("voice", "I can't listen to recordings here"), ("video", "I can't watch videos")],
)
async def test_what_cannot_be_read_gets_one_friendly_line(scene: Scene, media: str, line: str) -> None:
    async with scene.program():
        await scene.telegram.send("", media=media)
        await scene.telegram.reads(line)
        await scene.telegram.send("Then in words")
        await scene.telegram.reads_answer("You said: Then in words")
        assert len(scene.telegram.said()) == 2
    assert [request.question for request in scene.generator.requests] == ["Then in words"]
