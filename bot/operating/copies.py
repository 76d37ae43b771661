"""`python -m bot backup FILE | restore FILE | move URL`: copies of the database, whatever its kind.

A backup is one SQLite file with this program's schema, also of a PostgreSQL: it can be restored into either.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Problem, StorageUnavailable
from bot.settings import Settings
from bot.storage.copying import compare_all, copy_all, require_empty
from bot.storage.engine import database_url, is_sqlite, make_engine
from bot.storage.errors import ErrorTranslator
from bot.storage.migration import MIGRATION_TIMEOUT, migrate
from bot.storage.sqlite.files import OWNER_ONLY, take_file


class BadCopy(Problem):
    """A file that is to be restored is none of our databases, or is damaged; or one that must not be written over."""


async def back_up(settings: Settings, target: str) -> int:
    """Copy the database into a new file, while the program runs or not. Raises BadCopy, StorageUnavailable."""
    file, source = Path(target), database_url(settings.database_url.get_secret_value())
    part = file.with_name(file.name + ".part")
    try:
        await asyncio.to_thread(_make_room, part, file)
        if is_sqlite(source):
            await asyncio.to_thread(_copy_file, Path(str(source.database)), part)
        else:
            await _copy(source, _sqlite(part))
            await asyncio.to_thread(_into_one_file, part)
        rows = await asyncio.to_thread(_check_file, part)
        size = await asyncio.to_thread(_finish, part, file)
    except OSError as error:
        raise StorageUnavailable(f"{file}: {error.strerror}") from None
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    _say(f"{file}: {rows} messages, {size / 1e6:.1f} MB; it was read again and is whole")
    return 0


async def restore(settings: Settings, source: str) -> int:
    """Put a backup into the place of the database, while the program is stopped. Raises BadCopy, DatabaseInUse."""
    file, target = Path(source), database_url(settings.database_url.get_secret_value())
    with tempfile.TemporaryDirectory(prefix="aura-restore-") as folder:
        copy = Path(folder, "copy.db")
        await asyncio.to_thread(_check_file, file)
        await asyncio.to_thread(_copy_file, file, copy)
        await migrate(_sqlite(copy), ErrorTranslator())
        if not is_sqlite(target):
            rows = await _copy(_sqlite(copy), target)
            _say(f"{rows} rows of {file} were copied into the database, and compared")
            return 0
        place = _place(target)
        with _taken(place):
            aside = await asyncio.to_thread(_put_aside, place)
            await asyncio.to_thread(_copy_file, copy, place)
    _say(f"{file} is now {place}" + (f"; what was there before is {aside}" if aside else ""))
    return 0


async def move(settings: Settings, target: str) -> int:
    """Copy the database of a stopped program into an empty one of the other kind, counted and compared."""
    source, to = database_url(settings.database_url.get_secret_value()), database_url(target)
    if is_sqlite(source):
        with _taken(await asyncio.to_thread(_existing, source)):
            await migrate(source, ErrorTranslator())
            rows = await _copy(source, to)
    else:
        await migrate(source, ErrorTranslator())
        rows = await _copy(source, to)
    _say(f"{rows} rows were copied, and compared: both databases hold the same. Set DATABASE_URL to the new one now")
    return 0


async def _copy(source: URL, target: URL) -> int:
    """Copy every row into an empty database in one transaction, and compare them. Gives their number."""
    border = ErrorTranslator()
    await migrate(target, border)
    async with _transaction(source, border) as mine, _transaction(target, border) as theirs:
        if not is_sqlite(source):
            await mine.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        await require_empty(theirs)
        rows = await copy_all(mine, theirs)
        await compare_all(mine, theirs)
        return rows


@asynccontextmanager
async def _transaction(url: URL, border: ErrorTranslator) -> AsyncIterator[AsyncConnection]:
    engine = make_engine(url, foreign_keys=False, patience=MIGRATION_TIMEOUT)
    border.watch(engine)
    try:
        with border.translating():
            async with engine.begin() as connection:
                yield connection
    finally:
        await engine.dispose()


@contextmanager
def _taken(place: Path) -> Iterator[None]:
    """Keep the program from using a SQLite file meanwhile. Raises DatabaseInUse."""
    lock = take_file(place)
    try:
        yield
    finally:
        lock.release()


def _sqlite(file: Path) -> URL:
    return URL.create("sqlite+aiosqlite", database=str(file))


def _copy_file(source: Path, target: Path) -> None:
    """Copy a SQLite database as it is at one moment, also while others write; it becomes one file."""
    if not source.exists():
        raise BadCopy(f"there is no {source}")
    try:
        with closing(sqlite3.connect(source)) as mine, closing(sqlite3.connect(target)) as theirs:
            mine.backup(theirs)
            theirs.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BadCopy(f"{source} cannot be copied: {error}") from None


def _into_one_file(file: Path) -> None:
    """Move what stands in a new database's log into the database."""
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")


def _check_file(file: Path) -> int:
    """Read a whole copy, and count its messages. Raises BadCopy."""
    if not file.exists():
        raise BadCopy(f"there is no {file}")
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise BadCopy(f"{file} is damaged: {found}")
            return int(copy.execute("SELECT count(*) FROM messages").fetchone()[0])
    except sqlite3.Error as error:
        raise BadCopy(f"{file} is no backup of this program: {error}") from None


def _make_room(part: Path, file: Path) -> None:
    if file.exists():
        raise BadCopy(f"{file} is there already; name a new file")
    part.unlink(missing_ok=True)


def _place(url: URL) -> Path:
    return Path(str(url.database)).resolve()


def _existing(url: URL) -> Path:
    if not _place(url).exists():
        raise BadCopy(f"DATABASE_URL: there is no {_place(url)}")
    return _place(url)


def _finish(part: Path, file: Path) -> int:
    """Give a whole copy its name, once it is on the disk. Gives its size in bytes."""
    part.chmod(OWNER_ONLY)
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.rename(file)
    return file.stat().st_size


def _put_aside(place: Path) -> Path | None:
    """Rename a database and its log. None: there was nothing in it."""
    if not place.exists() or not place.stat().st_size:
        return None
    aside = place.with_name(f"{place.name}.before-{time.strftime('%Y%m%d-%H%M%S')}")
    for end in ("", "-wal", "-shm"):
        old = place.with_name(place.name + end)
        if old.exists():
            old.rename(aside.with_name(aside.name + end))
    return aside


def _say(words: str) -> None:
    print(words)  # noqa: T201  # the command line's own word
