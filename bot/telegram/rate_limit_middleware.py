"""The gate: one aiogram request middleware through which every call to Telegram passes.

It knows what a call costs, lets it wait for its place in the budgets (`pacing.py`), keeps everything away from a chat
during a hold, and repeats what can be repeated. Who must render the newest text asks for a `slot` first: the call made
inside of it goes at once, and its failures come straight back. Any other call waits here, in front of Telegram.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Protocol, Self

from aiogram import Bot, methods
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.errors import FloodWait, Problem
from bot.rate_limits.scheduler import Priority, ReplyStream, Reservation, Resource, Scheduler
from bot.runtime.clock import Clock

logger = logging.getLogger(__name__)

MAX_HOLD_WAIT = 60.0
"""Seconds of a hold that a call without a slot waits out; a longer one is refused with FloodWait."""
DEFAULT_RETRY_AFTER = 3.0
"""Seconds of a hold where Telegram does not say how long it lasts."""
MIN_PERSISTED_HOLD = 15.0
"""Seconds from which a hold is stored, so that a restart does not forget it."""
MAX_TRIES = 4
"""How often a call is made whose failure may pass."""
BACKOFF = 0.5
"""Seconds before the second try; twice as long before each further one."""
BORROWED_SLOT_TIMEOUT = 2.0
"""Seconds after which a place that was lent to another process counts as used: its call has arrived by then."""
MAX_WAITING = 200
"""Calls without a slot that may wait in one chat; the next is refused with FloodWait."""

_NEVER_SENT = ("ClientConnector", "ClientProxyConnection", "ConnectionTimeout", "ProxyConnection", "ProxyTimeout")
"""How aiogram's text of a network error begins where no connection was made."""
_FREE = (
    methods.SendChatAction
    | methods.AnswerCallbackQuery
    | methods.DeleteMessage
    | methods.DeleteMessages
    | methods.SetMessageReaction
)
_DRAFTS = methods.SendMessageDraft | methods.SendRichMessageDraft
_REPEATABLE = ("Edit", "Delete", "SetMessageReaction", "SendMessageDraft", "StopPoll", "Pin", "Unpin")


class HoldMemory(Protocol):
    """Remembers holds across restarts."""

    async def hold(self, chat: int, until: float) -> None:
        """Store that nothing may go to this chat before `until` (Unix seconds)."""

    async def holds(self) -> dict[int, float]:
        """Every stored hold that may still last: chat → Unix seconds."""


class Slot:
    """A place in the budgets, for one call: `async with gate.slot(…):`. Whoever waits for it can be hurried."""

    def __init__(
        self, gate: RateLimitMiddleware, chat: int, kind: Priority, cost: Resource, stream: ReplyStream | None
    ) -> None:
        self._gate, self._request = gate, (chat, kind, cost, stream)
        self._reservation: Reservation | None = None
        self._token: Token[Slot | None] | None = None
        self.used = False

    async def __aenter__(self) -> Self:
        self._reservation = await self._gate.wait_for(*self._request)
        self._token = _held_slot.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _held_slot.reset(self._token)
        if not self.used and self._reservation is not None:
            self._gate.put_back(self._reservation)
            self._reservation = None  # whatever comes too late waits for a place of its own

    def use(self, chat: int, cost: Resource) -> Reservation | None:
        """Give the ticket to the call it was asked for, once."""
        if self.used or self._reservation is None or (self._reservation.chat, self._reservation.cost) != (chat, cost):
            return None
        self.used = True
        return self._reservation


_held_slot: ContextVar[Slot | None] = ContextVar("held_slot", default=None)
_concerns: ContextVar[int | None] = ContextVar("concerns", default=None)


@contextmanager
def for_chat(chat: int | None) -> Iterator[None]:
    """Tell the gate which chat the calls made in here are about, where they do not say it themselves."""
    token = _concerns.set(chat)
    try:
        yield
    finally:
        _concerns.reset(token)


