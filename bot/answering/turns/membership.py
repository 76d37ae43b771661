"""Membership of this process among the replicas that share a database, and the chats that each is home to."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from bot.answering.turns.turn_context import steady_clock
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.leases import LEASE_DURATION
from bot.storage.turn_queue.others_writing import written_by_others
from bot.storage.turn_queue.replicas import ReplicaRepository

logger = logging.getLogger(__name__)

MAX_FORMER = 32
"""Changes of membership that are remembered at once; more of them within a minute are a fault of another kind."""
INHERITANCE = 60.0
"""Seconds for which a chat that has moved here may have a budget that its home before has spent: the longest window."""


@dataclass(slots=True)
class _FormerHomes:
    """The homes of chats until membership changed."""

    homes: ChatPartitioning
    until: float
    settled: set[int] = field(default_factory=set)
    """Chats whose budget was assumed spent since."""


class Membership:
    """Registers this process, sees who else lives, and inherits the turns of the dead.

    On SQLite there are no others, and nothing of this costs a query after the start. Every method raises
    StorageUnavailable.
    """

    def __init__(
        self,
        database: Database,
        queue: TurnRepository,
        *,
        bot: int,
        replica: str,
        lease_duration: float = LEASE_DURATION,
        clock: Callable[[], float] = steady_clock,
    ) -> None:
        self._database = database
        self._queue = queue
        self._replica = replica
        self._replicas = ReplicaRepository(database)
        self._lease_duration = lease_duration
        self._clock = clock
        self._before: deque[_FormerHomes] = deque(maxlen=MAX_FORMER)
        self._joined = False
        self._beat_at = clock()
        self._woke_at: float | None = None
        self._renewed = asyncio.Event()
        self._renewed_at = clock()
        self._alone, self._alone_since = True, clock()
        self._on_change: list[Callable[[int], None]] = []
        self.bot = bot
        self.partitioning = ChatPartitioning.among(f"{replica}/{uuid4().hex[:12]}", [])

    @property
    def me(self) -> str:
        """The owner's name in what this process claims: its replica and this start of it."""
        return self.partitioning.me

    def on_change(self, changed: Callable[[int], None]) -> None:
        """Call `changed` with the number of living processes whenever that is another one; on SQLite it never is."""
        self._on_change.append(changed)

    async def join(self) -> None:
        """Take back what this replica left when it died."""
        if not self._database.shared:
            await self._queue.take_back(self.bot)
        elif await self._hold_name():
            await self._replicas.sign_off(self.bot, f"{self._replica}/")
            await self._queue.take_back(self.bot, owner=f"{self._replica}/")
        else:
            logger.warning("Another process is called %s as well: give each replica a REPLICA name", self._replica)

    def beat(self) -> None:
        """Note that this process runs, whether the database can be reached or not."""
        self._notice_sleep()
        self._beat_at = self._clock()

    async def register(self) -> list[str]:
        """Say that this process lives, and queue what the dead left. Gives everybody who lives."""
        living = await self._replicas.register(self.bot, self.me, lease_duration=self._lease_duration)
        await self._queue.take_over(self.bot)
        return living

    async def update(self, living: list[str]) -> None:
        """Divide the chats among those who live, once it is committed that this process is one of them."""
        before, self.partitioning = self.partitioning, ChatPartitioning.among(self.me, living)
        self._remember(before)
        self._woke_at = None
        self._renewed_at = self._clock()
        self._renewed.set()
        if not self._alone:
            self._alone_since = self._clock()
        self._alone = len(self.partitioning.owners) == 1
        if len(self.partitioning.owners) != len(before.owners):
            for changed in self._on_change:
                changed(len(self.partitioning.owners))
        await self._hold_name()

    def is_home(self, chat: int) -> bool:
        """Tell whether a chat is at home here, as far as this process knows."""
        return self._knows_homes() and self.partitioning.of(chat) == self.me

    def speaks_for(self, chat: int, failing: float) -> bool:
        """Tell whether this process may say in a chat that an update could not be stored for so many seconds.

        Whose lease has run out may be the only one that cannot reach the database: others have taken its chats over,
        and write there. An update that still comes here a lease later found none of them who could store it.
        """
        leased = not self._database.shared or self._clock() < self._renewed_at + self._lease_duration
        alone = len(self.partitioning.owners) == 1
        return self.is_home(chat) and (leased or alone or failing >= self._lease_duration)

    async def knows_homes(self, *, within: float) -> bool:
        """Tell whether this process knows whose chats are whose, or learns it within some seconds.

        One that was frozen for as long as its lease lasts does not: the others took its chats over. Where it has run
        for that long again and still cannot reach the database, it is that which fails, for all of them.
        """
        if not self._knows_homes():
            try:
                async with asyncio.timeout(within):
                    await self._renewed.wait()
            except TimeoutError:
                pass
        return self._knows_homes()

    def inherits_budget(self, chat: int) -> bool:
        """Tell whether the former home of a chat that is at home here may have just spent its budget.

        True once for each move of a chat.
        """
        now = self._clock()
        inherited = False
        for former in self._before:
            if now < former.until and chat not in former.settled and former.homes.of(chat) != self.me:
                former.settled.add(chat)
                inherited = True
        return inherited

    async def written_by_others(self, chat: int, turn: int) -> Sequence[tuple[float, float]]:
        """Tell from when to when other processes wrote in a private chat within the longest window, in seconds ago.

        `turn`: the one that begins here. Who was alone for that long asks nobody. What they spent in a group is noted
        call by call (`bot/telegram/group_calls.py`).
        """
        if chat < 0:
            return ()
        if self._alone and self._clock() >= self._alone_since + INHERITANCE:
            return ()
        return await written_by_others(self._database, self.bot, chat, me=self.me, turn=turn, lately=INHERITANCE)

    def _knows_homes(self) -> bool:
        self._notice_sleep()
        return self._woke_at is None or self._clock() >= self._woke_at + self._lease_duration

    def _notice_sleep(self) -> None:
        """See whether this process was frozen: a heartbeat tries more often than that, also while it fails."""
        now = self._clock()
        if self._database.shared and now >= self._beat_at + self._lease_duration:
            self._beat_at = self._woke_at = now
            self._renewed.clear()

    def _remember(self, before: ChatPartitioning) -> None:
        """Keep the former homes; before a process joins, or wakes up, every chat is at home with the others."""
        if not self._joined or self._woke_at is not None:
            self._joined = True
            others = tuple(owner for owner in self.partitioning.owners if owner != self.me)
            before = ChatPartitioning(self.me, others) if others else self.partitioning
        if before.owners != self.partitioning.owners:
            self._before.append(_FormerHomes(before, self._clock() + INHERITANCE))

    async def leave(self) -> int:
        """Queue what this process still holds, and say that it has ended. Gives how many turns that were."""
        left = await self._queue.take_back(self.bot, owner=self.me)
        await self._replicas.sign_off(self.bot, self.me)
        return left

    async def _hold_name(self) -> bool:
        """As long as we live nobody of our name takes our turns back."""
        return await self._database.try_advisory_lock(f"replica {self.bot} {self._replica}")
