"""Slots in a chat's budget, granted among replicas: the chat's home answers there and so knows what is left of it.

Whoever wants to say something else in that chat, the answer to a command, asks the home for a slot first.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable
from itertools import count
from typing import Protocol

from bot.errors import FloodWait, StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning

logger = logging.getLogger(__name__)

SLOT_CHANNEL = "places"
ACKNOWLEDGE_TIMEOUT = 1.0
"""Seconds that the home has to say that it heard us; a dead one does not keep anybody waiting."""
SLOT_TIMEOUT = 90.0
"""Seconds that we wait for a slot at the most, once the home has heard us."""
MAX_GRANTING = 500
"""Requests of others that wait here at once; one more is not heard."""
MAX_REFUSAL = 86_400.0
"""Seconds for which a home may refuse at the most: it obeys Telegram no longer itself."""
MAX_OWNER_LENGTH = 200
"""Characters of the name of a process that asks; longer ones are no names of ours."""


class TakeSlot(Protocol):
    """Takes a slot in a chat's budget, in time. Raises FloodWait where that lasts too long."""

    def __call__(self, chat: int, *, distrusted: bool) -> Awaitable[None]:
        """`distrusted`: another process may have spent that budget."""


class ChatHomes(Protocol):
    """`Membership`, as far as slots need it."""

    bot: int
    partitioning: ChatPartitioning

    def inherits_budget(self, chat: int) -> bool:
        """Tell whether another process may have spent the budget of a chat that is at home here."""

    async def knows_homes(self, *, within: float) -> bool:
        """Tell whether this process knows whose chats are whose, or learns it within some seconds."""


class _SlotRequest:
    """A slot that was asked for."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def grant(self) -> None:
        """Let the message go."""
        self.heard.set()
        if not self.granted.done():
            self.granted.set_result(None)

    def refuse(self, seconds: float) -> None:
        """Let it wait for that long."""
        self.heard.set()
        if not self.granted.done():
            self.granted.set_exception(FloodWait("nothing may go there for long", seconds=seconds))
            self.granted.exception()  # seen, also where nobody waits for it any more


class RemoteSlotBroker:
    """Asks for slots in chats that are at home elsewhere."""

    def __init__(self, database: Database, homes: ChatHomes) -> None:
        self._database = database
        self._homes = homes
        self._requests: dict[int, _SlotRequest] = {}
        self._numbers = count()
        database.listen(SLOT_CHANNEL, self._hear)

    def keeps(self, chat: int) -> bool:
        """Tell whether a chat is at home here."""
        return self._homes.partitioning.of(chat) == self._homes.partitioning.me

    async def acquire(self, chat: int) -> bool:
        """Wait for a slot for one message, see `SlotBroker`. Without a word from the home it goes without one."""
        if not await self._homes.knows_homes(within=ACKNOWLEDGE_TIMEOUT):
            return False
        me, home = self._homes.partitioning.me, self._homes.partitioning.of(chat)
        if home == me:
            return not self._homes.inherits_budget(chat)
        number, request = next(self._numbers), _SlotRequest()
        self._requests[number] = request
        asked = {"bot": self._homes.bot, "to": home, "number": number, "do": "ask", "chat": chat, "who": me}
        try:
            await self._database.notify(SLOT_CHANNEL, json.dumps(asked))
            async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT):
                await request.heard.wait()
            async with asyncio.timeout(SLOT_TIMEOUT):
                await request.granted
        except (TimeoutError, StorageUnavailable):
            logger.info("chat %d: no word from its home, the message goes without a slot there", chat)
            return False
        finally:
            del self._requests[number]
        return True

    def _hear(self, payload: str) -> None:
        if not payload:  # something may have been missed: better without a slot than much later
            for waiting in self._requests.values():
                waiting.grant()
            return
        said = _read(payload, self._homes)
        number = said.get("number")
        request = self._requests.get(number) if isinstance(number, int) else None
        if request is None:
            return
        match said:
            case {"do": "grant"}:
                request.grant()
            case {"do": "refuse", "seconds": int() | float() as seconds} if math.isfinite(seconds):
                request.refuse(min(max(float(seconds), 0.0), MAX_REFUSAL))
            case {"do": "hear"}:
                request.heard.set()


class SlotLender:
    """Grants slots to other replicas in the chats that are at home here."""

    def __init__(self, database: Database, tasks: TaskSupervisor, homes: ChatHomes, *, take: TakeSlot) -> None:
        self._database = database
        self._tasks = tasks
        self._homes = homes
        self._take = take
        self._granting = 0
        database.listen(SLOT_CHANNEL, self._hear)

    def _hear(self, payload: str) -> None:
        match _read(payload, self._homes):
            case {"do": "ask", "who": str(who), "number": int(number), "chat": int(chat)}:
                if self._granting < MAX_GRANTING and len(who) <= MAX_OWNER_LENGTH:
                    self._granting += 1
                    self._tasks.start(self._lend(who, number, chat), name="lend a slot")

    async def _lend(self, to: str, number: int, chat: int) -> None:
        """Take a slot for somebody else, and say so."""
        try:
            taking = self._tasks.start(
                _taken(self._take, chat, distrusted=self._homes.inherits_budget(chat)),
                name="take a slot for another",
                awaited=True,
            )
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
            logger.warning("A slot could not be lent: %s", problem)
        finally:
            self._granting -= 1

    async def _say(self, to: str, number: int, **more: object) -> None:
        said = {"bot": self._homes.bot, "to": to, "number": number, **more}
        await self._database.notify(SLOT_CHANNEL, json.dumps(said))


async def _taken(take: TakeSlot, chat: int, *, distrusted: bool) -> None:
    await take(chat, distrusted=distrusted)


def _read(payload: str, homes: ChatHomes) -> dict[str, object]:
    """Read what was said to this process. Empty: it was for somebody else, or is nothing of ours."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict) or (said.get("bot"), said.get("to")) != (homes.bot, homes.partitioning.me):
        return {}
    return said
