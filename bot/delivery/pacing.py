"""When may the next call to Telegram go, and whose is it? Pure: `now` is passed in, in seconds of one clock.

Nothing queues up here but the wish to say something: a waiter asks for a slot, and renders the newest text when it is
granted. Among waiters the order is that of `Kind`; among equals whoever has waited longest comes first. Every answer in
progress keeps the places that it still needs for its final states, so changes in between spread out as a budget runs
low (`cadence.py`) instead of using up what the ends need.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from itertools import count

from bot.delivery.budgets import DRAFTS, GROUP, PRIVATE_CHAT, WHOLE_BOT, Bucket, Window
from bot.delivery.cadence import bucket_gap, window_gap
from bot.delivery.meters import BucketMeter, Meter, WindowMeter

SLOWED_FOR = 60.0
"""Seconds after a hold during which changes go more slowly, ever less so."""
SLOWEST = 8.0
"""How many times slower than usual a chat becomes at the most."""
FLOODED_TOGETHER = 3
"""So many chats held within `TOGETHER` seconds mean that the bot's own budget is meant."""
TOGETHER = 5.0
BOT_HOLD = 10.0
"""Seconds for which the whole bot pauses then, at the most."""
KEPT_FOR_THE_BOT = 6
"""Places of the bot's budget that changes leave to what is more urgent."""
SOON = 5.0
"""Seconds before a message in a group is full in which the next one's place is kept."""
BEARABLE = 0.25
"""Seconds that the end of an answer may wait for its last place."""
SWEEP_EVERY = 500
"""Askings after which chats that are at rest are forgotten."""


class Kind(IntEnum):
    """What a call is for: the order of waiting."""

    FINAL = auto()
    """A final state: the end of an answer."""
    FIRST = auto()
    """The first text of a message."""
    ANSWER = auto()
    """The answer to a command or a button."""
    CHANGE = auto()
    """A change in between: more text of an answer that goes on."""


class Cost(Enum):
    """Which of the chat's budgets a call spends; both also spend the bot's."""

    MESSAGE = auto()
    DRAFT = auto()
    FREE = auto()
    """None, but nothing goes during a hold."""


@dataclass(slots=True, eq=False)
class Stream:
    """An answer in progress: it keeps `needs` places free for its final states."""

    chat: int
    needs: int = 1
    full_at: float = math.inf
    """When it will need another message, as far as anybody can tell."""
    fills: float = math.inf
    """Seconds in which it fills a message: each costs a call more."""
    changed: tuple[float, float] = (-math.inf, 0.0)
    """When its last change went, and the places that were to spare after it."""
    drafts: bool = False
    """Its changes are drafts, and full messages have a budget of their own."""


