"""What the scenes of single troubles start from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.generator import running_generator
from tests.end_to_end.nursery import Nursery, running_nursery
from tests.end_to_end.scene import Scene, running_telegram


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with running_nursery() as nursery:
        yield nursery


@pytest.fixture
async def scene(tmp_path: Path, nursery: Nursery) -> AsyncIterator[Scene]:
    async with running_telegram() as telegram, running_generator() as generator:
        yield Scene(tmp_path, telegram, generator, nursery)
