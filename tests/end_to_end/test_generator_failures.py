"""The generator fails: the person reads one clear line, keeps what was written, and can go on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

import pytest

from tests.harness.checked_answers import has_button
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Cut, Refusal, Request, Script, echo, failing
from tests.harness.telegram_people import ANNA, Json, is_being_written

START = "The first words of the answer"


refuses = failing(Refusal(503, "Service Unavailable"))
breaks_off_at_once = failing(Cut())


def breaking_off(scene: Scene) -> Script:
    """A script that breaks off once its first words are read."""

    async def script(_request: Request) -> AsyncIterator[str]:
        yield START
        await scene.telegram.reads(START)
        raise Cut

    return script


def one_after_another(*scripts: Script) -> Script:
    """The first request gets the first script; the last one serves all that follow."""
    left = list(scripts)

    def script(request: Request) -> AsyncIterator[str]:
        return (left.pop(0) if len(left) > 1 else left[0])(request)

    return script


def line_with(scene: Scene, label: str) -> Callable[[], Json | None]:
    return lambda: next((message for message in scene.telegram.said() if has_button(message, label)), None)


@pytest.mark.parametrize("failing", [refuses, breaks_off_at_once])
async def test_before_any_text_it_is_asked_twice_again(scene: Scene, failing: Script) -> None:
    scene.generator.script = one_after_another(failing, failing, echo)
    async with scene.program():
        await scene.telegram.send("Patience")
        await scene.telegram.reads_answer("You said: Patience")
    assert len(scene.generator.requests) == 3
    assert len(scene.telegram.said()) == 1


async def test_a_busy_generator_is_asked_again_when_it_says_so(scene: Scene) -> None:
    at: list[float] = []

    async def busy(request: Request) -> AsyncIterator[str]:
        at.append(time.monotonic())
        if len(at) == 1:
            raise Refusal(429, "Too Many Requests", {"Retry-After": "2"})
        async for piece in echo(request):
            yield piece

    scene.generator.script = busy
    async with scene.program():
        await scene.telegram.send("Later")
        await scene.telegram.reads_answer("You said: Later")
    assert at[1] - at[0] >= 1.99


async def test_in_the_end_there_is_one_clear_line_and_a_button_that_works(scene: Scene) -> None:
    scene.generator.script = refuses
    async with scene.program(ADMIN_IDS="1"):  # to admins the reason is shown, too
        await scene.telegram.send("Anybody there?")
        line = await scene.telegram.until(line_with(scene, "Try again"))
        assert len(scene.generator.requests) == 3
        assert "The model" in line["text"] and "503" not in line["text"]
        scene.generator.script = echo
        await scene.telegram.press(line, "Try again")
        answer = await scene.telegram.reads_answer("You said: Anybody there?")
        assert answer["message_id"] == line["message_id"]
        assert len(scene.telegram.said()) == 1


async def test_what_cannot_help_is_not_tried_again(scene: Scene) -> None:
    scene.generator.script = failing(Refusal(401, "Unauthorized"))
    async with scene.program() as program:
        await scene.telegram.send("Hello")
        await scene.telegram.until(line_with(scene, "Try again"))
        await program.says("401")
    assert len(scene.generator.requests) == 1


async def test_in_mid_stream_the_text_stays_marked_as_cut_with_a_button_that_goes_on(scene: Scene) -> None:
    scene.generator.script = breaking_off(scene)
    async with scene.program():
        await scene.telegram.send("Tell me")
        cut = await scene.telegram.until(line_with(scene, "Go on"))
        assert cut["text"].startswith(START) and len(cut["text"]) > len(START), "it says that it was cut"
        assert len(scene.generator.requests) == 1

        async def rest(_request: Request) -> AsyncIterator[str]:
            yield " and the last ones."

        scene.generator.script = rest
        await scene.telegram.press(cut, "Go on")
        whole = await scene.telegram.reads_answer(f"{START} and the last ones.")
        assert whole["text"] == f"{START} and the last ones."
        assert whole["message_id"] == cut["message_id"]
        assert not has_button(whole, "Go on")


async def test_an_answer_that_cannot_be_written_again_is_one_press_away(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("Hello")
        good = await scene.telegram.reads_answer("You said: Hello")
        scene.generator.script = refuses
        await scene.telegram.press(good, "↻")
        failed = await scene.telegram.until(line_with(scene, "Try again"))
        await scene.telegram.press(failed, "‹ 1/1")
        back = await scene.telegram.reads_answer("You said: Hello")
        assert back["message_id"] == good["message_id"]
        assert not has_button(back, "1/"), "a failure is no version"


async def test_a_failure_before_the_answer_is_no_version_of_it(scene: Scene) -> None:
    scene.generator.script = refuses
    async with scene.program():
        await scene.telegram.send("Hello")
        failed = await scene.telegram.until(line_with(scene, "Try again"))
        scene.generator.script = echo
        await scene.telegram.press(failed, "Try again")
        answer = await scene.telegram.reads_answer("You said: Hello")
        assert not has_button(answer, "/")


async def test_the_next_question_still_makes_sense_after_a_failed_one(scene: Scene) -> None:
    scene.generator.script = refuses
    async with scene.program():
        await scene.telegram.send("My name is Anna.")
        await scene.telegram.until(line_with(scene, "Try again"))
        scene.generator.script = echo
        await scene.telegram.send("Who am I?")
        await scene.telegram.reads_answer("Who am I?")
    messages = scene.generator.requests[-1].messages
    assert [message["role"] for message in messages] == ["user"], "two questions in a row are one"
    assert "My name is Anna." in messages[0]["content"] and "Who am I?" in messages[0]["content"]


async def test_a_failure_does_not_keep_the_next_question_waiting_for_ever(scene: Scene) -> None:
    async def script(request: Request) -> AsyncIterator[str]:
        if "bad" in request.question.splitlines()[-1]:
            raise Refusal(400, "Bad Request")
        yield "fine"

    scene.generator.script = script
    async with scene.program():
        for question in ("bad one", "good one"):
            await scene.telegram.send(question)
        await scene.telegram.until(
            lambda: scene.telegram.texts()[-1:] == ["fine"] and not is_being_written(scene.telegram.said()[-1])
        )
        assert len(scene.telegram.said()) == 2
        assert scene.telegram.chats[ANNA]
