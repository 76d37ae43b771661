"""Places in a chat's budget, lent among replicas: the chat's home answers there and so knows what is left of it.

Whoever wants to say something else in that chat, the answer to a command, asks the home for a place first.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from itertools import count

from bot.errors import FloodWait, StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning

logger = logging.getLogger(__name__)

CHANNEL = "places"
ACKNOWLEDGE_TIMEOUT = 1.0
"""Seconds that the home has to say that it heard us; a dead one does not keep anybody waiting."""
PASTE_WAIT = 90.0
"""Seconds that we wait for a place at the most, once the home has heard us."""
MAX_GRANTING = 500
"""Wishes of others that wait here at once; one more is not heard."""

Destination = Callable[[int], Awaitable[None]]
"""Takes a place in a chat's budget, in time. Raises FloodWait where that lasts too long."""


class SlotRequest:
    """A place that was asked for."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class RemoteSlotBroker:
    """Asks for places in chats that are at home elsewhere, and lends them in those that are at home here."""

    def __init__(
        self,
        database: Database,
        tasks: TaskSupervisor,
        *,
        bot: int,
        partitioning: Callable[[], ChatPartitioning],
        take: Destination,
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._bot = bot
        self._partitioning = partitioning
        self._take = take
        self._requests: dict[int, SlotRequest] = {}
        self._numbers = count()
        self._lent = 0
        database.listen(CHANNEL, self._heard)

    async def acquire(self, chat: int) -> None:
        """Wait until the chat's home has a place for one message more. Raises FloodWait where it has none for long."""
        partitioning = self._partitioning()
        home = partitioning.of(chat)
        if home == partitioning.me:
            return
        number, request = next(self._numbers), SlotRequest()
        self._requests[number] = request
        try:
            await self._say(home, number, do="ask", chat=chat, who=partitioning.me)
            async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT):
                await request.heard.wait()
            async with asyncio.timeout(PASTE_WAIT):
                await request.granted
        except (TimeoutError, StorageUnavailable):
            logger.info("chat %d: no word from its home, the message goes without a place there", chat)
        finally:
            del self._requests[number]

    async def _say(self, to: str, number: int, **more: object) -> None:
        said = {"bot": self._bot, "to": to, "number": number, **more}
        await self._database.notify(CHANNEL, json.dumps(said))

    def _heard(self, payload: str) -> None:
        if not payload:
            self._wait_no_longer()
            return
        said = json.loads(payload)
        if (said.get("bot"), said.get("to")) != (self._bot, self._partitioning().me):
            return
        if said["do"] == "ask":
            if self._lent < MAX_GRANTING:
                self._lent += 1
                self._tasks.start(self._lend(said["who"], said["number"], said["chat"]), name="lend a place")
            return
        request = self._requests.get(said["number"])
        if request is None:
            return
        request.heard.set()
        if said["do"] == "grant" and not request.granted.done():
            request.granted.set_result(None)
        elif said["do"] == "refuse" and not request.granted.done():
            request.granted.set_exception(FloodWait("nothing may go there for long", seconds=said["seconds"]))

    def _wait_no_longer(self) -> None:
        """Something may have been missed: better without a place than much later."""
        for request in self._requests.values():
            request.heard.set()
            if not request.granted.done():
                request.granted.set_result(None)

    async def _lend(self, to: str, number: int, chat: int) -> None:
        """Take a place for somebody else, and say so."""
        try:
            taking = asyncio.ensure_future(self._take(chat))
            try:
                ended, _ = await asyncio.wait([taking], timeout=ACKNOWLEDGE_TIMEOUT / 4)
                if not ended:
                    await self._say(to, number, do="hear")
                await taking
            finally:
                taking.cancel()
            await self._say(to, number, do="grant")
        except FloodWait as problem:
            await self._say(to, number, do="refuse", seconds=problem.seconds)
        except StorageUnavailable as problem:
            logger.warning("A place could not be lent: %s", problem)
        finally:
            self._lent -= 1
