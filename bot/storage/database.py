"""The database: transactions, what happens after them, and what replicas tell each other."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from sqlalchemy import ColumnElement, Double, cast, extract, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.expression import TableClause

from bot.errors import StorageUnavailable
from bot.runtime.observer import Observer
from bot.runtime.task_supervisor import StartTask
from bot.storage.engine import (
    CONNECT_TIMEOUT,
    POOL_SIZE,
    begin_writing,
    database_url,
    driver_of,
    is_sqlite,
    make_engine,
)
from bot.storage.errors import ErrorTranslator, TroubleListener
from bot.storage.migration import migrate
from bot.storage.notification_bus import NotificationBus, NotificationHandler
from bot.storage.prepared import PreparedStatement
from bot.storage.schema import updates
from bot.storage.sqlite.files import empty_log, take_file
from bot.storage.sqlite.idle_connections import IdleConnections

if TYPE_CHECKING:
    from bot.storage.postgres.connection_queue import ConnectionQueue
    from bot.storage.postgres.notifications import LockSession

logger = logging.getLogger(__name__)

UPDATE_ID_LIFETIME = 3 * 86_400.0
"""Seconds after which an update id may stand for another update.

Telegram repeats one for a day at the most; the clocks of two processes may be wrong by a day each.
"""

CommitHook = Callable[[], None]


@dataclass(slots=True)
class _OpenTransaction:
    """A transaction under way."""

    connection: AsyncConnection
    task: asyncio.Task[object] | None
    after: list[CommitHook] = field(default_factory=list)
    problem: BaseException | None = None


class Database:
    """One database: a SQLite file that this process alone holds, or a PostgreSQL that replicas share.

    Whatever the drivers raise becomes StorageUnavailable here. Connections are made again by themselves, so that the
    program recovers without a restart.
    """

    def __init__(
        self,
        url: str,
        *,
        start: StartTask,
        clock: Callable[[], float] = time.time,
        observer: Observer | None = None,
    ) -> None:
        self._url: URL = database_url(url)
        self.shared = not is_sqlite(self._url)
        """True where other processes may use the same database."""
        self._start = start
        self.clock = clock
        self._observer = observer or Observer()
        self._border = ErrorTranslator()
        self._open: ContextVar[_OpenTransaction | None] = ContextVar("transaction", default=None)
        self._writer: AbstractAsyncContextManager[object] = nullcontext() if self.shared else asyncio.Lock()
        new_update = self.insert(updates)
        self._new_update = PreparedStatement(
            new_update.on_conflict_do_update(
                index_elements=[updates.c.bot, updates.c.update_id],
                set_={"at": new_update.excluded.at},
                where=updates.c.at < new_update.excluded.at - UPDATE_ID_LIFETIME,
            )
        )
        self._listeners = NotificationBus()
        self._session: LockSession | None = None
        self._listening: asyncio.Task[None] | None = None
        self._lock: FileLock | None = None
        self._writes: AsyncEngine | None = None
        self._relaxed: AsyncEngine | None = None
        self._reads: AsyncEngine | None = None
        self._kept: dict[AsyncEngine, IdleConnections] = {}
        self._queues: dict[AsyncEngine, ConnectionQueue] = {}

    async def open(self) -> None:
        """Take the database, bring its schema up to date. Raises DatabaseInUse, SchemaNewer, StorageUnavailable."""
        if not self.shared:
            self._take_file()
        try:
            await migrate(self._url, self._border)
            self._connect()
            if self.shared:
                await self._listen()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Give the database back. What runs in a transaction must have ended."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        for kept in self._kept.values():
            await kept.close()
        self._kept = {}
        for engine in (self._writes, self._relaxed):
            if engine is not None:
                await engine.dispose()
        if self._lock is not None:
            self._lock.release()
        self._listening = self._writes = self._relaxed = self._reads = self._lock = None

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        """Do everything inside, or nothing of it. One inside another joins it.

        On SQLite the writers take turns, so nothing slow belongs inside. One that is not `durable` does not wait for
        the disk: what a power failure may undo, such as a claim. An `urgent` one waits behind no other for a connection
        to PostgreSQL. Raises StorageUnavailable.
        """
        outer = self._joined()
        if outer is None:
            began = time.perf_counter()
            async with self._outermost(self._writes if durable else self._relaxed, urgent=urgent) as connection:
                yield connection
            self._observer.database_used("write" if durable else "relaxed", time.perf_counter() - began)
            return
        try:
            yield outer.connection
        except StorageUnavailable as problem:
            outer.problem = problem  # whoever swallows it must not commit the half that worked
            raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Read what is committed, or what this transaction has written so far. Raises StorageUnavailable."""
        outer = self._joined()
        if outer is not None:
            yield outer.connection
            return
        began = time.perf_counter()
        async with AsyncExitStack() as stack:
            connection = await self._connection(self._reads, stack)
            yield connection  # that reading works tells nothing: it also does on a disk that cannot be written
        self._observer.database_used("read", time.perf_counter() - began)

    def after_commit(self, do: CommitHook) -> None:
        """Call `do` once everything is stored: at once where no transaction is open, never after a rollback."""
        outer = self._joined()
        if outer is None:
            do()
        else:
            outer.after.append(do)

    def erase_traces(self) -> None:
        """Once the transaction is committed, see that what it deleted is gone from the files as well.

        PostgreSQL's files are its operator's: there autovacuum and the archive decide how long deleted rows last.
        """
        if not self.shared:
            self.after_commit(self._begin_to_empty_log)

    def _begin_to_empty_log(self) -> None:
        self._start(self._empty_log(), name="empty the database's log")

    async def _empty_log(self) -> None:
        with self._border.translating():
            async with self._writer:
                emptied = await empty_log(_opened(self._reads))
        if not emptied:
            logger.warning("What was erased stays in the database's log until the next checkpoint: somebody reads it")

    def on_trouble(self, heard: TroubleListener) -> None:
        """Call `heard` when the database fails, and when it works again."""
        self._border.on_trouble(heard)

    async def first_time(self, bot: int, update_id: int) -> bool:
        """Note that an update is acted upon; True where it was not before. Belongs into the update's transaction.

        An id that was noted longer ago than `UPDATE_ID_LIFETIME` stands for another update: after a quiet week
        Telegram begins anew at any number, and nothing was pruned in a week without work.
        """
        async with self.transaction() as connection:
            row = {"bot": bot, "update_id": update_id, "at": self.clock()}
            return await self._new_update.change(connection, row) == 1

    async def forget_updates(self, before: float) -> None:
        """Forget update ids older than a Unix time; Telegram repeats an update for a day at the most."""
        async with self.transaction() as connection:
            await connection.execute(updates.delete().where(updates.c.at < before))

    async def ping(self) -> None:
        """See whether the database answers. Raises StorageUnavailable."""
        async with self.reading() as connection:
            await connection.execute(select(1))

    async def notify(self, channel: str, payload: str) -> None:
        """Tell everybody who listens, in every process, once the transaction is committed. At most 7000 bytes."""
        async with self.transaction() as connection:
            if self._session is not None:
                await self._session.say(connection, channel, payload)
            self.after_commit(lambda: self._listeners.tell(channel, payload))

    def listen(self, channel: str, heard: NotificationHandler) -> None:
        """Call `heard` with what is told on a channel, and with "" whenever something may have been missed."""
        self._listeners.add(channel, heard)

    @property
    def hears_all(self) -> bool:
        """True while every notification comes at once, and no change that was not told yet is in sight."""
        return self._joined() is None and (self._session is None or self._session.connected.is_set())

    async def try_advisory_lock(self, name: str) -> bool:
        """Take, or keep, the lock of this name among all processes. It is lost with the connection: ask again often."""
        if not self.shared:
            return True
        return self._session is not None and await self._session.try_lock(name)

    def now(self) -> ColumnElement[float]:
        """Unix time as the database sees it, which is the same for every replica."""
        return now_of(shared=self.shared)

    def insert(self, table: TableClause) -> Any:  # noqa: ANN401  # two classes of one shape, without a common base
        """An INSERT that can say what happens on a conflict."""
        return insert_into(table, shared=self.shared)

    async def advisory_xact_lock(self, connection: AsyncConnection, what: str) -> None:
        """Until the transaction ends, nobody else passes here with the same `what`."""
        if self.shared:
            lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")
            await connection.execute(lock, {"what": what})

    def _joined(self) -> _OpenTransaction | None:
        """The transaction that this task is in; a task that was started inside of one has its own."""
        here = self._open.get()
        return here if here is not None and here.task is asyncio.current_task() else None

    @asynccontextmanager
    async def _outermost(self, engine: AsyncEngine | None, *, urgent: bool) -> AsyncIterator[AsyncConnection]:
        async with self._writer, AsyncExitStack() as stack:
            connection = await self._connection(engine, stack, urgent=urgent)
            with self._border.translating():
                await begin_writing(connection)
            here = _OpenTransaction(connection, asyncio.current_task())
            token = self._open.set(here)
            try:
                yield connection
            finally:
                self._open.reset(token)
            if here.problem is not None:
                raise here.problem
            with self._border.translating():
                await (connection if self.shared else driver_of(connection)).commit()
        self._border.works()
        for do in here.after:
            do()

    async def _connection(
        self, engine: AsyncEngine | None, stack: AsyncExitStack, *, urgent: bool = False
    ) -> AsyncConnection:
        """Give a connection that goes back when the stack is unwound. Raises StorageUnavailable."""
        with self._border.translating():
            engine = _opened(engine)
            queue, kept = self._queues.get(engine), self._kept.get(engine)
            if queue is not None:
                await stack.enter_async_context(queue.place(urgent=urgent))
            return await stack.enter_async_context(engine.connect() if kept is None else kept.lent())

    def _connect(self) -> None:
        self._writes = make_engine(self._url, begins=False)
        self._relaxed = make_engine(self._url, begins=False, durable=False)
        for engine in (self._writes, self._relaxed):
            self._border.watch(engine)
            if not self.shared:
                self._kept[engine] = IdleConnections(engine)
        self._reads = self._writes.execution_options(isolation_level="AUTOCOMMIT") if self.shared else self._writes
        if self.shared:
            from bot.storage.postgres.connection_queue import ConnectionQueue  # noqa: PLC0415  # SQLite needs none

            ours, relaxed = (ConnectionQueue(POOL_SIZE, patience=CONNECT_TIMEOUT) for _ in range(2))
            self._queues = {self._writes: ours, self._reads: ours, self._relaxed: relaxed}

    async def _listen(self) -> None:
        engine = _opened(self._writes)
        from bot.storage.postgres.notifications import LockSession  # noqa: PLC0415  # only PostgreSQL needs its driver

        self._session = LockSession(
            self._url, self._listeners, lambda url: dict(engine.dialect.create_connect_args(url)[1])
        )
        self._listening = self._start(self._session.run(), name="listen to the database")
        with self._border.translating():
            async with asyncio.timeout(CONNECT_TIMEOUT * 2):
                await self._session.connected.wait()

    def _take_file(self) -> None:
        self._lock = take_file(Path(str(self._url.database)).resolve())


def now_of(*, shared: bool) -> ColumnElement[float]:
    """Unix time as PostgreSQL (`shared`) or SQLite sees it."""
    if shared:
        return cast(extract("epoch", func.clock_timestamp()), Double)
    return literal_column("((julianday('now') - 2440587.5) * 86400.0)", Double)


def insert_into(table: TableClause, *, shared: bool) -> Any:  # noqa: ANN401  # two classes of one shape, without a common base
    """An INSERT for PostgreSQL (`shared`) or SQLite that can say what happens on a conflict."""
    return postgresql_insert(table) if shared else sqlite_insert(table)


def _opened(engine: AsyncEngine | None) -> AsyncEngine:
    if engine is None:
        raise StorageUnavailable("the database is not open")
    return engine
