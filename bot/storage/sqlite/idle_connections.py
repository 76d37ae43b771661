"""Connections to SQLite that are kept between their uses.

To take one of SQLAlchemy's pool and to give it back costs more than what is done with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

MAX_KEPT = 2
"""Connections of an engine that wait for their next use, at the most: its only writer's, and one to read with."""


class IdleConnections:
    """Lends connections of one engine; writers take turns before they ask.

    One of them that failed is given back to the engine's pool, and whoever comes next gets another one.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kept: list[AsyncConnection] = []

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[AsyncConnection]:
        """Use one inside; what is not committed at the end is rolled back."""
        async with AsyncExitStack() as failing:
            if self._kept:
                connection = self._kept.pop()
                failing.push_async_exit(connection)
            else:
                connection = await failing.enter_async_context(self._engine.connect())
            yield connection
            if connection.in_transaction():  # SQLAlchemy's own notion of one, which costs no trip
                await connection.rollback()
            if len(self._kept) < MAX_KEPT:
                failing.pop_all()
                self._kept.append(connection)

    async def close(self) -> None:
        """Give the connections back that wait."""
        while self._kept:
            await self._kept.pop().close()
