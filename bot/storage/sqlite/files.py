"""The files of a SQLite database: who may read them, and what stays in them of what was erased."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.ext.asyncio import AsyncEngine
from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt, wait_exponential

from bot.errors import DatabaseInUse, StorageUnavailable

logger = logging.getLogger(__name__)

OWNER_ONLY = 0o600
"""Mode of every file: conversations and passwords of proxies are nobody else's."""
OTHERS = 0o007
"""Rights of everybody on the machine; a group that an operator has let in keeps its own."""
MAX_CHECKPOINT_TRIES = 10
"""Tries to empty the log while others read; their statements take milliseconds."""


def take_file(file: Path) -> FileLock:
    """Take a database for this process alone, until the lock is released. Raises DatabaseInUse, StorageUnavailable."""
    lock = FileLock(f"{file}.lock", timeout=0, mode=OWNER_ONLY, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire()
        keep_private(file)
    except Timeout:
        raise DatabaseInUse(f"another process uses {file.name}: only one may") from None
    except OSError as error:
        lock.release()
        raise StorageUnavailable(f"{file.absolute()} cannot be opened or locked: {error.strerror}") from error
    return lock


def keep_private(file: Path) -> None:
    """Make a file for its owner alone, and take the rights of all others from those that exist. Raises OSError.

    SQLite gives the log and its index beside a database the database's own rights.
    """
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY))
    for one in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm", ".lock"))):
        _close_to_others(one)


def _close_to_others(file: Path) -> None:
    try:
        mode = file.stat().st_mode
        if mode & OTHERS:
            file.chmod(mode & 0o770)
    except FileNotFoundError:
        return
    except PermissionError:
        logger.warning("%s can be read by everybody on this machine, and is not ours to change", file.name)


async def empty_log(engine: AsyncEngine) -> bool:
    """Move the write-ahead log into the database and cut it to nothing. False: somebody read it all the time."""

    async def checkpoint() -> bool:
        async with engine.connect() as connection:
            busy = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
        return not busy

    tries = AsyncRetrying(
        stop=stop_after_attempt(MAX_CHECKPOINT_TRIES),
        wait=wait_exponential(multiplier=0.05, max=2),
        retry=retry_if_result(lambda done: not done),
        retry_error_callback=lambda _state: False,
    )
    return bool(await tries(checkpoint))
