"""Hostile files: each costs one problem, in bounded time and memory, and nothing else."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import pytest

from bot.attachments import child_process
from bot.attachments.limits import ReadLimits
from bot.attachments.problems import AttachmentProblem
from bot.attachments.service import AttachmentService, default_readers
from tests.attachments.hostile import HARMLESS, HOSTILE
from tests.attachments.samples import fetched, file

LIMITS = ReadLimits()


@dataclass
class Measured:
    """Processor seconds and peak memory of the children."""

    cpu: float = 0.0


def cpu_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


@pytest.fixture
def bounded() -> object:
    """Nothing of a test takes more than the limits allow."""
    before, began = cpu_of_children(), time.monotonic()
    yield
    assert cpu_of_children() - before <= LIMITS.cpu_seconds + 1
    assert time.monotonic() - began <= LIMITS.wall_seconds + 60


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
