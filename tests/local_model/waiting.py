"""Waiting for what no event tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LIMIT = 90
"""Seconds that anything may take on a busy machine."""


async def until(condition: Callable[[], bool]) -> None:
    """Look again and again until it is so."""
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110  # threads and other processes set no event of this loop
            await asyncio.sleep(0.01)