class RateLimitMiddleware(BaseRequestMiddleware):
    """Register it with `bot.session.middleware(gate)`; one for a bot."""

    def __init__(self, scheduler: Scheduler, *, memory: HoldMemory | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._scheduler = scheduler
        self._memory = memory
        self.borrow: Callable[[int], Awaitable[None]] | None = None
        """Takes a place where the chat's budget is kept by another process; None: all are kept here."""
        self._waiters: dict[Reservation, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def load(self) -> None:
        """Take over the holds of an earlier run."""
        if self._memory is None:
            return
        now = self.clock.now()
        for chat, until in (await self._memory.holds()).items():
            self._scheduler.hold(chat, now + until - self.clock.unix(), now)

    @contextmanager
    def stream(self, chat: int) -> Iterator[ReplyStream]:
        """Count an answer in progress: places for its final states are kept free."""
        stream = self._scheduler.open(chat, self.clock.now())
        try:
            yield stream
        finally:
            self._scheduler.close(stream, self.clock.now())
            self._give_out()

    def need(self, stream: ReplyStream, places: int, *, full_at: float = math.inf, fills: float = math.inf) -> None:
        """Keep so many places free for the stream's final states, and more as its message fills up."""
        self._scheduler.need(stream, places, self.clock.now(), full_at=full_at, fills=fills)
        self._give_out()

    def slot(
        self, chat: int, kind: Priority, *, stream: ReplyStream | None = None, cost: Resource = Resource.MESSAGE
    ) -> Slot:
        """Wait for a place: `async with`, and one call in it. A refusal (429) comes out of the call as FloodWait."""
        return Slot(self, chat, kind, cost, stream)

    def hurry(self, stream: ReplyStream, kind: Priority) -> None:
        """Raise the priority of whoever waits for this stream; during a hold they get FloodWait."""
        left = self.held(stream.chat)
        for reservation in list(self._scheduler.waiting(stream.chat)):
            if reservation.stream is not stream:
                continue
            if left > 0:
                self._refuse(reservation, left)
            else:
                self._scheduler.hurry(reservation, kind, self.clock.now())
        self._give_out()

    def held(self, chat: int) -> float:
        """Seconds for which nothing may go to this chat."""
        return self._scheduler.held(chat, self.clock.now())

    async def until_free(self, stream: ReplyStream) -> None:
        """Wait until no hold keeps this stream's chat."""
        self.put_back(await self.wait_for(stream.chat, Priority.FINAL, Resource.FREE, stream))

    def assume_spent(self, chat: int) -> None:
        """A process that is gone has just written there: go gently, unless this one knows the chat's budget itself."""
        self._scheduler.assume_spent(chat, self.clock.now())

    def share(self, replicas: int) -> None:
        """Use one of so many equal shares of the bot's budget."""
        self._scheduler.share(max(1, replicas), self.clock.now())
        self._give_out()

    async def lend(self, chat: int) -> None:
        """Wait for a slot in a chat that another process will use. Raises FloodWait during a long hold."""
        self._refuse_impatient(chat)
        reservation = await self.wait_for(chat, Priority.ANSWER, Resource.MESSAGE, None)
        self.clock.call_later(BORROWED_SLOT_TIMEOUT, lambda: self._used(reservation))

    async def wait_for(self, chat: int, kind: Priority, cost: Resource, stream: ReplyStream | None) -> Reservation:
        """Wait until a slot is granted. Cancelling gives it up. Raises FloodWait where a long hold begins meanwhile."""
        reservation = self._scheduler.ask(chat, kind, cost, self.clock.now(), stream)
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
        return reservation

    def put_back(self, reservation: Reservation) -> None:
        """Give up a wish or an unused slot."""
        self._scheduler.withdraw(reservation, self.clock.now())
        self._give_out()

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        """Let the call wait for its place, make it, and see what came of it. Raises FloodWait during a hold."""
        chat, cost = _chat_of(method), _cost_of(method)
        if cost is None or chat is None:
            return await make_request(bot, method)
        if isinstance(method, methods.SendChatAction | methods.AnswerCallbackQuery):
            return await self._call_unmetered(make_request, bot, method, chat)
        slot = _held_slot.get()
        reservation = slot.use(chat, cost) if slot is not None else None
        if reservation is not None:
            return await self._go(make_request, bot, method, reservation)
        return await self._call_with_retries(make_request, bot, method, chat, cost)

    async def _call_unmetered(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        chat: int,
    ) -> Response[TelegramType]:
        """Make a call that costs nothing and is worth nothing later: during a hold it is refused."""
        left = self.held(chat)
        if left > 0:
            raise FloodWait("during a hold", seconds=left)
        try:
            return await make_request(bot, method)
        except TelegramAPIError as error:
            await self._apply_retry_after(chat, error)
            raise

    async def _go(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        reservation: Reservation,
    ) -> Response[TelegramType]:
        try:
            return await make_request(bot, method)
        except TelegramAPIError as error:
            await self._apply_retry_after(reservation.chat, error)
            raise
        finally:
            self._used(reservation)

    def _used(self, reservation: Reservation) -> None:
        """The call has arrived, with whatever outcome."""
        self._scheduler.answered(reservation, self.clock.now())
        self._give_out()

    async def _call_with_retries(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        chat: int,
        cost: Resource,
    ) -> Response[TelegramType]:
        """Make a call that nobody renders anew: it waits here, and is made again where that is safe and can help."""
        for tried in range(1, MAX_TRIES + 1):
            self._refuse_impatient(chat)
            if self.borrow is not None and cost is Resource.MESSAGE:
                await self.borrow(chat)
            reservation = await self.wait_for(chat, Priority.ANSWER, cost, None)
            try:
                return await self._go(make_request, bot, method, reservation)
            except TelegramRetryAfter:
                if tried == MAX_TRIES:
                    raise
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
                if tried == MAX_TRIES or not _may_repeat(method, error):
                    raise
                logger.info("%s will be made again: %s", method.__api_method__, type(error).__name__)
                await self.clock.sleep(BACKOFF * 2 ** (tried - 1))
        raise AssertionError("unreachable")

    def _refuse_impatient(self, chat: int) -> None:
        left = self.held(chat)
        crowd = sum(reservation.stream is None for reservation in self._scheduler.waiting(chat))
        if left > MAX_HOLD_WAIT or crowd >= MAX_WAITING:
            raise FloodWait("nothing may go there for long", seconds=max(left, 1.0))

    async def _apply_retry_after(self, chat: int, error: TelegramAPIError) -> None:
        """Hold the chat if that is what Telegram wants."""
        if isinstance(error, TelegramRetryAfter):
            await self._flooded(chat, error.retry_after)
        elif error.message.startswith("Too Many Requests"):  # without saying for how long in its parameters
            await self._flooded(chat, DEFAULT_RETRY_AFTER)

    async def _flooded(self, chat: int, seconds: float) -> None:
        logger.warning("chat %d: Telegram wants a pause of %d s", chat, seconds)
        self._scheduler.flooded(chat, seconds, self.clock.now())
        if seconds > MAX_HOLD_WAIT:
            for reservation in list(self._scheduler.waiting(chat)):
                self._refuse(reservation, seconds)
        self._give_out()
        if seconds >= MIN_PERSISTED_HOLD and self._memory is not None:
            try:
                await self._memory.hold(chat, self.clock.unix() + seconds)
            except Problem as error:
                logger.warning("the hold of chat %d could not be stored: %s", chat, error)

    def _refuse(self, reservation: Reservation, seconds: float) -> None:
        """Tell whoever waits for this ticket that it will take long."""
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


def _chat_of(method: TelegramMethod[TelegramType]) -> int | None:
    chat = getattr(method, "chat_id", None) or _concerns.get()
    return chat if isinstance(chat, int) else None


def _cost_of(method: TelegramMethod[TelegramType]) -> Resource | None:
    """What a call spends. None: it is no message, and passes untouched."""
    name = type(method).__name__
    if isinstance(method, _DRAFTS):
        return Resource.DRAFT
    if isinstance(method, _FREE):
        return Resource.FREE
    if name.startswith(("Send", "EditMessage", "CopyMessage", "ForwardMessage", "StopPoll")):
        return Resource.MESSAGE
    return None


def _may_repeat(method: TelegramMethod[TelegramType], error: Exception) -> bool:
    """Whether making the call again cannot double anything."""
    if isinstance(error, TelegramNetworkError) and error.message.startswith(_NEVER_SENT):
        return True
    return type(method).__name__.startswith(_REPEATABLE)
