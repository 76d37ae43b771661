"""The sending of broadcasts: one chat after another, behind every answer, going on after a restart.

A chat that was written to while the process died, or whose outcome is unknown, may read the message twice: what is
promised is at least once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Protocol

from bot.conversation.broadcasts import Broadcast, MessageCopy
from bot.conversation.people import Chat
from bot.errors import (
    AmbiguousOutcome,
    ChatMigrated,
    ChatUnavailable,
    FloodWait,
    MediaForbidden,
    MessageNotFound,
    StorageUnavailable,
    TelegramProblem,
)
from bot.rendering.entities import Entity, Formatted
from bot.runtime.clock import Clock
from bot.storage.database import Database
from bot.storage.repositories.broadcasts import BroadcastRepository, Outcome
from bot.storage.repositories.chats import ChatRepository
from bot.telegram.destination import Destination
from bot.texts import Texts

logger = logging.getLogger(__name__)

SEND_INTERVAL = 0.1
"""Seconds between two chats: a third of what Telegram lets a bot send, so that answers never notice."""
LOOK_INTERVAL = 30.0
"""Seconds after which to look for a broadcast that another replica has left, or that could not go on."""
MAX_TRIES = 3
"""Tries of a message whose outcome is unknown."""

SlotOf = Callable[[int], AbstractAsyncContextManager[object]]
"""Gives a slot in a chat behind everything else that wants to go there."""


class BroadcastSender(Protocol):
    """Telegram, as far as it sends messages."""

    async def send(self, to: Destination, what: Formatted) -> int:
        """Send a message and give its id. Raises TelegramProblem."""
        ...

    async def copy(self, to: Destination, chat: int, message_id: int, *, caption: str | None = None) -> int:
        """Send a message of another chat again and give the new id. Raises TelegramProblem."""
        ...


class StoredReports(Protocol):
    """The durable outbox: the admin hears of the end although the process dies."""

    async def enqueue(self, place: Destination, text: str) -> None:
        """Store a message with the open transaction; it is sent afterwards."""
        ...


class Broadcaster:
    """Runs for ever beside the answers; of several replicas only the one that has the lock sends."""

    def __init__(
        self,
        database: Database,
        sender: BroadcastSender,
        slot: SlotOf,
        reports: StoredReports,
        texts: Texts,
        *,
        bot: int,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._broadcasts = BroadcastRepository(database, bot=bot)
        self._chats = ChatRepository(database)
        self._sender = sender
        self._slot = slot
        self._reports = reports
        self._texts = texts
        self._bot = bot
        self._clock = clock or Clock()
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look at once: one has begun."""
        self._news.set()

    async def run(self) -> None:
        """Send whatever goes on, until cancelled."""
        while True:
            self._news.clear()
            look_again = self._database.shared
            try:
                if await self._database.try_advisory_lock(f"broadcast {self._bot}"):
                    while (broadcast := await self._broadcasts.running()) is not None:
                        await self._send_next(broadcast)
            except StorageUnavailable as error:
                logger.info("A broadcast waits for the database: %s", error)
                look_again = True
            if look_again:
                await self._clock.wait(self._news, LOOK_INTERVAL)
            else:
                await self._news.wait()

    async def _send_next(self, broadcast: Broadcast) -> None:
        """Write to one more chat, or report that there is none left."""
        chat = await self._broadcasts.next_chat(broadcast.id)
        if chat is None:
            await self._report(broadcast)
            return
        try:
            outcome = await self._send(chat, _read(broadcast.message))
        except MessageNotFound:
            await self._give_up(broadcast)
            return
        if outcome == "blocked":
            await self._remember_blocked(chat)
        await self._broadcasts.note(broadcast.id, chat, outcome)
        await self._clock.sleep(SEND_INTERVAL)

    async def _send(self, chat: int, what: Formatted | MessageCopy) -> Outcome:
        """Write to a chat until it is known what became of it. Raises MessageNotFound: the copied message is gone."""
        tries = 0
        while True:
            try:
                async with self._slot(chat):
                    await self._send_once(Destination(chat, private=chat > 0), what)
            except FloodWait as problem:
                await self._clock.sleep(problem.seconds)
            except AmbiguousOutcome:
                tries += 1
                if tries == MAX_TRIES:
                    return "failed"
                await self._clock.sleep(2.0**tries)
            except MessageNotFound:
                raise
            except MediaForbidden as problem:
                logger.info("chat %d: no broadcast: %s", chat, problem)
                return "failed"  # text may go there all the same
            except ChatUnavailable:
                return "blocked"
            except (TelegramProblem, ChatMigrated) as problem:
                logger.info("chat %d: no broadcast: %s: %s", chat, type(problem).__name__, problem)
                return "failed"
            else:
                return "sent"

    async def _send_once(self, to: Destination, what: Formatted | MessageCopy) -> None:
        if isinstance(what, MessageCopy):
            await self._sender.copy(to, what.chat, what.message_id, caption=what.caption)
        else:
            await self._sender.send(to, what)

    async def _remember_blocked(self, chat: int) -> None:
        """Nothing can be said there any more, until Telegram tells of a change."""
        known = await self._chats.get(self._bot, chat) or Chat(chat, "private" if chat > 0 else "supergroup")
        await self._chats.put(self._bot, replace(known, writable=False))

    async def _report(self, broadcast: Broadcast) -> None:
        async with self._database.transaction():
            ended = await self._broadcasts.finish(broadcast.id)
            if ended is not None:
                await self._tell(ended, "broadcast-done")

    async def _give_up(self, broadcast: Broadcast) -> None:
        """End one whose message its admin has deleted meanwhile: nobody else can get it."""
        async with self._database.transaction():
            ended = await self._broadcasts.stop(broadcast.id)
            if ended is not None:
                await self._tell(ended, "broadcast-gone")

    async def _tell(self, ended: Broadcast, key: str) -> None:
        counts: dict[str, Any] = {"sent": ended.sent, "blocked": ended.blocked, "failed": ended.failed}
        text = self._texts.get(ended.language, key, **counts)
        await self._reports.enqueue(Destination(ended.admin, private=True), text)


def _read(message: dict[str, Any]) -> Formatted | MessageCopy:
    if "message_id" in message:
        return MessageCopy(**message)
    return Formatted(message["text"], tuple(Entity(**entity) for entity in message["entities"]))
