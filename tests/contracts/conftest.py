from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.storage.database import Database
from tests.harness.turn_bench import Bench


@pytest.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    """One process with its turns, on each of the databases."""
    bench = Bench(database)
    await bench.turns.start()
    yield bench
    bench.last_edit.set()
    await bench.turns.close(0)
    await bench.tasks.close()
