"""The way of an attachment: what is refused before it is fetched, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.attachments.attachment import Attachment, AttachmentKind
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import TextPart
from bot.attachments.problems import (
    AttachmentTooLarge,
    AttachmentUnsupported,
    RecordingTooLong,
    TranscriptionNotSetUp,
)
from bot.attachments.service import AttachmentService, default_readers
from bot.attachments.transcription import TranscriptionClient, TranscriptionEndpoint
from tests.attachments.samples import fetched, file


class CountedFetch:
    def __init__(self, content: bytes | Path) -> None:
        self.content = content
        self.limits: list[int] = []

    async def __call__(self, limit: int) -> bytes | Path:
        self.limits.append(limit)
        return self.content


async def test_the_same_file_again_is_neither_fetched_nor_read(service: AttachmentService) -> None:
    fetch = CountedFetch(b"words")
    first = await service.read(file("a.txt"), fetch)
    again = Attachment(AttachmentKind.DOCUMENT, "another id", "unique-a.txt", name="b.txt")
    second = await service.read(again, fetch)
    assert fetch.limits == [ReadLimits().file_bytes]
    assert isinstance(first, TextPart) and isinstance(second, TextPart)
    assert (second.text, second.name) == (first.text, "b.txt")


async def test_what_is_remembered_has_a_bound() -> None:
    service = AttachmentService(default_readers(None), cache_bytes=1000)
    for name in ("a", "b", "c"):
        await service.read(file(name), fetched(name.encode() * 300))  # 600 bytes each in memory
    newest, oldest, large = CountedFetch(b"c"), CountedFetch(b"a"), CountedFetch(b"x" * 2000)
    await service.read(file("c"), newest)
    await service.read(file("a"), oldest)
    assert (len(newest.limits), len(oldest.limits)) == (0, 1)
    for _ in range(2):  # what is larger than the whole bound is not kept, and throws nothing out
        await service.read(file("large"), large)
    await service.read(file("a"), oldest)
    assert (len(large.limits), len(oldest.limits)) == (2, 1)


async def test_a_failure_is_not_remembered(service: AttachmentService) -> None:
    with pytest.raises(AttachmentUnsupported):
        await service.read(file("a"), fetched(b"\x00\x01\x02"))
    assert isinstance(await service.read(file("a"), fetched(b"text")), TextPart)


async def test_a_file_on_this_machine_is_read_where_it_is(service: AttachmentService, tmp_path: Path) -> None:
    path = tmp_path / "file_0.txt"
    path.write_text("words", encoding="utf-8")
    part = await service.read(file("a.txt"), fetched(path))
    assert isinstance(part, TextPart) and part.text == "words"


def test_a_large_file_is_refused_before_it_is_fetched(service: AttachmentService) -> None:
    large = Attachment(AttachmentKind.DOCUMENT, "id", "unique", name="a.pdf", size=21 * 1024 * 1024)
    with pytest.raises(AttachmentTooLarge) as caught:
        service.check(large)
    assert caught.value.details == {"name": "a.pdf", "megabytes": 20}


async def test_a_file_that_is_larger_than_it_said_is_refused_all_the_same() -> None:
    service = AttachmentService(default_readers(None), ReadLimits(file_bytes=100))
    with pytest.raises(AttachmentTooLarge):
        await service.read(file("a.txt"), fetched(b"x" * 101))


@pytest.mark.parametrize("kind", [AttachmentKind.VOICE, AttachmentKind.AUDIO, AttachmentKind.VIDEO_NOTE])
def test_without_an_endpoint_recordings_are_refused_before_they_are_fetched(
    service: AttachmentService, kind: AttachmentKind
) -> None:
    with pytest.raises(TranscriptionNotSetUp):
        service.check(Attachment(kind, "id", "unique"))


def test_a_long_recording_is_refused_before_it_is_fetched() -> None:
    client = TranscriptionClient(TranscriptionEndpoint("http://127.0.0.1:1"))
    service = AttachmentService(default_readers(client))
    service.check(Attachment(AttachmentKind.VOICE, "id", "unique", duration=900))
    with pytest.raises(RecordingTooLong) as caught:
        service.check(Attachment(AttachmentKind.VOICE, "id", "unique", duration=901))
    assert caught.value.details == {"name": "voice", "minutes": 15}


@pytest.mark.parametrize("kind", [AttachmentKind.VIDEO])
def test_a_kind_that_nothing_reads_is_told_as_such(service: AttachmentService, kind: AttachmentKind) -> None:
    with pytest.raises(AttachmentUnsupported):
        service.check(Attachment(kind, "id", "unique", name="film.mp4"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb\u202ec\x00.txt", "a b c .txt"),
        ("", "document"),
        ("x" * 300 + ".txt", f"{'x' * 40}…{'x' * 35}.txt"),
    ],
)
def test_a_name_is_shown_in_one_short_line(name: str, shown: str) -> None:
    assert file(name).shown_name == shown
