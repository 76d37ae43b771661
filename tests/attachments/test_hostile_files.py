"""Hostile files: each costs one problem, in bounded time and memory, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bot.attachments.attachment import FileContent
from bot.attachments.child_process import ChildProcesses
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import PicturePart, TextPart
from bot.attachments.problems import AttachmentProblem, AttachmentTooComplex
from bot.attachments.service import AttachmentService, default_readers
from tests.attachments.hostile import HARMLESS, HOSTILE
from tests.attachments.samples import fetched, file

LIMITS = ReadLimits()


def cpu_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


@pytest.fixture
def bounded() -> Iterator[None]:
    """Nothing of a test takes more than the limits allow."""
    before, began = cpu_of_children(), time.monotonic()
    yield
    assert cpu_of_children() - before <= LIMITS.cpu_seconds + 1
    assert time.monotonic() - began <= LIMITS.wall_seconds + 40  # the file is made in that time, too


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_file_ends_in_one_problem(what: str) -> None:
    name, make = HOSTILE[what]
    service = AttachmentService(default_readers(None), LIMITS)
    content = make()
    assert len(content) <= LIMITS.file_bytes
    with pytest.raises(AttachmentProblem) as caught:
        await service.read(file(name), fetched(content))
    assert caught.value.details["name"] == name


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("what", HARMLESS)
async def test_a_file_that_only_is_much_is_read_as_far_as_the_limits_go(what: str) -> None:
    name, make = HARMLESS[what]
    part = await AttachmentService(default_readers(None), LIMITS).read(file(name), fetched(make()))
    if isinstance(part, PicturePart):
        assert (part.width, part.height) == (8, 8)
    else:
        assert isinstance(part, TextPart) and 5 <= len(part.text) <= LIMITS.characters
        assert part.total >= 1 and part.kept <= part.total


async def test_the_memory_of_a_child_ends_where_it_should() -> None:
    limits = ReadLimits(memory_bytes=40 * 1024 * 1024)
    with pytest.raises(AttachmentTooComplex):
        await ChildProcesses().run("plain_text", FileContent(b"x" * 20_000_000), limits)


async def test_the_processor_time_of_a_child_ends_where_it_should() -> None:
    limits = ReadLimits(cpu_seconds=1, wall_seconds=60)
    before = cpu_of_children()
    with pytest.raises(AttachmentTooComplex):
        await ChildProcesses().run("web_page", FileContent(b"<div>" * 4_000_000), limits)
    assert cpu_of_children() - before < 2


async def test_what_some_versions_of_a_parser_are_slow_at_ends_in_time() -> None:
    limits = ReadLimits(cpu_seconds=2)
    before = cpu_of_children()
    with suppress(AttachmentTooComplex):
        await ChildProcesses().run("web_page", FileContent(b"words<!--" * 500_000), limits)
    assert cpu_of_children() - before < 3


async def test_after_hostile_files_the_next_one_is_read() -> None:
    service = AttachmentService(default_readers(None), LIMITS)
    for what in ("far cells", "pdf bomb", "elements in elements"):
        name, make = HOSTILE[what]
        with pytest.raises(AttachmentProblem):
            await service.read(file(name), fetched(make()))
    part = await service.read(file("b.txt"), fetched(b"words"))
    assert isinstance(part, TextPart) and part.text == "words"


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 30
