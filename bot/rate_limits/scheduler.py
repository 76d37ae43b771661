"""Scheduling of calls to Telegram: when the next one may go, and whose it is.

Pure: `now` is passed in, in seconds of one monotonic clock. Only slot requests queue here, never texts: the newest text
is rendered when the slot is granted. Requests are served in the order of `Priority`; among equals whoever has waited
longest comes first. Every answer in progress reserves the slots that it still needs for its final states, so changes in
between spread out as a budget runs low (`cadence.py`) instead of using up what the ends need.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from itertools import count

from bot.rate_limits.cadence import bucket_gap, window_gap
from bot.rate_limits.limits import DRAFTS, GROUP, PRIVATE_CHAT, WHOLE_BOT, BucketLimit, WindowLimit
from bot.rate_limits.meter import Meter
from bot.rate_limits.sliding_window import SlidingWindow
from bot.rate_limits.token_bucket import TokenBucket

SLOWDOWN_DURATION = 60.0
"""Seconds after a hold during which changes go more slowly, ever less so."""
MAX_SLOWDOWN = 8.0
"""How many times slower than usual a chat becomes at the most."""
FLOODED_CHATS = 3
"""So many chats held within `FLOOD_CORRELATION` seconds mean that the bot's own budget is meant."""
FLOOD_CORRELATION = 5.0
MAX_BOT_HOLD = 10.0
"""Seconds for which the whole bot pauses then, at the most."""
BOT_RESERVE = 6
"""Places of the bot's budget that changes leave to what is more urgent."""
NEXT_MESSAGE_LEAD = 5.0
"""Seconds before a message in a group is full in which the next one's place is kept."""
MAX_FINAL_WAIT = 0.25
"""Seconds that the end of an answer may wait for its last place."""
SWEEP_INTERVAL = 500
"""Askings after which chats that are at rest are forgotten."""


class Priority(IntEnum):
    """What a call is for: the order of waiting."""

    FINAL = auto()
    """A final state: the end of an answer."""
    FIRST = auto()
    """The first text of a message."""
    ANSWER = auto()
    """The answer to a command or a button."""
    CHANGE = auto()
    """A change in between: more text of an answer that goes on."""


class Resource(Enum):
    """Which of the chat's budgets a call spends; both also spend the bot's."""

    MESSAGE = auto()
    DRAFT = auto()
    FREE = auto()
    """None, but nothing goes during a hold."""


@dataclass(slots=True, eq=False)
class ReplyStream:
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
class Reservation:
    """Somebody's wish for a slot, from asking to the answer of the call."""

    chat: int
    kind: Priority
    cost: Resource
    since: float
    stream: ReplyStream | None
    number: int
    due: float = 0.0
    granted: bool = False
    changed_before: tuple[float, float] | None = None
    """The stream's last change before this one was granted."""
    places: list[tuple[Meter, int]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Chat:
    messages: TokenBucket | SlidingWindow
    drafts: TokenBucket
    held_until: float = 0.0
    slowness: float = 1.0
    slowed_at: float = 0.0
    streams: list[ReplyStream] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)
    """Those that wait or are under way."""

    def kept(self, now: float) -> float:
        """Places that the answers in progress need for their final states, whenever they end."""
        return sum(stream.needs + self._more(stream, now) for stream in self.streams)

    def _more(self, stream: ReplyStream, now: float) -> float:
        """Places that a message needs which will be full soon: the next one, as far as it does not come by itself."""
        if isinstance(self.messages, SlidingWindow):
            return 1.0 if stream.full_at - now < NEXT_MESSAGE_LEAD else 0.0
        coming = (max(0.0, stream.full_at - now) + MAX_FINAL_WAIT) * self.messages.bucket.per_second
        return max(0.0, 1.0 - coming)

    def slowed(self, now: float) -> float:
        """How many times slower than usual changes go."""
        left = 1.0 - max(0.0, now - max(self.slowed_at, self.held_until)) / SLOWDOWN_DURATION
        return 1.0 + (self.slowness - 1.0) * max(0.0, left)


