"""What the scenes of single troubles start from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.harness.preloaded_processes import Nursery, running_nursery
from tests.harness.scene import Scene, running_telegram
from tests.harness.scripted_generator import running_generator


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with running_nursery() as nursery:
        yield nursery


@pytest.fixture
async def scene(tmp_path: Path, nursery: Nursery) -> AsyncIterator[Scene]:
    async with running_telegram() as telegram, running_generator() as generator:
        yield Scene(tmp_path, telegram, generator, nursery)
