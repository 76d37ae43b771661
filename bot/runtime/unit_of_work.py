"""The unit of work of an update: its effects are stored together and once, and only then does anybody hear of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

Hook = Callable[[], None]


class AlreadyHandled(Exception):
    """The update was acted upon before: it came again, and nothing of it is stored a second time."""


class CommitHooks(Protocol):
    """Anything that calls back once everything is stored."""

    def after_commit(self, do: Hook) -> None:
        """Call `do` after the commit, at once where nothing is to be stored, never after a rollback."""
        ...


class UnitOfWork(CommitHooks, Protocol):
    """The transactions that use cases open."""

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Store everything inside, or nothing of it. Raises AlreadyHandled, StorageUnavailable."""
        ...


class TransactionalStore(CommitHooks, Protocol):
    """A store with transactions that remembers update ids."""

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """Store everything inside, or nothing of it; one inside another joins it."""
        ...

    async def first_time(self, bot: int, update_id: int) -> bool:
        """Remember an update in the transaction that is open. False: it was remembered before."""
        ...


@dataclass(slots=True)
class _Update:
    id: int
    remembered: bool = False
    hooks: list[Hook] = field(default_factory=list)


class UpdateUnitOfWork:
    """Remembers the update at hand in the first transaction that a use case opens for it."""

    def __init__(self, store: TransactionalStore, *, bot: int) -> None:
        self._store = store
        self._bot = bot
        self._current: ContextVar[_Update | None] = ContextVar("update", default=None)

    @asynccontextmanager
    async def handling(self, update_id: int) -> AsyncIterator[None]:
        """Handle one update inside; whoever opened no transaction is remembered in one of its own at the end.

        Raises AlreadyHandled, StorageUnavailable.
        """
        update = _Update(update_id)
        token = self._current.set(update)
        try:
            yield
            if not update.remembered:
                async with self.transaction():
                    pass
        finally:
            self._current.reset(token)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Open a transaction, or join the one that is open. Raises AlreadyHandled, StorageUnavailable."""
        update = self._current.get()
        if update is None or update.remembered:
            async with self._store.transaction():
                yield
            return
        update.remembered = True
        try:
            async with self._store.transaction():
                await self._remember(update)
                yield
        except BaseException:
            update.remembered = False
            raise

    def after_commit(self, do: Hook) -> None:
        """Call `do` once the update is remembered together with everything that it changes."""
        update = self._current.get()
        if update is None or update.remembered:
            self._store.after_commit(do)
        else:
            update.hooks.append(do)

    async def _remember(self, update: _Update) -> None:
        if not await self._store.first_time(self._bot, update.id):
            raise AlreadyHandled
        for hook in update.hooks:
            self._store.after_commit(hook)
