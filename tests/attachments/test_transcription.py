"""Recordings through a transcription endpoint that the tests play."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.attachments.attachment import Attachment, AttachmentKind
from bot.attachments.parts import TranscriptPart
from bot.attachments.problems import (
    AttachmentProblem,
    AttachmentTooLarge,
    RecordingSilent,
    TranscriptionRefused,
    TranscriptionUnavailable,
)
from bot.attachments.service import AttachmentService, default_readers
from bot.attachments.transcription import MAX_TRANSCRIPT_BYTES, TranscriptionClient, TranscriptionEndpoint
from tests.attachments.samples import fetched
from tests.harness.local_proxy import closed_port

KEY = "sk-secret-key"


@dataclass
class PlayedEndpoint:
    """Notes what it is sent, and answers what the test says."""

    url: str = ""
    status: int = 200
    body: bytes = b'{"text": " Hello there. "}'
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    fields: dict[str, bytes] = field(default_factory=dict)
    filename: str | None = None
    path: str = ""

    async def transcribe(self, request: web.Request) -> web.Response:
        self.path = request.path
        self.headers = dict(request.headers)
        form = await request.post()
        for name, value in form.items():
            if isinstance(value, web.FileField):
                with value.file as sent:
                    self.fields[name], self.filename = sent.read(), value.filename
            else:
                self.fields[name] = str(value).encode()
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status, body=self.body, content_type="application/json")


@pytest.fixture
async def endpoint() -> AsyncIterator[PlayedEndpoint]:
    played = PlayedEndpoint()
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", played.transcribe)
    server = TestServer(app)
    await server.start_server()
    played.url = str(server.make_url("/"))
    yield played
    await server.close()


def service_for(endpoint: PlayedEndpoint, timeout: float = 10.0) -> AttachmentService:
    where = TranscriptionEndpoint(endpoint.url, model="whisper-1", key=SecretStr(KEY), timeout=timeout)
    return AttachmentService(default_readers(TranscriptionClient(where)))


async def hear(
    service: AttachmentService, kind: AttachmentKind = AttachmentKind.VOICE, name: str = ""
) -> TranscriptPart:
    part = await service.read(Attachment(kind, "id", "unique", name=name, duration=3), fetched(b"OggS sound"))
    assert isinstance(part, TranscriptPart)
    return part


async def test_a_recording_becomes_what_is_said_in_it(endpoint: PlayedEndpoint) -> None:
    part = await hear(service_for(endpoint))
    assert (part.text, part.duration, part.name) == ("Hello there.", 3, "voice")
    assert endpoint.path == "/v1/audio/transcriptions"
    assert endpoint.fields == {"file": b"OggS sound", "model": b"whisper-1", "response_format": b"json"}
    assert endpoint.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("kind", "name", "sent"),
    [
        (AttachmentKind.VOICE, "", "voice.ogg"),
        (AttachmentKind.VIDEO_NOTE, "", "video_note.mp4"),
        (AttachmentKind.AUDIO, "Личное.M4A", "audio.m4a"),
        (AttachmentKind.DOCUMENT, "speech.ogg", "audio.ogg"),
    ],
)
async def test_the_endpoint_learns_the_format_and_not_the_name(
    endpoint: PlayedEndpoint, kind: AttachmentKind, name: str, sent: str
) -> None:
    await hear(service_for(endpoint), kind, name)
    assert endpoint.filename == sent


@pytest.mark.parametrize("base", ["", "v1", "v1/", "v1/audio/transcriptions"])
async def test_the_address_may_be_given_in_any_usual_way(endpoint: PlayedEndpoint, base: str) -> None:
    endpoint.url += base
    assert (await hear(service_for(endpoint))).text == "Hello there."


async def test_without_a_key_none_is_sent(endpoint: PlayedEndpoint) -> None:
    client = TranscriptionClient(TranscriptionEndpoint(endpoint.url))
    assert await client.transcribe(b"x", filename="a.ogg") == " Hello there. "
    assert "Authorization" not in endpoint.headers


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b'{"text": "  "}', RecordingSilent),
        (200, b'{"error": {"message": "no"}}', TranscriptionUnavailable),
        (200, b"<html>", TranscriptionUnavailable),
        (200, b"[]", TranscriptionUnavailable),
        (200, b'{"text": 5}', TranscriptionUnavailable),
        (200, b'{"text": "' + b"x" * MAX_TRANSCRIPT_BYTES + b'"}', TranscriptionUnavailable),
        (302, b"", TranscriptionRefused),
        (400, b"", TranscriptionRefused),
        (401, b'{"error": "sk-secret-key is wrong"}', TranscriptionRefused),
        (404, b"", TranscriptionRefused),
        (413, b"", AttachmentTooLarge),
        (429, b"", TranscriptionUnavailable),
        (500, b"", TranscriptionUnavailable),
        (503, b"", TranscriptionUnavailable),
    ],
)
async def test_what_the_endpoint_answers_becomes_one_problem(
    endpoint: PlayedEndpoint,
    status: int,
    body: bytes,
    problem: type[AttachmentProblem],
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint.status, endpoint.body = status, body
    with pytest.raises(problem) as caught:
        await hear(service_for(endpoint))
    assert KEY not in caplog.text and KEY not in repr(caught.value) and KEY not in str(caught.value)


async def test_an_endpoint_that_takes_too_long_is_left(endpoint: PlayedEndpoint) -> None:
    endpoint.delay = 30
    with pytest.raises(TranscriptionUnavailable):
        await hear(service_for(endpoint, timeout=0.2))


async def test_an_endpoint_that_is_not_there_is_unavailable() -> None:
    with closed_port() as port, pytest.raises(TranscriptionUnavailable) as caught:
        await hear(service_for(PlayedEndpoint(url=f"http://127.0.0.1:{port}")))
    assert caught.value.retryable
