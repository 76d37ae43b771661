"""Waiting for slots in the budgets: the scheduler's rules on the running loop, with its holds stored across restarts.

Whoever must render the newest text asks for a `slot` first: the call made inside of it goes at once, and its failures
come straight back. Every other call waits in the middleware, in front of Telegram.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from bot.errors import FloodWait, Problem
from bot.rate_limits.requests import Priority, ReplyStream, Reservation, Resource
from bot.rate_limits.scheduler import Scheduler
from bot.runtime.clock import Clock
from bot.runtime.observer import Observer
from bot.telegram.group_calls import GroupCalls, GroupCallStore

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_HOLD_WAIT = 60.0
"""Seconds of a hold that a call without a slot waits out; a longer one is refused with FloodWait."""
MIN_HOLD = 1.0
"""Seconds of the shortest hold: a server that says less would be asked again and again."""
MAX_HOLD = 86_400.0
"""Seconds of the longest hold, a day: the longest penalty ever reported is four hours, and a broken server says any."""
MIN_PERSISTED_HOLD = 15.0
"""Seconds from which a hold is stored, so that a restart does not forget it."""
BORROWED_SLOT_TIMEOUT = 2.0
"""Seconds after which a slot that was lent to another process counts as used: its call has arrived by then."""
MAX_WAITING = 200
"""Calls without a slot that may wait in one chat; the next is refused with FloodWait."""


class PacingStore(GroupCallStore, Protocol):
    """Remembers across restarts what pacing has learned. Raises StorageUnavailable."""

    async def hold(self, chat: int, until: float) -> None:
        """Store that nothing may go to this chat before `until` (Unix seconds)."""

    async def holds(self) -> dict[int, float]:
        """Every stored hold that may still last: chat → Unix seconds."""

    async def tempo(self, chat: int) -> float | None:
        """Return how lively a group is, 0 to 1. None: nothing was learned yet."""

    async def set_tempo(self, chat: int, tempo: float) -> None:
        """Store how lively a group is."""


class Slot:
    """A slot in the budgets, for one call: `async with slots.slot(…):`. Whoever waits for it can be hurried."""

    def __init__(
        self, slots: SlotAllocator, chat: int, priority: Priority, resource: Resource, stream: ReplyStream | None
    ) -> None:
        self._slots, self._request = slots, (chat, priority, resource, stream)
        self._reservation: Reservation | None = None
        self._token: Token[Slot | None] | None = None
        self.used = False

    async def __aenter__(self) -> Self:
        reservation = await self._slots.wait_for(*self._request)
        await self._slots.note(reservation)
        self._reservation = reservation
        self._token = _held_slot.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _held_slot.reset(self._token)
        if not self.used and self._reservation is not None:
            self._slots.put_back(self._reservation)
            self._reservation = None  # whatever comes too late waits for a slot of its own

    def use(self, chat: int, resource: Resource) -> Reservation | None:
        """Give the reservation to the call that it was made for, once."""
        reservation = self._reservation
        if self.used or reservation is None or (reservation.chat, reservation.resource) != (chat, resource):
            return None
        self.used = True
        return reservation


_held_slot: ContextVar[Slot | None] = ContextVar("held_slot", default=None)


def use_held_slot(chat: int, resource: Resource) -> Reservation | None:
    """Take the reservation of the slot around this call. None: there is none, or it is for something else."""
    slot = _held_slot.get()
    return slot.use(chat, resource) if slot is not None else None


def carry_slot(work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
    """Let `work` use the slot around this call although it runs as a task of its own, in a fresh context."""
    slot = _held_slot.get()

    async def carried() -> T:
        token = _held_slot.set(slot)
        try:
            return await work
        finally:
            _held_slot.reset(token)

    return carried()


class SlotAllocator:
    """Grants slots to those who wait for them; one for a bot."""

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        store: PacingStore | None = None,
        clock: Clock | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._observer = observer or Observer()
        self._scheduler = scheduler
        self._store = store
        self._group_calls = GroupCalls(store, scheduler, self.clock)
        self._waiters: dict[Reservation, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def load(self) -> None:
        """Take over the holds of an earlier run, none of them for longer than `MAX_HOLD`."""
        if self._store is None:
            return
        now = self.clock.now()
        for chat, until in (await self._store.holds()).items():
            left = until - self.clock.unix()
            if left > 0:
                self._scheduler.hold(chat, now + min(MAX_HOLD, left), now)

    async def recall(self, chat: int) -> None:
        """Take over what others spent in a group, and how lively it is; call it before an answer begins there."""
        if chat >= 0 or self._store is None:
            return
        known = self._scheduler.knows(chat)
        await self._group_calls.count_others(chat)
        if known:
            return
        try:
            tempo = await self._store.tempo(chat)
        except Problem as error:
            logger.warning("chat %d: how lively it is could not be read: %s", chat, error)
            return
        if tempo is not None and math.isfinite(tempo):
            self._scheduler.know_tempo(chat, tempo, self.clock.now())

    async def store_tempo(self, chat: int) -> None:
        """Store how lively a group is, once an answer has begun there."""
        if chat >= 0 or self._store is None:
            return
        try:
            await self._store.set_tempo(chat, self._scheduler.tempo(chat, self.clock.now()))
        except Problem as error:
            logger.warning("chat %d: how lively it is could not be stored: %s", chat, error)

    @contextmanager
    def stream(self, chat: int) -> Iterator[ReplyStream]:
        """Count an answer in progress: slots for its final states are kept free."""
        stream = self._scheduler.open(chat, self.clock.now())
        try:
            yield stream
        finally:
            self._scheduler.close(stream, self.clock.now())
            self._give_out()

    def need(self, stream: ReplyStream, slots: int, *, full_at: float = math.inf, fills: float = math.inf) -> None:
        """Keep so many slots free for the stream's final states, and more as its message fills up."""
        self._scheduler.need(stream, slots, self.clock.now(), full_at=full_at, fills=fills)
        self._give_out()

    def slot(
        self, chat: int, priority: Priority, *, stream: ReplyStream | None = None, resource: Resource = Resource.MESSAGE
    ) -> Slot:
        """Wait for a slot: `async with`, and one call in it. A refusal (429) comes out of the call as FloodWait."""
        return Slot(self, chat, priority, resource, stream)

    def hurry(self, stream: ReplyStream, priority: Priority) -> None:
        """Raise the priority of whoever waits for this stream; during a hold they get FloodWait."""
        left = self.held(stream.chat)
        for reservation in list(self._scheduler.waiting(stream.chat)):
            if reservation.stream is not stream:
                continue
            if left > 0:
                self._refuse(reservation, left)
            else:
                self._scheduler.hurry(reservation, priority, self.clock.now())
        self._give_out()

    def held(self, chat: int) -> float:
        """Seconds for which nothing may go to this chat."""
        return self._scheduler.held(chat, self.clock.now())

    def drafts_held(self, chat: int) -> float:
        """Seconds for which no draft and no chat action may go to this chat."""
        return self._scheduler.drafts_held(chat, self.clock.now())

    async def until_free(self, stream: ReplyStream) -> None:
        """Wait until no hold keeps this stream's chat."""
        self.put_back(await self.wait_for(stream.chat, Priority.FINAL, Resource.FREE, stream))

    def count_others(self, chat: int, spells: Sequence[tuple[float, float]]) -> None:
        """Count what other processes may have spent at most while they wrote: from when to when, in seconds ago."""
        now = self.clock.now()
        for began, ended in spells:
            self._scheduler.count_others(chat, now - began, now - ended, now)

    async def distrust(self, chat: int) -> None:
        """Count what another process spent in a chat; nothing shows how much in a private one: use little at first."""
        if chat < 0 and self._store is not None:
            await self._group_calls.count_others(chat)
        else:
            self._scheduler.distrust(chat, self.clock.now())

    async def note(self, reservation: Reservation) -> None:
        """Note the call that goes with a granted slot, for a process that may take the chat over.

        Cancelling gives the slot up.
        """
        if reservation.resource is not Resource.MESSAGE:
            return
        try:
            await self._group_calls.note(reservation.chat, patient=reservation.stream is not None)
        except BaseException:
            self.put_back(reservation)
            raise

    def share(self, replicas: int) -> None:
        """Use one of so many equal shares of the bot's budget."""
        self._scheduler.share(max(1, replicas), self.clock.now())
        self._give_out()

    async def lend(self, chat: int, *, distrusted: bool = False) -> None:
        """Wait for a slot in a chat that another process will use. Raises FloodWait during a long hold.

        `distrusted`: see `distrust`.
        """
        if distrusted:
            await self.distrust(chat)
        self.refuse_impatient(chat)
        reservation = await self.wait_for(chat, Priority.ANSWER, Resource.MESSAGE, None)
        await self.note(reservation)
        self.clock.call_later(BORROWED_SLOT_TIMEOUT, lambda: self.answered(reservation))

    async def release(self, chat: int) -> None:
        """End the hold of a chat before its time, also the stored one: an admin knows better.

        Raises StorageUnavailable; the chat is free here even so.
        """
        self._scheduler.release(chat, self.clock.now())
        self._give_out()
        if self._store is not None:
            await self._store.hold(chat, 0.0)

    async def wait_for(
        self, chat: int, priority: Priority, resource: Resource, stream: ReplyStream | None
    ) -> Reservation:
        """Wait until a slot is granted. Cancelling gives it up. Raises FloodWait where a long hold begins meanwhile."""
        if chat < 0 and not self._scheduler.knows(chat):
            await self._group_calls.count_others(chat)
        reservation = self._scheduler.request(chat, priority, resource, self.clock.now(), stream)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[reservation] = waiter
        self._give_out()
        try:
            await waiter
        except BaseException:
            self.put_back(reservation)
            raise
        finally:
            self._waiters.pop(reservation, None)
        waited = max(0.0, self.clock.now() - reservation.since)
        self._observer.slot_granted(reservation.resource.name.lower(), reservation.priority.name.lower(), waited)
        return reservation

    def take_at_once(self, chat: int, resource: Resource) -> Reservation:
        """Take a slot for what is worth nothing later. Raises FloodWait where there is none."""
        reservation = self._scheduler.take_at_once(chat, resource, self.clock.now())
        if reservation is None:
            raise FloodWait("no room for it", seconds=max(MIN_HOLD, self.drafts_held(chat)))
        return reservation

    def put_back(self, reservation: Reservation) -> None:
        """Give up a request or an unused slot."""
        self._scheduler.withdraw(reservation, self.clock.now())
        self._give_out()

    def answered(self, reservation: Reservation) -> None:
        """Note that the call has arrived, with whatever outcome."""
        self._scheduler.answered(reservation, self.clock.now())
        self._give_out()

    def refuse_impatient(self, chat: int) -> None:
        """Raise FloodWait where a call would have to wait for too long, or behind too many."""
        left = self.held(chat)
        crowd = sum(reservation.stream is None for reservation in self._scheduler.waiting(chat))
        if left > MAX_HOLD_WAIT or crowd >= MAX_WAITING:
            raise FloodWait("nothing may go there for long", seconds=max(left, MIN_HOLD))

    async def flooded(self, chat: int, resource: Resource, retry_after: float) -> None:
        """Hold what Telegram refused for so many seconds, within `MIN_HOLD` and `MAX_HOLD`."""
        seconds = clamp_retry_after(retry_after)
        if resource is Resource.DRAFT:
            logger.info("chat %d: Telegram wants no drafts and no chat actions for %d s", chat, seconds)
            self._scheduler.flooded(chat, resource, seconds, self.clock.now())
            self._give_out()
            return
        logger.warning("chat %d: Telegram wants a pause of %d s", chat, seconds)
        self._scheduler.flooded(chat, resource, seconds, self.clock.now())
        if seconds > MAX_HOLD_WAIT:
            for reservation in list(self._scheduler.waiting(chat)):
                self._refuse(reservation, seconds)
        self._give_out()
        if seconds >= MIN_PERSISTED_HOLD and self._store is not None:
            try:
                await self._store.hold(chat, self.clock.unix() + seconds)
            except Problem as error:
                logger.warning("the hold of chat %d could not be stored: %s", chat, error)

    def _refuse(self, reservation: Reservation, seconds: float) -> None:
        """Tell whoever waits for this reservation that it will take long."""
        waiter = self._waiters.get(reservation)
        if waiter is not None and not waiter.done():
            waiter.set_exception(FloodWait("nothing may go there for long", seconds=seconds))

    def _give_out(self) -> None:
        """Wake those whose turn it is, and come back when the next may go."""
        now = self.clock.now()
        for reservation in self._scheduler.grants(now):
            waiter = self._waiters.get(reservation)
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._scheduler.wake_at(now)
        if at is not None and not math.isinf(at):
            self._timer = self.clock.call_later(at - now, self._give_out)


def clamp_retry_after(seconds: float) -> float:
    """Bring what a server says into bounds; what is no number at all counts as the shortest hold."""
    return float(min(MAX_HOLD, seconds)) if seconds > MIN_HOLD else MIN_HOLD
