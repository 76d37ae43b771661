"""A real recogniser behind an endpoint of the tests hears what a speech synthesiser says."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.attachments.attachment import Attachment, AttachmentKind
from bot.attachments.parts import TranscriptPart
from bot.attachments.service import AttachmentService, default_readers
from bot.attachments.transcription import TranscriptionClient, TranscriptionEndpoint
from tests.attachments.samples import fetched
from tests.harness.bot_scene import ANNA, open_harness

pocketsphinx = pytest.importorskip("pocketsphinx", reason="needs pocketsphinx: install requirements/dev.txt")
pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs a voice: apt-get install espeak-ng")

RATE = 16_000
"""Samples a second that the recogniser's model was made for."""
COMMANDS = "#JSGF V1.0; grammar c; public <c> = (open | close | paint) the (red | blue | green) (door | window);"


def spoken(text: str, folder: Path) -> bytes:
    file = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "140", "-w", file, text], check=True)
    return file.read_bytes()


def recognised(recording: bytes) -> str:
    """The words in a WAV file; it is brought to the recogniser's rate by picking samples between its own."""
    with wave.open(io.BytesIO(recording)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate, samples = file.getframerate(), memoryview(file.readframes(file.getnframes())).cast("h")
    count = len(samples) * RATE // rate
    positions = (i * rate / RATE for i in range(count - 2))
    resampled = bytearray()
    for position in positions:
        index, part = int(position), position % 1
        value = round(samples[index] * (1 - part) + samples[index + 1] * part)
        resampled += value.to_bytes(2, "little", signed=True)
    decoder = pocketsphinx.Decoder(samprate=RATE, loglevel="FATAL", lm=None)
    decoder.add_jsgf_string("commands", COMMANDS)
    decoder.activate_search("commands")
    decoder.start_utt()
    decoder.process_raw(bytes(resampled), full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr if hypothesis is not None else ""


async def transcribe(request: web.Request) -> web.Response:
    form = await request.post()
    recording = form["file"]
    assert isinstance(recording, web.FileField)
    return web.json_response({"text": await asyncio.to_thread(recognised, recording.file.read())})


@pytest.fixture
async def recogniser() -> AsyncIterator[str]:
    app = web.Application(client_max_size=20 * 1024 * 1024)
    app.router.add_post("/v1/audio/transcriptions", transcribe)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/v1"))
    await server.close()


@pytest.mark.parametrize("words", ["open the red door", "paint the blue window", "close the green door"])
async def test_what_is_said_is_heard(recogniser: str, words: str, tmp_path: Path) -> None:
    service = AttachmentService(default_readers(TranscriptionClient(TranscriptionEndpoint(recogniser))))
    recording = await asyncio.to_thread(spoken, words, tmp_path)
    part = await service.read(
        Attachment(AttachmentKind.AUDIO, "id", f"unique-{words}", name="speech.wav"), fetched(recording)
    )
    assert isinstance(part, TranscriptPart)
    assert part.text == words


async def test_a_spoken_question_is_shown_folded_and_answered(recogniser: str, tmp_path: Path) -> None:
    async with open_harness(tmp_path, transcription_url=recogniser) as harness:
        harness.recording.files["f"] = await asyncio.to_thread(spoken, "open the red door", tmp_path)
        audio = {"file_id": "f", "file_unique_id": "f", "duration": 2, "file_name": "speech.wav"}
        await harness.message(ANNA, None, audio=audio)
        await harness.answered()
        assert harness.paths[0][-1].text == "open the red door"
        assert sorted(harness.said) == ["Answer to open the red door", "🎙 I heard:\nopen the red door"]
