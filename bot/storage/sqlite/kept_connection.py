"""The connection of SQLite's only writer, kept between its transactions.

To take one of SQLAlchemy's pool and to give it back costs more than the transaction's own statements.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.engine import driver_of


class KeptConnection:
    """Lends one connection of an engine to one transaction after another; whoever borrows waits for their turn before.

    After a failure it is given back, and the next transaction gets another one.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kept: AsyncConnection | None = None

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[AsyncConnection]:
        """Begin to write inside, and roll back what is not committed at its end."""
        async with AsyncExitStack() as failing:
            connection, self._kept = self._kept, None
            if connection is None:
                connection = await failing.enter_async_context(self._engine.connect())
            else:
                failing.push_async_exit(connection)
            await driver_of(connection).begin()
            yield connection
            if connection.in_transaction():  # SQLAlchemy's own notion of one, which costs no trip
                await connection.rollback()
            failing.pop_all()
            self._kept = connection

    async def close(self) -> None:
        """Give the connection back."""
        connection, self._kept = self._kept, None
        if connection is not None:
            await connection.close()