class Scheduler:
    """The budgets of one bot, and everybody who waits for them."""

    def __init__(
        self,
        now: float,
        *,
        private: BucketLimit = PRIVATE_CHAT,
        group: WindowLimit = GROUP,
        bot: BucketLimit = WHOLE_BOT,
        drafts: BucketLimit = DRAFTS,
    ) -> None:
        self._private, self._group, self._drafts, self._whole = private, group, drafts, bot
        self._bot = TokenBucket(bot, now)
        self._held_until = 0.0
        self._chats: dict[int, _Chat] = {}
        self._floods: deque[tuple[float, int]] = deque()
        self._numbers = count()
        self._timers: list[tuple[float, int, Reservation]] = []
        self._ready: list[tuple[Priority, float, int, Reservation]] = []

    def open(self, chat: int, now: float) -> ReplyStream:
        """Begin an answer in this chat."""
        stream = ReplyStream(chat)
        self._chat(chat, now).streams.append(stream)
        return stream

    def close(self, stream: ReplyStream, now: float) -> None:
        """End it: what it kept is free for others."""
        chat = self._chat(stream.chat, now)
        chat.streams.remove(stream)
        self._look_again(chat, now)

    def need(
        self, stream: ReplyStream, places: int, now: float, *, full_at: float = math.inf, fills: float = math.inf
    ) -> None:
        """Keep so many places for the stream's final states, and more as its message fills up."""
        changed = (stream.needs, stream.full_at, stream.fills) != (places, full_at, fills)
        stream.needs, stream.full_at, stream.fills = places, full_at, fills
        if changed:
            self._look_again(self._chat(stream.chat, now), now)

    def ask(
        self, chat: int, kind: Priority, cost: Resource, now: float, stream: ReplyStream | None = None
    ) -> Reservation:
        """Wish for a slot; `grants` gives it."""
        number = next(self._numbers)
        if number % SWEEP_INTERVAL == 0:
            self._forget_idle(now)
        reservation = Reservation(chat, kind, cost, now, stream, number)
        state = self._chat(chat, now)
        state.reservations.append(reservation)
        self._schedule(reservation, state, now)
        return reservation

    def hurry(self, reservation: Reservation, kind: Priority, now: float) -> None:
        """Let a waiting ticket wait as something more urgent; a wish for a draft is let through without a place."""
        if not reservation.granted and kind < reservation.kind:
            reservation.kind = kind
            if reservation.cost is Resource.DRAFT:
                reservation.cost = (
                    Resource.FREE
                )  # no draft is worth showing any more, and the message must not wait for it
            self._schedule(reservation, self._chat(reservation.chat, now), now)

    def withdraw(self, reservation: Reservation, now: float) -> None:
        """Take a wish back, or a granted slot that was not used."""
        chat = self._chat(reservation.chat, now)
        if reservation in chat.reservations:
            chat.reservations.remove(reservation)
            for meter, place in reservation.places:
                meter.give_back(place)
            if reservation.stream is not None and reservation.changed_before is not None:
                reservation.stream.changed = reservation.changed_before
            reservation.granted = True  # so that no heap gives it out any more
            self._look_again(chat, now)

    def answered(self, reservation: Reservation, now: float) -> None:
        """The call of this ticket has ended, with whatever outcome."""
        chat = self._chat(reservation.chat, now)
        chat.reservations.remove(reservation)
        for meter, place in reservation.places:
            meter.answered(place, now)
        self._look_again(chat, now)

    def flooded(self, chat: int, seconds: float, now: float) -> None:
        """Telegram refused a call to this chat for so many seconds (429)."""
        state = self._chat(chat, now)
        state.slowness = min(MAX_SLOWDOWN, 2.0 * state.slowed(now))
        state.slowed_at = now
        self.hold(chat, now + seconds, now)
        self._floods.append((now, chat))
        while self._floods and self._floods[0][0] < now - FLOOD_CORRELATION:
            self._floods.popleft()
        if len({flooded for _, flooded in self._floods}) >= FLOODED_CHATS:
            self._held_until = max(self._held_until, now + min(seconds, MAX_BOT_HOLD))
            self._bot.drain(self._held_until)
            self._floods.clear()

    def hold(self, chat: int, until: float, now: float) -> None:
        """Let nothing go to this chat until then, and little at once afterwards, also where an earlier run was held."""
        state = self._chat(chat, now)
        state.held_until = max(state.held_until, until)
        state.messages.drain(until)
        state.drafts.drain(until)

    def held(self, chat: int, now: float) -> float:
        """Seconds for which nothing may go to this chat."""
        state = self._chats.get(chat)
        return max(0.0, self._held_until - now, state.held_until - now if state else 0.0)

    def waiting(self, chat: int) -> Iterator[Reservation]:
        """Everybody who waits for a slot in this chat."""
        state = self._chats.get(chat)
        return (reservation for reservation in (state.reservations if state else ()) if not reservation.granted)

    def assume_spent(self, chat: int, now: float) -> None:
        """Another process has just written there, and nobody knows how much: use what comes back."""
        if chat not in self._chats:
            state = self._chat(chat, now)
            state.messages.drain(now)
            state.drafts.drain(now)

    def share(self, replicas: int, now: float) -> None:
        """Use one of so many equal shares of the bot's budget: each replica keeps its own chats."""
        whole = self._whole
        self._bot.resize(BucketLimit(max(1, whole.burst // replicas), whole.per_second / replicas), now)

    def grants(self, now: float) -> list[Reservation]:
        """Give out every slot that is free now, in order."""
        while self._timers and self._timers[0][0] <= now:
            due, _, reservation = heapq.heappop(self._timers)
            if not reservation.granted and reservation.due == due:
                reservation.due = 0.0
                heapq.heappush(self._ready, (reservation.kind, reservation.since, reservation.number, reservation))
        granted: list[Reservation] = []
        while self._ready:
            kind, _, _, reservation = self._ready[0]
            if reservation.granted or reservation.due or kind is not reservation.kind:
                heapq.heappop(self._ready)  # it was withdrawn, waits again, or waits elsewhere in this heap
                continue
            state = self._chats[reservation.chat]
            if self._free_at(reservation, state, now) > now:
                heapq.heappop(self._ready)
                self._schedule(reservation, state, now)
            elif self._bot_at(reservation, now) > now:
                break
            else:
                heapq.heappop(self._ready)
                self._grant(reservation, state, now)
                granted.append(reservation)
        return granted

    def wake_at(self, now: float) -> float | None:
        """When `grants` may have something to give. None: not before something happens."""
        while self._timers and (self._timers[0][2].granted or self._timers[0][2].due != self._timers[0][0]):
            heapq.heappop(self._timers)
        times = [self._timers[0][0]] if self._timers else []
        if self._ready:
            times.append(self._bot_at(self._ready[0][3], now))
        return min(times, default=None)

    def _grant(self, reservation: Reservation, chat: _Chat, now: float) -> None:
        reservation.granted = True
        if reservation.cost is Resource.FREE:
            return
        meter = chat.drafts if reservation.cost is Resource.DRAFT else chat.messages
        reservation.places = [(meter, meter.take(now)), (self._bot, self._bot.take(now))]
        stream = reservation.stream
        if stream is None:
            return
        if reservation.kind is Priority.CHANGE or reservation.cost is Resource.DRAFT:
            stream.drafts = reservation.cost is Resource.DRAFT
        if not stream.drafts or reservation.cost is Resource.DRAFT:
            reservation.changed_before = stream.changed
            kept = chat.kept(now) if meter is chat.messages else 0.0
            stream.changed = now, max(0.0, meter.free(now) - kept)

    def _gap(self, meter: TokenBucket | SlidingWindow, chat: _Chat, stream: ReplyStream, now: float) -> float:
        """Seconds from a stream's last change to its next."""
        sharing = max(1, len(chat.streams)) * chat.slowed(now)
        if isinstance(meter, SlidingWindow):
            return sharing * window_gap(stream.changed[1], meter.window)
        fills = stream.fills if meter is chat.messages else math.inf
        return sharing * bucket_gap(stream.changed[1], meter.bucket, fills)

    def _free_at(self, reservation: Reservation, chat: _Chat, now: float) -> float:
        """When the chat has room for this ticket."""
        at = max(now, chat.held_until, self._held_until)
        if reservation.cost is not Resource.FREE:
            meter = chat.drafts if reservation.cost is Resource.DRAFT else chat.messages
            places = min(1 + self._kept_from(reservation, chat, now), meter.size)
            at = max(at, meter.when(places, now))
            if reservation.kind is Priority.CHANGE and reservation.stream is not None:
                at = max(at, reservation.stream.changed[0] + self._gap(meter, chat, reservation.stream, now))
        return at

    def _kept_from(self, reservation: Reservation, chat: _Chat, now: float) -> float:
        """Places that this ticket has to leave free in its chat."""
        if reservation.kind is Priority.FINAL or reservation.cost is Resource.DRAFT:
            return 0
        kept = chat.kept(now)
        if reservation.kind is not Priority.FIRST or reservation.stream is None:
            return kept
        if isinstance(chat.messages, TokenBucket):
            return kept - reservation.stream.needs  # a bucket has the next place before an answer that begins can end
        return kept + 1  # what ends an answer that is still to be asked for matters more than this one's beginning

    def _bot_at(self, reservation: Reservation, now: float) -> float:
        """When the bot's own budget has room for this ticket."""
        if reservation.cost is Resource.FREE:
            return now
        left = BOT_RESERVE if reservation.kind >= Priority.CHANGE else 0
        return self._bot.when(min(1 + left, self._bot.size), now)

    def _schedule(self, reservation: Reservation, chat: _Chat, now: float) -> None:
        """Let the ticket wait until its chat has room; then it competes for the bot's budget."""
        at = self._free_at(reservation, chat, now)
        if at <= now:
            reservation.due = 0.0
            heapq.heappush(self._ready, (reservation.kind, reservation.since, reservation.number, reservation))
        elif reservation.due != at:
            reservation.due = at
            heapq.heappush(self._timers, (at, reservation.number, reservation))

    def _look_again(self, chat: _Chat, now: float) -> None:
        """The chat's room has changed: its waiters may go earlier."""
        for reservation in chat.reservations:
            if not reservation.granted and reservation.due:
                self._schedule(reservation, chat, now)

    def _chat(self, chat: int, now: float) -> _Chat:
        state = self._chats.get(chat)
        if state is None:
            messages = SlidingWindow(self._group) if chat < 0 else TokenBucket(self._private, now)
            state = self._chats[chat] = _Chat(messages, TokenBucket(self._drafts, now))
        return state

    def _forget_idle(self, now: float) -> None:
        """Drop the chats of which nothing has to be remembered."""
        for number, chat in list(self._chats.items()):
            busy = chat.reservations or chat.streams or max(chat.held_until, chat.slowed_at) + SLOWDOWN_DURATION > now
            full = chat.messages.free(now) >= chat.messages.size and chat.drafts.free(now) >= chat.drafts.size
            if not busy and full:
                del self._chats[number]
