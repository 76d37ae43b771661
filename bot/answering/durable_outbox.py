"""Messages that are said although the process dies or Telegram is down: kept in the database until they are sent.

They are sent at least once: one whose outcome is unknown, because the connection broke or the process died between
the sending and the forgetting, is sent again. A digest is one message that says something else from time to time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Protocol

from bot.answering.turns.membership import Membership
from bot.errors import AmbiguousOutcome, FloodWait, NotModified, StorageUnavailable, TelegramProblem
from bot.rendering.entities import Entity, Formatted
from bot.runtime.clock import Clock
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.repositories.outbox import Lane, OutboxRepository, Stored
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button, Keyboard

logger = logging.getLogger(__name__)

MAX_AGE = 86_400.0
"""Seconds after which a message is given up: what it says is not news any more."""
MIN_RETRY_DELAY, MAX_RETRY_DELAY = 1.0, 300.0
"""Seconds between two tries; each is twice as long as the one before."""
DIGEST_INTERVAL = 4.0
"""Seconds between two edits of a digest: it must leave the chat's budget to the answers."""
DIGEST_LIFETIME = 3600.0
"""Seconds without news after which a digest is sent anew: nobody is told of an edit, least of all far up in a chat."""


class Sender(Protocol):
    """`Outbox`, as far as it sends at once."""

    async def send(self, place: Destination, text: str | Formatted, *, keyboard: Keyboard = ()) -> int:
        """Send a message and give its id. Raises TelegramProblem."""
        ...

    async def edit(self, chat: int, message_id: int, text: Formatted, *, keyboard: Keyboard = ()) -> None:
        """Replace a message. Raises TelegramProblem."""
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
        self._sending: set[Lane] = set()
        self._more: set[Lane] = set()
        self._senders: dict[Lane, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Send what was left, also by processes that die from now on. Raises StorageUnavailable."""
        await self._stored.take_back(self._membership.bot)
        await self._look()
        self._membership.on_change(lambda _replicas: self._look_later())

    async def enqueue(
        self, place: Destination, text: str | Formatted, *, keyboard: Keyboard = (), edits: int | None = None
    ) -> None:
        """Store a message, or what the message `edits` is to say; it is sent once the transaction is committed.

        Raises StorageUnavailable.
        """
        lane, message = Lane(place.chat), _written(place, text, keyboard, edits)
        await self._stored.add(self._membership.bot, place.chat, message, owner=self._membership.me)
        self._database.after_commit(lambda: self._send_soon(lane))

    async def enqueue_digest(self, place: Destination, name: str, text: str | Formatted) -> None:
        """Store what the digest of this name is to say now; while there is news it stays one message, which is edited.

        Raises StorageUnavailable.
        """
        lane, message = Lane(place.chat, name), _written(place, text, (), None)
        await self._stored.put(self._membership.bot, lane, message, owner=self._membership.me)
        self._database.after_commit(lambda: self._send_soon(lane))

    async def drain(self, chat: int, *, seconds: float) -> None:
        """Wait until what is stored for a chat is sent, `seconds` at the most."""
        if (sender := self._senders.get(Lane(chat))) is not None:
            await asyncio.wait([sender], timeout=seconds)

    def _send_soon(self, lane: Lane) -> None:
        if lane in self._sending:
            self._more.add(lane)
            return
        self._sending.add(lane)
        self._senders[lane] = self._tasks.start(self._send_all(lane), name=f"outbox of chat {lane.chat}")

    def _look_later(self) -> None:
        async def look() -> None:
            await self._firmly(self._look)

        self._tasks.start(look(), name="look for messages that others left")

    async def _look(self) -> None:
        for lane in await self._stored.lanes(self._membership.bot, owner=self._membership.me):
            self._send_soon(lane)

    async def _send_all(self, lane: Lane) -> None:
        try:
            while True:
                self._more.discard(lane)
                while (stored := await self._firmly(lambda: self._claim(lane))) is not None:
                    await self._send(lane, stored)
                    if lane.digest:
                        await self._clock.sleep(DIGEST_INTERVAL)
                if lane not in self._more:
                    return
        finally:
            self._sending.discard(lane)
            self._senders.pop(lane, None)

    async def _claim(self, lane: Lane) -> Stored | None:
        return await self._stored.claim(self._membership.bot, lane, owner=self._membership.me)

    async def _send(self, lane: Lane, stored: Stored) -> None:
        """Send one message, however long that takes within its age; then forget it."""
        delay = MIN_RETRY_DELAY
        while True:
            if self._database.clock() - stored.at > MAX_AGE:
                logger.warning("chat %d: a message could not be sent for a day and is given up", lane.chat)
                break
            try:
                await self._put(lane, stored)
                break
            except FloodWait as problem:
                delay = min(problem.seconds, MAX_RETRY_DELAY)
            except AmbiguousOutcome as problem:
                logger.info("chat %d: a message is sent again in %g s: %s", lane.chat, delay, problem)
            except TelegramProblem as problem:
                logger.warning("chat %d: a message is refused: %s: %s", lane.chat, type(problem).__name__, problem)
                break
            await self._clock.sleep(delay)
            delay = min(max(2 * delay, MIN_RETRY_DELAY), MAX_RETRY_DELAY)
            mine = await self._firmly(lambda: self._claim(lane))
            if mine is None or mine.id != stored.id:
                return  # another process has taken it over meanwhile
            stored = mine  # a digest may have other news by now
        await self._firmly(lambda: self._stored.remove(stored))

    async def _put(self, lane: Lane, stored: Stored) -> None:
        """Make the request. Raises TelegramProblem."""
        place, text, keyboard, edits = _read(stored.message)
        if lane.digest:
            await self._put_digest(lane, place, text)
        elif edits is None:
            await self._sender.send(place, text, keyboard=keyboard)
        else:
            await self._edit(lane.chat, edits, text, keyboard)

    async def _put_digest(self, lane: Lane, place: Destination, text: Formatted) -> None:
        bot, since = self._membership.bot, self._database.clock() - DIGEST_LIFETIME
        message_id = await self._firmly(lambda: self._stored.digest(bot, lane, since=since))
        if message_id is not None:
            try:
                await self._edit(lane.chat, message_id, text, ())
            except (FloodWait, AmbiguousOutcome):
                raise
            except TelegramProblem as problem:
                logger.info("chat %d: a digest is sent anew: %s", lane.chat, problem)
                message_id = None
        if message_id is None:
            message_id = await self._sender.send(place, text)
        await self._firmly(lambda: self._stored.keep_digest(bot, lane, message_id))

    async def _edit(self, chat: int, message_id: int, text: Formatted, keyboard: Keyboard) -> None:
        try:
            await self._sender.edit(chat, message_id, text, keyboard=keyboard)
        except NotModified:
            return

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


def _written(place: Destination, text: str | Formatted, keyboard: Keyboard, edits: int | None) -> dict[str, Any]:
    """A message as it is stored."""
    return {
        "place": asdict(place),
        "text": asdict(Formatted(text) if isinstance(text, str) else text),
        "keyboard": [[asdict(button) for button in row] for row in keyboard],
        **({} if edits is None else {"edits": edits}),
    }


def _read(message: dict[str, Any]) -> tuple[Destination, Formatted, Keyboard, int | None]:
    """Read what `_written` wrote."""
    text = message["text"]
    keyboard = tuple(tuple(Button(**button) for button in row) for row in message["keyboard"])
    entities = tuple(Entity(**entity) for entity in text["entities"])
    return Destination(**message["place"]), Formatted(text["text"], entities), keyboard, message.get("edits")
