"""The one place where the drivers' errors become ours."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import StorageUnavailable

logger = logging.getLogger(__name__)

_OURS = (
    *(DataError, IntegrityError, NotSupportedError, ProgrammingError),
    *(sqlite3.DataError, sqlite3.IntegrityError, sqlite3.NotSupportedError, sqlite3.ProgrammingError),
)
"""Faults of this program or of what it was given, not of the database: they stay what they are."""

_IN_VAIN = ("22", "54")
"""Classes of SQLSTATE for values that no column or no index can hold; SQLAlchemy has no class for asyncpg's."""

_GONE = frozenset(
    {"AdminShutdownError", "CannotConnectNowError", "ConnectionDoesNotExistError", "InterfaceError"}
    | {"InternalClientError", "PostgresConnectionError"}
)
"""Names of asyncpg's errors about a connection (it is imported for PostgreSQL alone)."""

_KEY = "translator"
"""The translator's place in what SQLAlchemy keeps beside a connection."""

TroubleListener = Callable[[str], None]


class ErrorTranslator:
    """Translates what the database's drivers raise, and logs when the database fails and when it works again."""

    def __init__(self) -> None:
        self._failing = False
        self._listeners: list[TroubleListener] = []

    def on_trouble(self, heard: TroubleListener) -> None:
        """Call `heard` with the cause when the database fails, and with "" when it works again."""
        self._listeners.append(heard)

    def watch(self, engine: AsyncEngine) -> None:
        """Translate whatever the statements of this engine raise."""
        event.listen(engine.sync_engine, "handle_error", self._on_error, retval=True)
        event.listen(engine.sync_engine, "connect", self._mark)

    @staticmethod
    def of(connection: AsyncConnection) -> ErrorTranslator:
        """The translator that watches the engine of a connection."""
        if connection.sync_connection is None:
            raise RuntimeError("the connection is closed")
        return cast("ErrorTranslator", connection.sync_connection.info[_KEY])

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Translate what is raised while connecting, beginning and committing."""
        try:
            yield
        except (DBAPIError, PoolTimeout, OSError, TimeoutError, sqlite3.Error) as error:
            if _is_ours(error):
                raise
            raise self._failed(error) from error

    def works(self) -> None:
        """The database has just stored something."""
        if self._failing:
            self._failing = False
            logger.info("The database works again")
            self._tell("")

    def _mark(self, _connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info[_KEY] = self

    def _on_error(self, context: ExceptionContext) -> BaseException | None:
        if context.is_pre_ping:  # the pool makes a new connection by itself
            return None
        error = context.sqlalchemy_exception or context.original_exception
        if _is_ours(error) or not isinstance(error, (DBAPIError, OSError, TimeoutError)):
            return None
        return self._failed(error)

    def _failed(self, error: BaseException) -> StorageUnavailable:
        cause = _drivers_own(error)
        plain = _said(cause)
        if _is_about_connection(error, cause):
            words = plain = f"no connection to the database ({plain})"
        else:
            words = f"{type(cause).__name__}: {plain}"
        if not self._failing:
            self._failing = True
            logger.error("The database cannot be used: %s", words)
            self._tell(plain)
        return StorageUnavailable(words)

    def _tell(self, cause: str) -> None:
        for heard in self._listeners:
            heard(cause)


def _is_ours(error: BaseException) -> bool:
    """Tell whether trying again would be in vain, however well the database works."""
    state: object = getattr(_drivers_own(error), "sqlstate", None)
    return isinstance(error, _OURS) or (isinstance(state, str) and state.startswith(_IN_VAIN))


def _said(cause: BaseException) -> str:
    """The first line of what a driver or the system says."""
    if isinstance(cause, TimeoutError) and not str(cause):
        return "no answer in time"
    said = (cause.strerror if isinstance(cause, OSError) else "") or str(cause)
    return said.strip().partition("\n")[0] or type(cause).__name__


def _drivers_own(error: BaseException) -> BaseException:
    """Find what the driver raised: SQLAlchemy wraps it, and its adapter of asyncpg wraps it once more."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or error.orig


def _is_about_connection(error: BaseException, cause: BaseException) -> bool:
    """Tell a server that is gone from one that refuses: its driver's words alone lead astray."""
    broken = isinstance(error, DBAPIError) and error.connection_invalidated
    return broken or isinstance(cause, (OSError, TimeoutError)) or type(cause).__name__ in _GONE