@dataclass(slots=True, eq=False)
class Ticket:
    """Somebody's wish for a slot, from asking to the answer of the call."""

    chat: int
    kind: Kind
    cost: Cost
    since: float
    stream: Stream | None
    number: int
    due: float = 0.0
    granted: bool = False
    changed_before: tuple[float, float] | None = None
    """The stream's last change before this one was granted."""
    places: list[tuple[Meter, int]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Chat:
    messages: BucketMeter | WindowMeter
    drafts: BucketMeter
    held_until: float = 0.0
    slowness: float = 1.0
    slowed_at: float = 0.0
    streams: list[Stream] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    """Those that wait or are under way."""

    def kept(self, now: float) -> float:
        """Places that the answers in progress need for their final states, whenever they end."""
        return sum(stream.needs + self._more(stream, now) for stream in self.streams)

    def _more(self, stream: Stream, now: float) -> float:
        """Places that a message needs which will be full soon: the next one, as far as it does not come by itself."""
        if isinstance(self.messages, WindowMeter):
            return 1.0 if stream.full_at - now < SOON else 0.0
        coming = (max(0.0, stream.full_at - now) + BEARABLE) * self.messages.bucket.per_second
        return max(0.0, 1.0 - coming)

    def slowed(self, now: float) -> float:
        """How many times slower than usual changes go."""
        left = 1.0 - max(0.0, now - max(self.slowed_at, self.held_until)) / SLOWED_FOR
        return 1.0 + (self.slowness - 1.0) * max(0.0, left)


class Pacer:
    """The budgets of one bot, and everybody who waits for them."""

    def __init__(
        self,
        now: float,
        *,
        private: Bucket = PRIVATE_CHAT,
        group: Window = GROUP,
        bot: Bucket = WHOLE_BOT,
        drafts: Bucket = DRAFTS,
    ) -> None:
        self._private, self._group, self._drafts, self._whole = private, group, drafts, bot
        self._bot = BucketMeter(bot, now)
        self._held_until = 0.0
        self._chats: dict[int, _Chat] = {}
        self._floods: deque[tuple[float, int]] = deque()
        self._numbers = count()
        self._timers: list[tuple[float, int, Ticket]] = []
        self._ready: list[tuple[Kind, float, int, Ticket]] = []

    def open(self, chat: int, now: float) -> Stream:
        """Begin an answer in this chat."""
        stream = Stream(chat)
        self._chat(chat, now).streams.append(stream)
        return stream

    def close(self, stream: Stream, now: float) -> None:
        """End it: what it kept is free for others."""
        chat = self._chat(stream.chat, now)
        chat.streams.remove(stream)
        self._look_again(chat, now)

    def need(
        self, stream: Stream, places: int, now: float, *, full_at: float = math.inf, fills: float = math.inf
    ) -> None:
        """Keep so many places for the stream's final states, and more as its message fills up."""
        changed = (stream.needs, stream.full_at, stream.fills) != (places, full_at, fills)
        stream.needs, stream.full_at, stream.fills = places, full_at, fills
        if changed:
            self._look_again(self._chat(stream.chat, now), now)

    def ask(self, chat: int, kind: Kind, cost: Cost, now: float, stream: Stream | None = None) -> Ticket:
        """Wish for a slot; `grants` gives it."""
        number = next(self._numbers)
        if number % SWEEP_EVERY == 0:
            self._forget_idle(now)
        ticket = Ticket(chat, kind, cost, now, stream, number)
        state = self._chat(chat, now)
        state.tickets.append(ticket)
        self._schedule(ticket, state, now)
        return ticket

    def hurry(self, ticket: Ticket, kind: Kind, now: float) -> None:
        """Let a waiting ticket wait as something more urgent; a wish for a draft is let through without a place."""
        if not ticket.granted and kind < ticket.kind:
            ticket.kind = kind
            if ticket.cost is Cost.DRAFT:
                ticket.cost = Cost.FREE  # no draft is worth showing any more, and the message must not wait for it
            self._schedule(ticket, self._chat(ticket.chat, now), now)

    def withdraw(self, ticket: Ticket, now: float) -> None:
        """Take a wish back, or a granted slot that was not used."""
        chat = self._chat(ticket.chat, now)
        if ticket in chat.tickets:
            chat.tickets.remove(ticket)
            for meter, place in ticket.places:
                meter.give_back(place)
            if ticket.stream is not None and ticket.changed_before is not None:
                ticket.stream.changed = ticket.changed_before
            ticket.granted = True  # so that no heap gives it out any more
            self._look_again(chat, now)

    def answered(self, ticket: Ticket, now: float) -> None:
        """The call of this ticket has ended, with whatever outcome."""
        chat = self._chat(ticket.chat, now)
        chat.tickets.remove(ticket)
        for meter, place in ticket.places:
            meter.answered(place, now)
        self._look_again(chat, now)

    def flooded(self, chat: int, seconds: float, now: float) -> None:
        """Telegram refused a call to this chat for so many seconds (429)."""
        state = self._chat(chat, now)
        state.slowness = min(SLOWEST, 2.0 * state.slowed(now))
        state.slowed_at = now
        self.hold(chat, now + seconds, now)
        self._floods.append((now, chat))
        while self._floods and self._floods[0][0] < now - TOGETHER:
            self._floods.popleft()
        if len({flooded for _, flooded in self._floods}) >= FLOODED_TOGETHER:
            self._held_until = max(self._held_until, now + min(seconds, BOT_HOLD))
            self._bot.tighten(self._held_until)
            self._floods.clear()

    def hold(self, chat: int, until: float, now: float) -> None:
        """Let nothing go to this chat until then, and little at once afterwards, also where an earlier run was held."""
        state = self._chat(chat, now)
        state.held_until = max(state.held_until, until)
        state.messages.tighten(until)
        state.drafts.tighten(until)

    def held(self, chat: int, now: float) -> float:
        """Seconds for which nothing may go to this chat."""
        state = self._chats.get(chat)
        return max(0.0, self._held_until - now, state.held_until - now if state else 0.0)

    def waiting(self, chat: int) -> Iterator[Ticket]:
        """Everybody who waits for a slot in this chat."""
        state = self._chats.get(chat)
        return (ticket for ticket in (state.tickets if state else ()) if not ticket.granted)

    def assume_spent(self, chat: int, now: float) -> None:
        """Another process has just written there, and nobody knows how much: use what comes back."""
        if chat not in self._chats:
            state = self._chat(chat, now)
            state.messages.tighten(now)
            state.drafts.tighten(now)

    def share(self, replicas: int, now: float) -> None:
        """Use one of so many equal shares of the bot's budget: each replica keeps its own chats."""
        whole = self._whole
        self._bot.resize(Bucket(max(1, whole.burst // replicas), whole.per_second / replicas), now)

    def grants(self, now: float) -> list[Ticket]:
        """Give out every slot that is free now, in order."""
        while self._timers and self._timers[0][0] <= now:
            due, _, ticket = heapq.heappop(self._timers)
            if not ticket.granted and ticket.due == due:
                ticket.due = 0.0
                heapq.heappush(self._ready, (ticket.kind, ticket.since, ticket.number, ticket))
        granted: list[Ticket] = []
        while self._ready:
            kind, _, _, ticket = self._ready[0]
            if ticket.granted or ticket.due or kind is not ticket.kind:
                heapq.heappop(self._ready)  # it was withdrawn, waits again, or waits elsewhere in this heap
                continue
            state = self._chats[ticket.chat]
            if self._free_at(ticket, state, now) > now:
                heapq.heappop(self._ready)
                self._schedule(ticket, state, now)
            elif self._bot_at(ticket, now) > now:
                break
            else:
                heapq.heappop(self._ready)
                self._grant(ticket, state, now)
                granted.append(ticket)
        return granted

    def wake_at(self, now: float) -> float | None:
        """When `grants` may have something to give. None: not before something happens."""
        while self._timers and (self._timers[0][2].granted or self._timers[0][2].due != self._timers[0][0]):
            heapq.heappop(self._timers)
        times = [self._timers[0][0]] if self._timers else []
        if self._ready:
            times.append(self._bot_at(self._ready[0][3], now))
        return min(times, default=None)

    def _grant(self, ticket: Ticket, chat: _Chat, now: float) -> None:
        ticket.granted = True
        if ticket.cost is Cost.FREE:
            return
        meter = chat.drafts if ticket.cost is Cost.DRAFT else chat.messages
        ticket.places = [(meter, meter.take(now)), (self._bot, self._bot.take(now))]
        stream = ticket.stream
        if stream is None:
            return
        if ticket.kind is Kind.CHANGE or ticket.cost is Cost.DRAFT:
            stream.drafts = ticket.cost is Cost.DRAFT
        if not stream.drafts or ticket.cost is Cost.DRAFT:
            ticket.changed_before = stream.changed
            kept = chat.kept(now) if meter is chat.messages else 0.0
            stream.changed = now, max(0.0, meter.free(now) - kept)

    def _gap(self, meter: BucketMeter | WindowMeter, chat: _Chat, stream: Stream, now: float) -> float:
        """Seconds from a stream's last change to its next."""
        sharing = max(1, len(chat.streams)) * chat.slowed(now)
        if isinstance(meter, WindowMeter):
            return sharing * window_gap(stream.changed[1], meter.window)
        fills = stream.fills if meter is chat.messages else math.inf
        return sharing * bucket_gap(stream.changed[1], meter.bucket, fills)

    def _free_at(self, ticket: Ticket, chat: _Chat, now: float) -> float:
        """When the chat has room for this ticket."""
        at = max(now, chat.held_until, self._held_until)
        if ticket.cost is not Cost.FREE:
            meter = chat.drafts if ticket.cost is Cost.DRAFT else chat.messages
            places = min(1 + self._kept_from(ticket, chat, now), meter.size)
            at = max(at, meter.when(places, now))
            if ticket.kind is Kind.CHANGE and ticket.stream is not None:
                at = max(at, ticket.stream.changed[0] + self._gap(meter, chat, ticket.stream, now))
        return at

    def _kept_from(self, ticket: Ticket, chat: _Chat, now: float) -> float:
        """Places that this ticket has to leave free in its chat."""
        if ticket.kind is Kind.FINAL or ticket.cost is Cost.DRAFT:
            return 0
        kept = chat.kept(now)
        if ticket.kind is not Kind.FIRST or ticket.stream is None:
            return kept
        if isinstance(chat.messages, BucketMeter):
            return kept - ticket.stream.needs  # a bucket has the next place before an answer that begins can end
        return kept + 1  # what ends an answer that is still to be asked for matters more than this one's beginning

    def _bot_at(self, ticket: Ticket, now: float) -> float:
        """When the bot's own budget has room for this ticket."""
        if ticket.cost is Cost.FREE:
            return now
        left = KEPT_FOR_THE_BOT if ticket.kind >= Kind.CHANGE else 0
        return self._bot.when(min(1 + left, self._bot.size), now)

    def _schedule(self, ticket: Ticket, chat: _Chat, now: float) -> None:
        """Let the ticket wait until its chat has room; then it competes for the bot's budget."""
        at = self._free_at(ticket, chat, now)
        if at <= now:
            ticket.due = 0.0
            heapq.heappush(self._ready, (ticket.kind, ticket.since, ticket.number, ticket))
        elif ticket.due != at:
            ticket.due = at
            heapq.heappush(self._timers, (at, ticket.number, ticket))

    def _look_again(self, chat: _Chat, now: float) -> None:
        """The chat's room has changed: its waiters may go earlier."""
        for ticket in chat.tickets:
            if not ticket.granted and ticket.due:
                self._schedule(ticket, chat, now)

    def _chat(self, chat: int, now: float) -> _Chat:
        state = self._chats.get(chat)
        if state is None:
            messages = WindowMeter(self._group) if chat < 0 else BucketMeter(self._private, now)
            state = self._chats[chat] = _Chat(messages, BucketMeter(self._drafts, now))
        return state

    def _forget_idle(self, now: float) -> None:
        """Drop the chats of which nothing has to be remembered."""
        for number, chat in list(self._chats.items()):
            busy = chat.tickets or chat.streams or max(chat.held_until, chat.slowed_at) + SLOWED_FOR > now
            full = chat.messages.free(now) >= chat.messages.size and chat.drafts.free(now) >= chat.drafts.size
            if not busy and full:
                del self._chats[number]
