"""The one place where the drivers' errors become ours."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
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

_INTERNAL = frozenset({"InterfaceError", "InternalClientError"})
"""Those of them whose words are about asyncpg's own states."""

_KEY = "translator"
"""The translator's place in what SQLAlchemy keeps beside a connection."""


class StorageTroubleKind(StrEnum):
    """The place that whoever runs the bot has to look at."""

    FULL = "full"
    UNREACHABLE = "unreachable"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class StorageTrouble:
    """The reason why nothing can be stored; `cause` in the words of the driver or the system."""

    kind: StorageTroubleKind
    cause: str


TroubleListener = Callable[[StorageTrouble | None], None]
"""Hears of a trouble, and None when it is over."""


class ErrorTranslator:
    """Translates what the database's drivers raise, and logs when the database fails and when it works again."""

    def __init__(self) -> None:
        self._failing = False
        self._listeners: list[TroubleListener] = []

    def on_trouble(self, heard: TroubleListener) -> None:
        """Call `heard` when the database fails, and when it works again."""
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
            self._tell(None)

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
        trouble = StorageTrouble(_kind(error, cause), _said(cause))
        unreachable = trouble.kind is StorageTroubleKind.UNREACHABLE
        name = "no connection to the database" if unreachable else type(cause).__name__
        words = f"{name} ({trouble.cause})" if unreachable else f"{name}: {trouble.cause}"
        if not self._failing:
            self._failing = True
            logger.error("The database cannot be used: %s", words)
            self._tell(trouble)
        return StorageUnavailable(words)

    def _tell(self, trouble: StorageTrouble | None) -> None:
        for heard in self._listeners:
            heard(trouble)


def _is_ours(error: BaseException) -> bool:
    """Tell whether trying again would be in vain, however well the database works."""
    state: object = getattr(_drivers_own(error), "sqlstate", None)
    return isinstance(error, _OURS) or (isinstance(state, str) and state.startswith(_IN_VAIN))


def _said(cause: BaseException) -> str:
    """The first line of what a driver or the system says, where it is about the database."""
    if isinstance(cause, TimeoutError) and not str(cause):
        return "no answer in time"
    if type(cause).__name__ in _INTERNAL:
        return "it broke"
    if isinstance(cause, FileNotFoundError):
        return "no server has this socket"
    said = (cause.strerror if isinstance(cause, OSError) else "") or str(cause)
    return said.strip().partition("\n")[0] or type(cause).__name__


def _drivers_own(error: BaseException) -> BaseException:
    """Find what the driver raised: SQLAlchemy wraps it, and its adapter of asyncpg wraps it once more."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or error.orig


def _kind(error: BaseException, cause: BaseException) -> StorageTroubleKind:
    """Tell a full disk, and a server that is gone from one that refuses: the driver's words alone lead astray."""
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or type(cause).__name__ == "DiskFullError":
        return StorageTroubleKind.FULL
    broken = isinstance(error, DBAPIError) and error.connection_invalidated
    if broken or isinstance(cause, (OSError, TimeoutError)) or type(cause).__name__ in _GONE:
        return StorageTroubleKind.UNREACHABLE
    return StorageTroubleKind.OTHER
