"""Small writes of many that go into one transaction, so that a crowd of them does not queue for the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StorageUnavailable
from bot.storage.database import Database

W = TypeVar("W")
R = TypeVar("R")


class GroupCommit(Generic[W, R]):
    """Whoever comes while another waits for SQLite's only writer goes along with it. PostgreSQL has many writers.

    None of these transactions waits for the disk.
    """

    def __init__(self, database: Database, write: Callable[[AsyncConnection, W], Awaitable[R]]) -> None:
        self._database = database
        self._write = write
        self._waiting: list[tuple[W, asyncio.Future[R]]] = []

    async def write(self, what: W) -> R:
        """Write it, and give what the writing gave. Raises StorageUnavailable."""
        if self._database.shared:
            async with self._database.transaction(durable=False) as connection:
                return await self._write(connection, what)
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((what, mine))
        if len(self._waiting) == 1:
            await self._write_all()
        return await mine

    async def _write_all(self) -> None:
        """Wait for the writer, and write for everybody who has come by then."""
        taken: list[tuple[W, asyncio.Future[R]]] = []
        given: list[R] = []
        try:
            async with self._database.transaction(durable=False) as connection:
                taken, self._waiting = self._waiting, []
                for what, _ in taken:
                    given.append(await self._write(connection, what))
        except BaseException as error:
            if not taken:
                taken, self._waiting = self._waiting, []
            reason = error if isinstance(error, StorageUnavailable) else StorageUnavailable("it was broken off")
            for _, future in taken:
                if not future.done():
                    future.set_exception(reason)
                    future.exception()  # seen, also where nobody waits for it any more
            if not isinstance(error, StorageUnavailable):
                raise
            return
        for (_, future), result in zip(taken, given, strict=True):
            if not future.done():
                future.set_result(result)
