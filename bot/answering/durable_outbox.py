"""Messages that are said although the process dies or Telegram is down: kept in the database until they are sent.

They are sent at least once: one whose outcome is unknown, because the connection broke or the process died between
the sending and the forgetting, is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Protocol

from bot.answering.turns.membership import Membership
from bot.errors import AmbiguousOutcome, FloodWait, StorageUnavailable, TelegramProblem
from bot.rendering.entities import Entity, Formatted
from bot.runtime.clock import Clock
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.repositories.outbox import OutboxRepository, Stored
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button, Keyboard

logger = logging.getLogger(__name__)

MAX_AGE = 86_400.0
"""Seconds after which a message is given up: what it says is not news any more."""
MIN_RETRY_DELAY, MAX_RETRY_DELAY = 1.0, 300.0
"""Seconds between two tries; each is twice as long as the one before."""


class Sender(Protocol):
    """`Outbox`, as far as it sends at once."""

    async def send(self, place: Destination, text: str | Formatted, *, keyboard: Keyboard = ()) -> int:
        """Send a message and give its id. Raises TelegramProblem."""
        ...


class DurableOutbox:
    """Stores messages with the open transaction, and sends them afterwards: in order within a chat."""

    def __init__(
        self,
        database: Database,
        stored: OutboxRepository,
        sender: Sender,
        tasks: TaskSupervisor,
        membership: Membership,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._stored = stored
        self._sender = sender
        self._tasks = tasks
        self._membership = membership
        self._clock = clock or Clock()
        self._sending: set[int] = set()
        self._more: set[int] = set()
        self._senders: dict[int, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Send what was left, also by processes that die from now on. Raises StorageUnavailable."""
        await self._stored.take_back(self._membership.bot)
        await self._look()
        self._membership.on_change(lambda _replicas: self._look_later())

    async def enqueue(self, place: Destination, text: str | Formatted, *, keyboard: Keyboard = ()) -> None:
        """Store a message; it is sent once the transaction is committed. Raises StorageUnavailable."""
        message = {
            "place": asdict(place),
            "text": asdict(Formatted(text) if isinstance(text, str) else text),
            "keyboard": [[asdict(button) for button in row] for row in keyboard],
        }
        await self._stored.add(self._membership.bot, place.chat, message, owner=self._membership.me)
        self._database.after_commit(lambda: self._send_soon(place.chat))

    async def drain(self, chat: int, *, seconds: float) -> None:
        """Wait until what is stored for a chat is sent, `seconds` at the most."""
        if (sender := self._senders.get(chat)) is not None:
            await asyncio.wait([sender], timeout=seconds)

    def _send_soon(self, chat: int) -> None:
        if chat in self._sending:
            self._more.add(chat)
            return
        self._sending.add(chat)
        self._senders[chat] = self._tasks.start(self._send_all(chat), name=f"outbox of chat {chat}")

    def _look_later(self) -> None:
        async def look() -> None:
            await self._firmly(self._look)

        self._tasks.start(look(), name="look for messages that others left")

    async def _look(self) -> None:
        for chat in await self._stored.chats(self._membership.bot, owner=self._membership.me):
            self._send_soon(chat)

    async def _send_all(self, chat: int) -> None:
        bot, me = self._membership.bot, self._membership.me
        try:
            while True:
                self._more.discard(chat)
                while (stored := await self._firmly(lambda: self._stored.claim(bot, chat, owner=me))) is not None:
                    await self._send(bot, chat, stored)
                if chat not in self._more:
                    return
        finally:
            self._sending.discard(chat)
            self._senders.pop(chat, None)

    async def _send(self, bot: int, chat: int, stored: Stored) -> None:
        """Send one message, however long that takes within its age; then forget it."""
        delay = MIN_RETRY_DELAY
        while True:
            if self._database.clock() - stored.at > MAX_AGE:
                logger.warning("chat %d: a message could not be sent for a day and is given up", chat)
                break
            try:
                place, text, keyboard = _read(stored.message)
                await self._sender.send(place, text, keyboard=keyboard)
                break
            except FloodWait as problem:
                delay = min(problem.seconds, MAX_RETRY_DELAY)
            except AmbiguousOutcome as problem:
                logger.info("chat %d: a message is sent again in %g s: %s", chat, delay, problem)
            except TelegramProblem as problem:
                logger.warning("chat %d: a message is refused: %s: %s", chat, type(problem).__name__, problem)
                break
            await self._clock.sleep(delay)
            delay = min(max(2 * delay, MIN_RETRY_DELAY), MAX_RETRY_DELAY)
            mine = await self._firmly(lambda: self._stored.claim(bot, chat, owner=self._membership.me))
            if mine is None or mine.id != stored.id:
                return  # another process has taken it over meanwhile
        await self._firmly(lambda: self._stored.remove(stored.id))

    async def _firmly(self, do: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401  # what `do` gives
        """Do it again while the database fails."""
        delay = MIN_RETRY_DELAY
        while True:
            try:
                return await do()
            except StorageUnavailable as error:
                logger.info("The outbox waits for the database: %s", error)
            await self._clock.sleep(delay)
            delay = min(2 * delay, MAX_RETRY_DELAY)


def _read(message: dict[str, Any]) -> tuple[Destination, Formatted, Keyboard]:
    """Read what `enqueue` stored."""
    text = message["text"]
    keyboard = tuple(tuple(Button(**button) for button in row) for row in message["keyboard"])
    entities = tuple(Entity(**entity) for entity in text["entities"])
    return Destination(**message["place"]), Formatted(text["text"], entities), keyboard
