"""A session of its own with PostgreSQL: it hears what other replicas say, and holds locks while it lasts."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # it ships no type information
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import CONNECT_TIMEOUT, database_url
from bot.storage.notification_bus import NotificationBus

logger = logging.getLogger(__name__)

PG_CHANNEL = "aura"
"""The one channel of PostgreSQL; ours travel inside the payload."""
LIVENESS_INTERVAL = 3.0
"""Seconds between two looks whether a silent session still stands."""
IDLE_SESSION_TIMEOUT = 10.0
"""Seconds after which the server ends a session that gives no sign of life: a frozen process holds no locks then."""
MIN_PG_IDLE_TIMEOUT = 14
"""The first PostgreSQL with idle_session_timeout."""
RECONNECT_DELAYS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before each new try to connect; the last one repeats."""

_BROKEN = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The last one comes where the server has ended a session, and its word was read but not yet that it hung up."""


class LockSession:
    """Keeps one connection to PostgreSQL, made again whenever it breaks."""

    def __init__(self, url: URL, listeners: NotificationBus, make_arguments: Callable[[URL], dict[str, Any]]) -> None:
        self._arguments = make_arguments(database_url(url.render_as_string(hide_password=False)))
        self._listeners = listeners
        self._me = uuid4().hex
        self._connection: asyncpg.Connection | None = None
        self._busy = asyncio.Lock()
        self._held: set[str] = set()
        self.connected = asyncio.Event()

    async def say(self, connection: AsyncConnection, channel: str, payload: str) -> None:
        """Tell the other processes once the transaction of `connection` is committed."""
        said = json.dumps({"from": self._me, "channel": channel, "payload": payload})
        await connection.execute(text("SELECT pg_notify(:channel, :said)"), {"channel": PG_CHANNEL, "said": said})

    async def try_lock(self, name: str) -> bool:
        """Hold the lock of this name for as long as the session lasts. False: somebody else does, or there is none."""
        if name in self._held:
            return True
        async with self._busy:
            connection = self._connection
            if connection is None:
                return False
            try:
                taken = await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name)
            except _BROKEN:
                return False
        if taken:
            self._held.add(name)
        return bool(taken)

    async def run(self) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            try:
                await self._listen()
                failures = 0
            except _BROKEN as error:
                if failures == 0:
                    logger.warning("Cannot listen to the database: %s: %s", type(error).__name__, error)
                failures += 1
            await asyncio.sleep(RECONNECT_DELAYS[min(failures, len(RECONNECT_DELAYS) - 1)])

    async def _listen(self) -> None:
        """One session, from its connection to its end."""
        connection = await asyncpg.connect(**self._arguments, timeout=CONNECT_TIMEOUT, command_timeout=CONNECT_TIMEOUT)
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _connection: closed.set())
        try:
            if connection.get_server_version().major >= MIN_PG_IDLE_TIMEOUT:
                await connection.execute(f"SET idle_session_timeout = {round(IDLE_SESSION_TIMEOUT * 1000)}")
            await connection.add_listener(PG_CHANNEL, self._heard)
            self._connection = connection
            self.connected.set()
            self._listeners.tell_everyone_nothing()
            await self._until_it_breaks(connection, closed)
        finally:
            self._connection = None
            self._held.clear()
            self.connected.clear()
            connection.terminate()

    async def _until_it_breaks(self, connection: asyncpg.Connection, closed: asyncio.Event) -> None:
        while not closed.is_set():
            try:
                async with asyncio.timeout(LIVENESS_INTERVAL):
                    await closed.wait()
            except TimeoutError:
                async with self._busy:
                    await connection.execute("SELECT 1")

    def _heard(self, _connection: object, _pid: int, _channel: str, said: object) -> None:
        try:
            heard = json.loads(str(said))
        except (ValueError, RecursionError):
            return  # of a stranger: anybody who may use the database can say something on a channel
        match heard:
            case {"from": str(sender), "channel": str(channel), "payload": str(payload)} if sender != self._me:
                self._listeners.tell(channel, payload)
