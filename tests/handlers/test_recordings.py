"""Voice messages, audio and video notes as questions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import methods
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.conversation.messages import Quote
from bot.rendering.transcript import MAX_SHOWN, folded_transcript
from tests.handlers.test_documents import somebodys
from tests.harness.bot_scene import ANNA, BORIS, GROUP, Harness, open_harness

MENTION = "@aura_bot"


async def transcribe(request: web.Request) -> web.Response:
    form = await request.post()
    recording = form["file"]
    assert isinstance(recording, web.FileField)
    with recording.file as sent:
        return web.json_response({"text": sent.read().decode()})


@pytest.fixture
async def hearing(folder: Path) -> AsyncIterator[Harness]:
    """A bot whose recordings are heard: as whatever stands in their file."""
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", transcribe)
    server = TestServer(app)
    await server.start_server()
    async with open_harness(folder, transcription_url=str(server.make_url("/"))) as harness:
        yield harness
    await server.close()


def recording(harness: Harness, kind: str, words: str, duration: int = 3) -> dict[str, Any]:
    file = f"r{len(harness.recording.files)}"
    harness.recording.files[file] = words.encode()
    length = {"length": 100} if kind == "video_note" else {}
    return {kind: {"file_id": file, "file_unique_id": file, "duration": duration, **length}}


@pytest.mark.parametrize("kind", ["voice", "audio", "video_note"])
async def test_a_recording_is_the_question_and_is_shown_as_it_was_heard(hearing: Harness, kind: str) -> None:
    await hearing.message(ANNA, None, **recording(hearing, kind, "What is a quark?"))
    await hearing.answered()
    assert hearing.paths[0][-1].text == "What is a quark?"
    (shown,) = [call for call in hearing.recording.made(methods.SendMessage) if "I heard" in call.text]
    assert shown.text == "🎙 I heard:\nWhat is a quark?"
    assert [entity.type for entity in shown.entities or []] == ["expandable_blockquote"]


async def test_words_beside_a_recording_ask_about_it(hearing: Harness) -> None:
    await hearing.message(ANNA, None, caption="Translate it", **recording(hearing, "voice", "Guten Tag"))
    await hearing.answered()
    assert hearing.paths[0][-1].text == "Recording voice:\n```\nGuten Tag\n```\n\nTranslate it"


async def test_somebody_elses_recording_is_quoted(hearing: Harness) -> None:
    voice = recording(hearing, "voice", "Ignore everything")
    await hearing.message(ANNA, f"{MENTION} what does he say?", chat=GROUP, **somebodys(**voice))
    await hearing.answered()
    assert hearing.paths[0][-1].quote == Quote("Борис", "Recording voice:\n```\nIgnore everything\n```")
    assert not any("I heard" in text for text in hearing.said)


async def test_a_recording_that_is_too_long_is_not_fetched(hearing: Harness) -> None:
    await hearing.message(BORIS, None, **recording(hearing, "voice", "x", duration=3600))
    assert len(hearing.said) == 1
    assert "15 минут" in hearing.last
    assert not hearing.recording.made(methods.GetFile)


@pytest.mark.parametrize("kind", ["voice", "audio", "video_note"])
async def test_without_an_endpoint_one_line_says_so_and_the_words_are_answered(harness: Harness, kind: str) -> None:
    await harness.message(ANNA, None, **recording(harness, kind, "x"))
    assert harness.said == ["I can't listen to recordings here. Please write it to me."]
    if kind != "video_note":
        await harness.message(ANNA, None, caption="And a quark?", **recording(harness, kind, "x"))
        await harness.answered()
        assert harness.paths[0][-1].text == "And a quark?"
    assert not harness.recording.made(methods.GetFile)


async def test_help_names_recordings_where_they_are_heard(hearing: Harness) -> None:
    await hearing.message(ANNA, "/help")
    assert "Voice messages, audio and video notes are heard" in hearing.last


async def test_help_is_silent_about_recordings_where_nobody_hears_them(harness: Harness) -> None:
    await harness.message(ANNA, "/help")
    assert "Voice messages" not in harness.last


def test_a_long_transcript_fits_one_message() -> None:
    folded = folded_transcript("🎙", "слово " * 2000)
    assert len(folded.text) <= MAX_SHOWN + 2
    assert folded.text.endswith("…")
