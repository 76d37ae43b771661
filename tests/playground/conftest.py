"""One playground a scene."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.playground.local_telegram import LocalTelegram, local_telegram


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with local_telegram() as running:
        yield running
