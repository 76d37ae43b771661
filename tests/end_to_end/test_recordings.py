"""Recordings, from the person who speaks to the model that answers; and the end of the program on the way."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.attachments.samples import docx, docx_paragraph
from tests.end_to_end.stored import eventually
from tests.harness.program_process import Program
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, BORIS

WORDS = "What is a quark?"


@asynccontextmanager
async def transcription(*, stalls: int = 0) -> AsyncIterator[tuple[str, list[None]]]:
    """An endpoint that hears what stands in the file, or never answers the first times; and its requests."""
    asked: list[None] = []
    end = asyncio.Event()

    async def hear(request: web.Request) -> web.Response:
        form = await request.post()
        asked.append(None)
        if len(asked) <= stalls:
            await end.wait()
        recording = form["file"]
        assert isinstance(recording, web.FileField)
        with recording.file as sent:
            return web.json_response({"text": sent.read().decode()})

    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", hear)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        end.set()
        await runner.cleanup()


async def send(scene: Scene, kind: str, content: bytes, name: str = "words.mp3", **more: Any) -> None:
    file = {"as": kind, "file_name": name, "content_base64": base64.b64encode(content).decode()}
    await scene.telegram.post(f"people/{ANNA}/send", chat_id=ANNA, document=file, **more)


async def speak(scene: Scene) -> None:
    await send(scene, "audio", WORDS.encode())


async def test_a_recording_is_shown_as_it_was_heard_and_answered(scene: Scene) -> None:
    async with transcription() as (url, _), scene.program(TRANSCRIPTION_URL=url):
        await speak(scene)
        await scene.telegram.reads_answer(f"You said: {WORDS}")
    heard, _ = scene.telegram.said()
    assert heard["text"] == f"🎙 I heard:\n{WORDS}"
    assert [entity["type"] for entity in heard["entities"]] == ["expandable_blockquote"]


@pytest.mark.parametrize(("who", "title"), [(ANNA, "🎙 I heard:"), (BORIS, "🎙 Я услышал:")])
async def test_a_reply_to_what_was_heard_is_answered_in_the_same_messages(scene: Scene, who: int, title: str) -> None:
    async with transcription() as (url, _), scene.program(TRANSCRIPTION_URL=url):
        file = {"as": "audio", "file_name": "a.mp3", "content_base64": base64.b64encode(WORDS.encode()).decode()}
        await scene.telegram.post(f"people/{who}/send", chat_id=who, document=file)
        await scene.telegram.until(lambda: len(scene.telegram.said(who)) == 2)
        heard, answer = scene.telegram.said(who)
        await scene.telegram.until(lambda: "↻" in str(scene.telegram.chats[who][answer["message_id"]]))
        await scene.telegram.send("What is a quart?", by=who, reply_to=heard["message_id"])
        await scene.telegram.until(
            lambda: scene.telegram.chats[who][answer["message_id"]]["text"] == "You said: What is a quart?"
        )
        await scene.telegram.until(
            lambda: scene.telegram.chats[who][heard["message_id"]]["text"] == f"{title}\nWhat is a quart?"
        )
    assert len(scene.telegram.said(who)) == 2
    assert [message["content"] for message in scene.generator.requests[-1].messages] == ["What is a quart?"]


async def test_while_a_recording_is_heard_the_bot_types_and_answers_others(scene: Scene) -> None:
    async with transcription(stalls=1) as (url, asked), scene.program(TRANSCRIPTION_URL=url) as program:
        await speak(scene)
        await eventually(_true_when(lambda: bool(asked)))
        await scene.telegram.send("/help")
        await scene.telegram.reads("Every message here is a question")
        await eventually(_called(scene, "sendChatAction"))
        await program.kill()


async def test_the_words_beside_a_recording_that_nobody_can_hear_are_answered(scene: Scene) -> None:
    async with scene.program(TRANSCRIPTION_URL="http://127.0.0.1:9"):
        await send(scene, "audio", b"x", caption="And what is a lepton?")
        await scene.telegram.reads_answer("You said: And what is a lepton?")
        await scene.telegram.reads("I can't listen to recordings just now.")
    assert len(scene.telegram.said()) == 2


async def test_a_recording_that_nobody_can_hear_costs_one_line(scene: Scene) -> None:
    async with scene.program(TRANSCRIPTION_URL="http://127.0.0.1:9"):
        await speak(scene)
        await scene.telegram.reads("I can't listen to recordings just now.")
        await scene.telegram.send(WORDS)
        await scene.telegram.reads_answer(f"You said: {WORDS}")
    assert len(scene.telegram.said()) == 2


@pytest.mark.parametrize("moment", ["download", "transcription"])
async def test_killed_while_a_recording_is_on_its_way_it_is_answered_once(scene: Scene, moment: str) -> None:
    async with transcription(stalls=1 if moment == "transcription" else 0) as (url, asked):
        if moment == "download":
            await scene.telegram.fault(kind="stall", method="getFile")
        async with scene.program(TRANSCRIPTION_URL=url) as program:
            await speak(scene)
            await eventually(
                _true_when(lambda: bool(asked)) if moment == "transcription" else _called(scene, "getFile")
            )
            await program.kill()
        assert scene.generator.requests == []
        async with scene.program(TRANSCRIPTION_URL=url):
            await scene.telegram.reads_answer(f"You said: {WORDS}")
            await scene.telegram.send("And then?")
            await scene.telegram.reads_answer("You said: And then?")
    assert len(scene.generator.requests) == 2
    assert [message["text"].partition("\n")[0] for message in scene.telegram.said()] == [
        "🎙 I heard:",
        f"You said: {WORDS}",
        "You said: And then?",
    ]


async def test_killed_while_a_document_is_converted_it_is_answered_once(scene: Scene) -> None:
    letter = docx(docx_paragraph("Quarks") + docx_paragraph("") * 400_000)
    async with scene.program() as program:
        await send(scene, "document", letter, "letter.docx", caption="What is it about?")
        await eventually(_true_when(lambda: _converts(program)))
        await program.kill()
    assert scene.generator.requests == []
    async with scene.program():
        request = await scene.generator.asked()
        await scene.telegram.until(lambda: scene.telegram.said())
        await scene.telegram.send("And then?")
        await scene.telegram.reads_answer("You said: And then?")
    assert "Quarks" in request.question
    assert len(scene.generator.requests) == len(scene.telegram.said()) == 2


def _true_when(condition: Callable[[], bool]) -> Callable[[], Any]:
    async def check() -> bool:
        return condition()

    return check


def _called(scene: Scene, method: str) -> Callable[[], Any]:
    async def check() -> bool:
        return any(call["method"] == method for call in await scene.telegram.calls())

    return check


def _converts(program: Program) -> bool:
    """Tell whether a child of the program reads a file."""
    tasks = Path(f"/proc/{program.process.pid}/task")
    children = [child for task in tasks.iterdir() for child in _read(task / "children").split()]
    return any(b"bot.attachments.child" in _read(Path(f"/proc/{int(child)}/cmdline")) for child in children)


def _read(file: Path) -> bytes:
    """What a file of /proc says; nothing of a task that has just ended."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
