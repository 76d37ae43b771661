"""What people do while a file of their question is still being read: it ends at once, and nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.end_to_end.stored import eventually
from tests.end_to_end.test_recordings import send, transcription
from tests.harness.program_process import Program
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA

WORDS = "What is a quark?"


@asynccontextmanager
async def hearing(scene: Scene, **caption: str) -> AsyncIterator[Program]:
    """A program that has been given a recording, which it is still listening to."""
    async with transcription(stalls=1) as (url, asked), scene.program(TRANSCRIPTION_URL=url) as program:
        await send(scene, "audio", WORDS.encode(), **caption)
        await eventually(lambda: bool(asked))
        yield program


async def test_stop_ends_it_at_once_and_the_words_beside_it_are_kept(scene: Scene) -> None:
    async with hearing(scene, caption="And what is a lepton?"):
        await scene.telegram.send("/stop")
        await scene.telegram.reads("Stopped.")
        await scene.telegram.send("Well?")
        await scene.telegram.until(lambda: scene.generator.requests)
        await scene.telegram.until(lambda: len(scene.telegram.said()) == 2)
    (request,) = scene.generator.requests
    assert request.messages[-1]["content"] == "[not read: words.mp3]\n\nAnd what is a lepton?\n\nWell?"


async def test_stop_ends_a_download_at_once(scene: Scene) -> None:
    async def fetching() -> bool:
        return any(call["method"] == "getFile" for call in await scene.telegram.calls())

    await scene.telegram.fault(kind="stall", method="getFile")
    async with scene.program():
        await send(scene, "document", b"Quarks", "notes.txt", caption="Why?")
        await eventually(fetching)
        await scene.telegram.send("/stop")
        await scene.telegram.press(await scene.telegram.reads("Stopped."), "↻")
        request = await scene.generator.asked()
    assert request.question == "Document notes.txt:\n```\nQuarks\n```\n\nWhy?"
    assert len(scene.generator.requests) == 1


async def test_what_was_stopped_can_be_asked_again_and_is_read_then(scene: Scene) -> None:
    async with hearing(scene):
        await scene.telegram.send("/stop")
        await scene.telegram.press(await scene.telegram.reads("Stopped."), "↻")
        await scene.telegram.reads_answer(f"You said: {WORDS}")
    assert [message["text"] for message in scene.telegram.said()] == [f"You said: {WORDS}", f"🎙 I heard:\n{WORDS}"]


async def test_undo_takes_it_back_and_says_nothing_else(scene: Scene) -> None:
    async with hearing(scene):
        await scene.telegram.send("/undo")
        await scene.telegram.reads("I have removed the last question and its answer.")
        await scene.telegram.send("Well?")
        await scene.telegram.reads_answer("You said: Well?")
    assert len(scene.telegram.said()) == 2
    assert [message["content"] for message in scene.generator.requests[0].messages] == ["Well?"]


async def test_new_ends_it_and_it_is_no_part_of_the_new_conversation(scene: Scene) -> None:
    async with hearing(scene, caption="And what is a lepton?"):
        await scene.telegram.send("/new")
        await scene.telegram.reads("The answer that was being written is stopped.")
        await scene.telegram.send("Well?")
        await scene.telegram.reads_answer("You said: Well?")
    assert [message["content"] for message in scene.generator.requests[0].messages] == ["Well?"]


async def test_an_edited_caption_begins_anew(scene: Scene) -> None:
    async with hearing(scene, caption="Translate it"):
        sent = next(message for message in scene.telegram.chats[ANNA].values() if "audio" in message)
        await scene.telegram.post(
            f"people/{ANNA}/edit", chat_id=ANNA, message_id=sent["message_id"], text="Summarise it"
        )
        request = await scene.generator.asked()
    assert request.question.endswith(f"```\n{WORDS}\n```\n\nSummarise it")
    assert len(scene.generator.requests) == 1


async def test_forget_ends_it_and_nothing_is_answered(scene: Scene) -> None:
    async with hearing(scene):
        await scene.telegram.send("/forget")
        await scene.telegram.press(await scene.telegram.reads("Erase"), "Erase")
        await scene.telegram.until(lambda: not any("Erase" in one["text"] for one in scene.telegram.said()))
        await scene.telegram.send("Well?")
        await scene.telegram.reads_answer("You said: Well?")
    assert len(scene.generator.requests) == 1
