"""The unit of work of an update: its effects are stored together and once, and only then does anybody hear of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

Hook = Callable[[], None]
Store = Callable[[], Awaitable[None]]


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


@dataclass(frozen=True, slots=True)
class _Words:
    """One message to a person: how to store it, and how to send it without that."""

    store: Store
    send: Hook


@dataclass(slots=True)
class _Work:
    """An update, or other work, while one task is at it."""

    update: int | None
    task: asyncio.Task[object] | None
    remembered: bool
    inside: bool = False
    """A use case is in its transaction."""
    held: AsyncExitStack | None = None
    """The transaction of the use case that was done last: still open for what is said about it."""
    hooks: list[Hook] = field(default_factory=list)
    words: list[_Words] = field(default_factory=list)


class UpdateUnitOfWork:
    """Remembers the update at hand in the first transaction that a use case opens for it.

    The transaction of a use case stays open until its handler has spoken: what is said about a change is stored with
    it. So nothing slow belongs behind a use case in a handler.
    """

    def __init__(self, store: TransactionalStore, *, bot: int) -> None:
        self._store = store
        self._bot = bot
        self._current: ContextVar[_Work | None] = ContextVar("work", default=None)

    @asynccontextmanager
    async def handling(self, update_id: int) -> AsyncIterator[None]:
        """Handle one update inside; whoever opened no transaction is remembered in one of its own at the end.

        Raises AlreadyHandled, StorageUnavailable.
        """
        async with self._at_work(_Work(update_id, asyncio.current_task(), remembered=False)):
            yield

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do work inside that no update waits for: what it says about a change is stored with the change.

        Raises StorageUnavailable.
        """
        async with self._at_work(_Work(None, asyncio.current_task(), remembered=True)):
            yield

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Open a transaction, or join the one that is open. Raises AlreadyHandled, StorageUnavailable."""
        work = self._mine()
        if work is None or work.inside:
            async with self._store.transaction():
                yield
            return
        await self._settle(work)  # an earlier use case of this handler stands for itself
        said, hooked = len(work.words), len(work.hooks)
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self._store.transaction())
                work.inside = True
                await self._remember(work)
                yield
                work.held = stack.pop_all()
        except BaseException:
            del work.words[said:], work.hooks[hooked:]
            raise
        finally:
            work.inside = False

    def after_commit(self, do: Hook) -> None:
        """Call `do` once the update is remembered together with everything that it changes."""
        work = self._mine()
        if work is None or (work.remembered and not work.inside and work.held is None):
            self._store.after_commit(do)
        else:
            work.hooks.append(do)

    def say(self, store: Store, send: Hook) -> None:
        """Say something: beside a change it is stored with that, otherwise sent once the update is remembered."""
        work = self._mine()
        if work is None:
            self._store.after_commit(send)
        else:
            work.words.append(_Words(store, send))

    def _mine(self) -> _Work | None:
        """The work at hand; a task that was started meanwhile is none of it."""
        work = self._current.get()
        return work if work is not None and work.task is asyncio.current_task() else None

    @asynccontextmanager
    async def _at_work(self, work: _Work) -> AsyncIterator[None]:
        token = self._current.set(work)
        try:
            async with AsyncExitStack() as failing:
                failing.push_async_exit(lambda *failure: _roll_back(work, *failure))
                yield
                await self._settle(work)
                if not work.remembered:
                    await self._remember_alone(work)
                for words in work.words:
                    words.send()
        finally:
            self._current.reset(token)

    async def _settle(self, work: _Work) -> None:
        """Store what was said about the last change, and commit both."""
        if work.held is None:
            return
        words, hooks = work.words.copy(), work.hooks.copy()
        for one in words:
            await one.store()
        for hook in hooks:
            self._store.after_commit(hook)
        held, work.held = work.held, None
        await held.aclose()
        work.remembered = True
        del work.words[: len(words)], work.hooks[: len(hooks)]

    async def _remember_alone(self, work: _Work) -> None:
        async with self._store.transaction():
            await self._remember(work)
            for hook in work.hooks:
                self._store.after_commit(hook)
        work.remembered = True

    async def _remember(self, work: _Work) -> None:
        if work.remembered or work.update is None:
            return
        if not await self._store.first_time(self._bot, work.update):
            raise AlreadyHandled


async def _roll_back(
    work: _Work, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> bool:
    held, work.held = work.held, None
    if held is not None:
        await held.__aexit__(kind, error, trace)
    return False
