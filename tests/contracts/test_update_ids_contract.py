"""Updates act once, whatever their ids were used for before: the same on every database."""

from __future__ import annotations

import pytest

from bot.storage.database import Database
from tests.harness.databases import FakeTime

DAY = 86_400.0


@pytest.mark.parametrize("age", [0.0, 60.0, DAY, 3 * DAY])
async def test_an_update_that_comes_again_is_known(database: Database, unix_time: FakeTime, age: float) -> None:
    assert await database.first_time(1, 5)
    unix_time.now += age
    assert not await database.first_time(1, 5)
    assert await database.first_time(2, 5), "another bot"


async def test_an_id_that_was_used_long_ago_stands_for_a_new_update(database: Database, unix_time: FakeTime) -> None:
    """After a quiet week the ids begin anew anywhere, and nothing was pruned where nothing was done."""
    assert await database.first_time(1, 5)
    unix_time.now += 8 * DAY
    assert await database.first_time(1, 5)
    assert not await database.first_time(1, 5)
    unix_time.now += DAY
    assert not await database.first_time(1, 5)
