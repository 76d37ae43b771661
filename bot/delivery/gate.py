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

from bot.delivery.clock import Clock
from bot.delivery.pacing import Cost, Kind, Pacer, Stream, Ticket
from bot.errors import Held, Problem

logger = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds of a hold that a call without a slot waits out; a longer one is refused with Held."""
UNTOLD_PAUSE = 3.0
"""Seconds of a hold where Telegram does not say how long it lasts."""
WORTH_STORING = 15.0
"""Seconds from which a hold is stored, so that a restart does not forget it."""
TRIES = 4
"""How often a call is made whose failure may pass."""
BACKOFF = 0.5
"""Seconds before the second try; twice as long before each further one."""
LENT = 2.0
"""Seconds after which a place that was lent to another process counts as used: its call has arrived by then."""
MOST_WAITING = 200
"""Calls without a slot that may wait in one chat; the next is refused with Held."""

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

    def __init__(self, gate: Gate, chat: int, kind: Kind, cost: Cost, stream: Stream | None) -> None:
        self._gate, self._wish = gate, (chat, kind, cost, stream)
        self._ticket: Ticket | None = None
        self._token: Token[Slot | None] | None = None
        self.used = False

    async def __aenter__(self) -> Self:
        self._ticket = await self._gate.wait_for(*self._wish)
        self._token = _held_slot.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _held_slot.reset(self._token)
        if not self.used and self._ticket is not None:
            self._gate.put_back(self._ticket)
            self._ticket = None  # whatever comes too late waits for a place of its own

    def use(self, chat: int, cost: Cost) -> Ticket | None:
        """Give the ticket to the call it was asked for, once."""
        if self.used or self._ticket is None or (self._ticket.chat, self._ticket.cost) != (chat, cost):
            return None
        self.used = True
        return self._ticket


_held_slot: ContextVar[Slot | None] = ContextVar("held_slot", default=None)
_concerns: ContextVar[int | None] = ContextVar("concerns", default=None)


@contextmanager
def concerning(chat: int | None) -> Iterator[None]:
    """Tell the gate which chat the calls made in here are about, where they do not say it themselves."""
    token = _concerns.set(chat)
    try:
        yield
    finally:
        _concerns.reset(token)


class Gate(BaseRequestMiddleware):
    """Register it with `bot.session.middleware(gate)`; one for a bot."""

    def __init__(self, pacer: Pacer, *, memory: HoldMemory | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._pacer = pacer
        self._memory = memory
        self.borrow: Callable[[int], Awaitable[None]] | None = None
        """Takes a place where the chat's budget is kept by another process; None: all are kept here."""
        self._waiters: dict[Ticket, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def load(self) -> None:
        """Take over the holds of an earlier run."""
        if self._memory is None:
            return
        now = self.clock.now()
        for chat, until in (await self._memory.holds()).items():
            self._pacer.hold(chat, now + until - self.clock.unix(), now)

    @contextmanager
    def stream(self, chat: int) -> Iterator[Stream]:
        """Count an answer in progress: places for its final states are kept free."""
        stream = self._pacer.open(chat, self.clock.now())
        try:
            yield stream
        finally:
            self._pacer.close(stream, self.clock.now())
            self._give_out()

    def need(self, stream: Stream, places: int, *, full_at: float = math.inf, fills: float = math.inf) -> None:
        """Keep so many places free for the stream's final states, and more as its message fills up."""
        self._pacer.need(stream, places, self.clock.now(), full_at=full_at, fills=fills)
        self._give_out()

    def slot(self, chat: int, kind: Kind, *, stream: Stream | None = None, cost: Cost = Cost.MESSAGE) -> Slot:
        """Wait for a place: `async with`, and one call in it. A refusal (429) comes out of the call as Held."""
        return Slot(self, chat, kind, cost, stream)

    def hurry(self, stream: Stream, kind: Kind) -> None:
        """Whoever waits for this stream has something more urgent to say now. During a hold they are told (Held)."""
        left = self.held(stream.chat)
        for ticket in list(self._pacer.waiting(stream.chat)):
            if ticket.stream is not stream:
                continue
            if left > 0:
                self._refuse(ticket, left)
            else:
                self._pacer.hurry(ticket, kind, self.clock.now())
        self._give_out()

    def held(self, chat: int) -> float:
        """Seconds for which nothing may go to this chat."""
        return self._pacer.held(chat, self.clock.now())

    async def until_free(self, stream: Stream) -> None:
        """Wait until no hold keeps this stream's chat."""
        self.put_back(await self.wait_for(stream.chat, Kind.FINAL, Cost.FREE, stream))

    def assume_spent(self, chat: int) -> None:
        """A process that is gone has just written there: go gently, unless this one knows the chat's budget itself."""
        self._pacer.assume_spent(chat, self.clock.now())

    def share(self, replicas: int) -> None:
        """Use one of so many equal shares of the bot's budget."""
        self._pacer.share(max(1, replicas), self.clock.now())
        self._give_out()

    async def lend(self, chat: int) -> None:
        """Wait for a place in a chat that another process will use. Raises Held where nothing may go there for long."""
        self._refuse_impatient(chat)
        ticket = await self.wait_for(chat, Kind.ANSWER, Cost.MESSAGE, None)
        self.clock.call_later(LENT, lambda: self._used(ticket))

    async def wait_for(self, chat: int, kind: Kind, cost: Cost, stream: Stream | None) -> Ticket:
        """Wait until a slot is granted. Cancelling gives it up. Raises Held where a long hold begins meanwhile."""
        ticket = self._pacer.ask(chat, kind, cost, self.clock.now(), stream)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[ticket] = waiter
        self._give_out()
        try:
            await waiter
        except BaseException:
            self.put_back(ticket)
            raise
        finally:
            self._waiters.pop(ticket, None)
        return ticket

    def put_back(self, ticket: Ticket) -> None:
        """Give up a wish or an unused slot."""
        self._pacer.withdraw(ticket, self.clock.now())
        self._give_out()

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        """Let the call wait for its place, make it, and see what came of it. Raises Held during a hold."""
        chat, cost = _chat_of(method), _cost_of(method)
        if cost is None or chat is None:
            return await make_request(bot, method)
        if isinstance(method, methods.SendChatAction | methods.AnswerCallbackQuery):
            return await self._in_passing(make_request, bot, method, chat)
        slot = _held_slot.get()
        ticket = slot.use(chat, cost) if slot is not None else None
        if ticket is not None:
            return await self._go(make_request, bot, method, ticket)
        return await self._patiently(make_request, bot, method, chat, cost)

    async def _in_passing(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        chat: int,
    ) -> Response[TelegramType]:
        """Make a call that costs nothing and is worth nothing later: during a hold it is refused."""
        left = self.held(chat)
        if left > 0:
            raise Held("during a hold", seconds=left)
        try:
            return await make_request(bot, method)
        except TelegramAPIError as error:
            await self._heed(chat, error)
            raise

    async def _go(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        ticket: Ticket,
    ) -> Response[TelegramType]:
        try:
            return await make_request(bot, method)
        except TelegramAPIError as error:
            await self._heed(ticket.chat, error)
            raise
        finally:
            self._used(ticket)

    def _used(self, ticket: Ticket) -> None:
        """The call has arrived, with whatever outcome."""
        self._pacer.answered(ticket, self.clock.now())
        self._give_out()

    async def _patiently(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        chat: int,
        cost: Cost,
    ) -> Response[TelegramType]:
        """Make a call that nobody renders anew: it waits here, and is made again where that is safe and can help."""
        for tried in range(1, TRIES + 1):
            self._refuse_impatient(chat)
            if self.borrow is not None and cost is Cost.MESSAGE:
                await self.borrow(chat)
            ticket = await self.wait_for(chat, Kind.ANSWER, cost, None)
            try:
                return await self._go(make_request, bot, method, ticket)
            except TelegramRetryAfter:
                if tried == TRIES:
                    raise
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
                if tried == TRIES or not _may_repeat(method, error):
                    raise
                logger.info("%s will be made again: %s", method.__api_method__, type(error).__name__)
                await self.clock.sleep(BACKOFF * 2 ** (tried - 1))
        raise AssertionError("unreachable")

    def _refuse_impatient(self, chat: int) -> None:
        left = self.held(chat)
        crowd = sum(ticket.stream is None for ticket in self._pacer.waiting(chat))
        if left > PATIENCE or crowd >= MOST_WAITING:
            raise Held("nothing may go there for long", seconds=max(left, 1.0))

    async def _heed(self, chat: int, error: TelegramAPIError) -> None:
        """Hold the chat if that is what Telegram wants."""
        if isinstance(error, TelegramRetryAfter):
            await self._flooded(chat, error.retry_after)
        elif error.message.startswith("Too Many Requests"):  # without saying for how long in its parameters
            await self._flooded(chat, UNTOLD_PAUSE)

    async def _flooded(self, chat: int, seconds: float) -> None:
        logger.warning("chat %d: Telegram wants a pause of %d s", chat, seconds)
        self._pacer.flooded(chat, seconds, self.clock.now())
        if seconds > PATIENCE:
            for ticket in list(self._pacer.waiting(chat)):
                self._refuse(ticket, seconds)
        self._give_out()
        if seconds >= WORTH_STORING and self._memory is not None:
            try:
                await self._memory.hold(chat, self.clock.unix() + seconds)
            except Problem as error:
                logger.warning("the hold of chat %d could not be stored: %s", chat, error)

    def _refuse(self, ticket: Ticket, seconds: float) -> None:
        """Tell whoever waits for this ticket that it will take long."""
        waiter = self._waiters.get(ticket)
        if waiter is not None and not waiter.done():
            waiter.set_exception(Held("nothing may go there for long", seconds=seconds))

    def _give_out(self) -> None:
        """Wake those whose turn it is, and come back when the next may go."""
        now = self.clock.now()
        for ticket in self._pacer.grants(now):
            waiter = self._waiters.get(ticket)
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._pacer.wake_at(now)
        if at is not None and not math.isinf(at):
            self._timer = self.clock.call_later(at - now, self._give_out)


def _chat_of(method: TelegramMethod[TelegramType]) -> int | None:
    chat = getattr(method, "chat_id", None) or _concerns.get()
    return chat if isinstance(chat, int) else None


def _cost_of(method: TelegramMethod[TelegramType]) -> Cost | None:
    """What a call spends. None: it is no message, and passes untouched."""
    name = type(method).__name__
    if isinstance(method, _DRAFTS):
        return Cost.DRAFT
    if isinstance(method, _FREE):
        return Cost.FREE
    if name.startswith(("Send", "EditMessage", "CopyMessage", "ForwardMessage", "StopPoll")):
        return Cost.MESSAGE
    return None


def _may_repeat(method: TelegramMethod[TelegramType], error: Exception) -> bool:
    """Whether making the call again cannot double anything."""
    if isinstance(error, TelegramNetworkError) and error.message.startswith(_NEVER_SENT):
        return True
    return type(method).__name__.startswith(_REPEATABLE)
