"""Places in a chat's budget, lent among replicas: the chat's home answers there and so knows what is left of it.

Whoever wants to say something else in that chat, the answer to a command, asks the home for a place first.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from itertools import count

from bot.answering.tasks import Tasks
from bot.errors import Held, StorageUnavailable
from bot.storage.homes import Homes
from bot.storage.store import Store

logger = logging.getLogger(__name__)

CHANNEL = "places"
SIGN_OF_LIFE = 1.0
"""Seconds that the home has to say that it heard us; a dead one does not keep anybody waiting."""
PATIENCE = 90.0
"""Seconds that we wait for a place at the most, once the home has heard us."""
MOST_LENT = 500
"""Wishes of others that wait here at once; one more is not heard."""

Place = Callable[[int], Awaitable[None]]
"""Takes a place in a chat's budget, in time. Raises Held where that lasts too long."""


class _Wish:
    """A place that was asked for."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Lending:
    """Asks for places in chats that are at home elsewhere, and lends them in those that are at home here."""

    def __init__(self, store: Store, tasks: Tasks, *, bot: int, homes: Callable[[], Homes], take: Place) -> None:
        self._store = store
        self._tasks = tasks
        self._bot = bot
        self._homes = homes
        self._take = take
        self._wishes: dict[int, _Wish] = {}
        self._numbers = count()
        self._lent = 0
        store.listen(CHANNEL, self._heard)

    async def borrow(self, chat: int) -> None:
        """Wait until the chat's home has a place for one message more. Raises Held where it has none for long."""
        homes = self._homes()
        home = homes.of(chat)
        if home == homes.me:
            return
        number, wish = next(self._numbers), _Wish()
        self._wishes[number] = wish
        try:
            await self._say(home, number, do="ask", chat=chat, who=homes.me)
            async with asyncio.timeout(SIGN_OF_LIFE):
                await wish.heard.wait()
            async with asyncio.timeout(PATIENCE):
                await wish.granted
        except (TimeoutError, StorageUnavailable):
            logger.info("chat %d: no word from its home, the message goes without a place there", chat)
        finally:
            del self._wishes[number]

    async def _say(self, to: str, number: int, **more: object) -> None:
        said = {"bot": self._bot, "to": to, "number": number, **more}
        await self._store.notify(CHANNEL, json.dumps(said))

    def _heard(self, payload: str) -> None:
        if not payload:
            self._wait_no_longer()
            return
        said = json.loads(payload)
        if (said.get("bot"), said.get("to")) != (self._bot, self._homes().me):
            return
        if said["do"] == "ask":
            if self._lent < MOST_LENT:
                self._lent += 1
                self._tasks.start(self._lend(said["who"], said["number"], said["chat"]), name="lend a place")
            return
        wish = self._wishes.get(said["number"])
        if wish is None:
            return
        wish.heard.set()
        if said["do"] == "grant" and not wish.granted.done():
            wish.granted.set_result(None)
        elif said["do"] == "refuse" and not wish.granted.done():
            wish.granted.set_exception(Held("nothing may go there for long", seconds=said["seconds"]))

    def _wait_no_longer(self) -> None:
        """Something may have been missed: better without a place than much later."""
        for wish in self._wishes.values():
            wish.heard.set()
            if not wish.granted.done():
                wish.granted.set_result(None)

    async def _lend(self, to: str, number: int, chat: int) -> None:
        """Take a place for somebody else, and say so."""
        try:
            taking = asyncio.ensure_future(self._take(chat))
            try:
                ended, _ = await asyncio.wait([taking], timeout=SIGN_OF_LIFE / 4)
                if not ended:
                    await self._say(to, number, do="hear")
                await taking
            finally:
                taking.cancel()
            await self._say(to, number, do="grant")
        except Held as problem:
            await self._say(to, number, do="refuse", seconds=problem.seconds)
        except StorageUnavailable as problem:
            logger.warning("A place could not be lent: %s", problem)
        finally:
            self._lent -= 1
