"""Scheduling of calls to Telegram: the time of the next one, and whose it is.

Pure: `now` is passed in, in seconds of one monotonic clock. Only requests for slots queue here, never texts: the newest
text is rendered when the slot is granted. Requests are served in the order of `Priority`; among equals whoever has
waited longest comes first. Every answer in progress reserves the slots that it still needs for its final states, so
changes in between spread out as a budget runs low (`cadence.py`) instead of using up what the ends need.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count

from bot.rate_limits.bot_budget import BotBudget
from bot.rate_limits.cadence import FOLLOWING_INTERVAL
from bot.rate_limits.chat_budget import ChatBudget
from bot.rate_limits.limits import DRAFTS, GROUP, PRIVATE_CHAT, WHOLE_BOT, BucketLimit, TieredLimit, WindowLimit
from bot.rate_limits.requests import Priority, ReplyStream, Reservation, Resource
from bot.rate_limits.sliding_window import SlidingWindow
from bot.rate_limits.tiered_window import TieredWindow
from bot.rate_limits.token_bucket import TokenBucket

SWEEP_INTERVAL = 500
"""Requests after which chats that are at rest are forgotten."""


_Entry = tuple[Priority, float, int, Reservation]


class Scheduler:
    """The budgets of one bot, and everybody who waits for them."""

    def __init__(
        self,
        now: float,
        *,
        private: BucketLimit = PRIVATE_CHAT,
        group: WindowLimit = GROUP,
        bot: BucketLimit = WHOLE_BOT,
        drafts: TieredLimit = DRAFTS,
        patient_edits: bool = True,
    ) -> None:
        self._private, self._group, self._drafts, self._patient = private, group, drafts, patient_edits
        self._bot = BotBudget(bot, now)
        self._chats: dict[int, ChatBudget] = {}
        self._numbers = count()
        self._timers: list[tuple[float, int, Reservation]] = []
        self._ready: list[_Entry] = []
        self._beside: list[_Entry] = []
        """Those that spend nothing of the bot's budget, so that they never wait behind those that do."""

    def open(self, chat: int, now: float) -> ReplyStream:
        """Begin an answer in this chat."""
        stream = ReplyStream(chat)
        state = self._chat(chat, now)
        state.begin_answer(now)
        state.streams.append(stream)
        return stream

    def close(self, stream: ReplyStream, now: float) -> None:
        """End an answer: what it kept is free for others."""
        chat = self._chat(stream.chat, now)
        chat.streams.remove(stream)
        self._reschedule(chat, now)

    def need(self, stream: ReplyStream, slots: int, now: float, *, full_at: float, fills: float) -> None:
        """Keep so many slots for the stream's final states, and more as its message fills up."""
        changed = (stream.needs, stream.full_at, stream.fills) != (slots, full_at, fills)
        stream.needs, stream.full_at, stream.fills = slots, full_at, fills
        if changed:
            self._reschedule(self._chat(stream.chat, now), now)

    def request(
        self, chat: int, priority: Priority, resource: Resource, now: float, stream: ReplyStream | None = None
    ) -> Reservation:
        """Ask for a slot; `grants` gives it."""
        number = next(self._numbers)
        if number % SWEEP_INTERVAL == 0:
            self._forget_idle(now)
        reservation = Reservation(chat, priority, resource, now, stream, number)
        state = self._chat(chat, now)
        state.reservations.append(reservation)
        self._schedule(reservation, state, now)
        return reservation

    def take_at_once(self, chat: int, resource: Resource, now: float) -> Reservation | None:
        """Take a slot of a chat that is worth nothing later. None: there is no room now."""
        reservation = Reservation(chat, Priority.CHANGE, resource, now, None, next(self._numbers))
        state = self._chat(chat, now)
        if self._room_at(reservation, state, now) > now:
            return None
        state.reservations.append(reservation)
        self._grant(reservation, state, now)
        return reservation

    def hurry(self, reservation: Reservation, priority: Priority, now: float) -> None:
        """Let a waiting reservation wait as something more urgent; for a draft it is let through without a slot.

        No draft is worth showing any more then, and the message must not wait for one.
        """
        if not reservation.granted and priority < reservation.priority:
            reservation.priority = priority
            if reservation.resource is Resource.DRAFT:
                reservation.resource = Resource.FREE
            self._schedule(reservation, self._chat(reservation.chat, now), now)

    def withdraw(self, reservation: Reservation, now: float) -> None:
        """Take a request back, or a granted slot that was not used."""
        chat = self._chat(reservation.chat, now)
        if reservation in chat.reservations:
            chat.reservations.remove(reservation)
            for meter, slot in reservation.slots:
                meter.give_back(slot)
            if reservation.stream is not None and reservation.before is not None:
                stream = reservation.stream
                stream.changed_at, stream.spare, stream.changes = reservation.before
            reservation.granted = True  # so that no heap gives it out any more
            self._reschedule(chat, now)

    def answered(self, reservation: Reservation, now: float) -> None:
        """Note that the call with this reservation has ended, with whatever outcome."""
        chat = self._chat(reservation.chat, now)
        chat.reservations.remove(reservation)
        for meter, slot in reservation.slots:
            meter.answered(slot, now)
        self._reschedule(chat, now)

    def flooded(self, chat: int, resource: Resource, seconds: float, now: float) -> None:
        """Note that Telegram refused a call to this chat for so many seconds (429).

        A draft or a chat action pauses only its like in this chat.
        """
        self._chat(chat, now).flooded(resource, seconds, now)
        if resource is not Resource.DRAFT:
            self._bot.flooded(chat, seconds, now)

    def hold(self, chat: int, until: float, now: float) -> None:
        """Let nothing go to this chat until then, and little at once afterwards: an earlier run was held."""
        self._chat(chat, now).hold(until)

    def release(self, chat: int, now: float) -> None:
        """End the holds of this chat before their time."""
        state = self._chat(chat, now)
        state.release(now)
        self._reschedule(state, now)

    def held(self, chat: int, now: float) -> float:
        """Seconds for which nothing may go to this chat."""
        state = self._chats.get(chat)
        until = max(self._bot.held_until, state.held_until) if state else self._bot.held_until
        return max(0.0, until - now)

    def drafts_held(self, chat: int, now: float) -> float:
        """Seconds for which no draft and no chat action may go to this chat."""
        state = self._chats.get(chat)
        held = self.held(chat, now)
        return max(held, state.drafts_held_until - now) if state else held

    def tempo(self, chat: int, now: float) -> float:
        """Return how lively this group is, as far as it is known."""
        return self._chat(chat, now).tempo

    def know_tempo(self, chat: int, tempo: float, now: float) -> None:
        """Take over what was learned of a group before; its last answer began longer ago than one that follows."""
        state = self._chat(chat, now)
        state.tempo = min(1.0, max(0.0, tempo))
        state.last_began = now - 2 * FOLLOWING_INTERVAL

    def knows(self, chat: int) -> bool:
        """Tell whether this chat has not been at rest since it was first seen here."""
        return chat in self._chats

    def waiting(self, chat: int) -> Iterator[Reservation]:
        """Everybody who waits for a slot in this chat."""
        state = self._chats.get(chat)
        return (reservation for reservation in (state.reservations if state else ()) if not reservation.granted)

    @property
    def group_window(self) -> float:
        """Seconds after which a call to a group is forgotten."""
        return self._group.seconds

    def count_others(self, chat: int, began: float, ended: float, now: float) -> None:
        """Count what another process may have spent at most while it wrote in this private chat."""
        self._chat(chat, now).count_others(began, ended, now)

    def count_calls(self, chat: int, calls: list[float], now: float) -> None:
        """Count the calls that other processes made to this group, at these times."""
        self._chat(chat, now).count_calls(calls, now)

    def distrust(self, chat: int, now: float) -> None:
        """Use little of this chat's budget at first: another process may have spent it, and nothing shows how much."""
        self._chat(chat, now).distrust(now)

    def share(self, replicas: int, now: float) -> None:
        """Use one of so many equal shares of the bot's budget: each replica keeps its own chats."""
        self._bot.share(replicas, now)

    def grants(self, now: float) -> list[Reservation]:
        """Give out every slot that is free now, in order."""
        while self._timers and self._timers[0][0] <= now:
            due, _, reservation = heapq.heappop(self._timers)
            if not reservation.granted and reservation.due == due:
                self._compete(reservation)
        return [*self._granted_of(self._beside, now), *self._granted_of(self._ready, now)]

    def _granted_of(self, heap: list[_Entry], now: float) -> list[Reservation]:
        granted: list[Reservation] = []
        while heap:
            priority, _, _, reservation = heap[0]
            if reservation.granted or reservation.due or priority is not reservation.priority:
                heapq.heappop(heap)  # it was withdrawn, waits again, or waits elsewhere in this heap
                continue
            state = self._chats[reservation.chat]
            if self._chat_room_at(reservation, state, now) > now:
                heapq.heappop(heap)
                self._schedule(reservation, state, now)
            elif self._bot_room_at(reservation, now) > now:
                break
            else:
                heapq.heappop(heap)
                self._grant(reservation, state, now)
                granted.append(reservation)
        return granted

    def wake_at(self, now: float) -> float | None:
        """Time at which `grants` may have something to give. None: not before something happens."""
        while self._timers and (self._timers[0][2].granted or self._timers[0][2].due != self._timers[0][0]):
            heapq.heappop(self._timers)
        times = [self._timers[0][0]] if self._timers else []
        if self._ready:
            times.append(self._bot_room_at(self._ready[0][3], now))
        return min(times, default=None)

    def _grant(self, reservation: Reservation, chat: ChatBudget, now: float) -> None:
        reservation.granted = True
        if reservation.resource is Resource.FREE:
            return
        meter = chat.meter(reservation.resource)
        reservation.slots = [(meter, meter.take(now))]
        if reservation.resource is Resource.MESSAGE:
            reservation.slots.append((self._bot.meter, self._bot.meter.take(now)))
        chat.note_change(reservation, now)

    def _chat_room_at(self, reservation: Reservation, chat: ChatBudget, now: float) -> float:
        return max(chat.room_at(reservation, now), self._bot.held_until)

    def _bot_room_at(self, reservation: Reservation, now: float) -> float:
        """Time at which the bot's own budget has room for this reservation."""
        return self._bot.room_at(reservation.priority, now) if reservation.resource is Resource.MESSAGE else now

    def _room_at(self, reservation: Reservation, chat: ChatBudget, now: float) -> float:
        return max(self._chat_room_at(reservation, chat, now), self._bot_room_at(reservation, now))

    def _schedule(self, reservation: Reservation, chat: ChatBudget, now: float) -> None:
        """Let the reservation wait until its chat has room; then it competes for the bot's budget."""
        at = self._chat_room_at(reservation, chat, now)
        if at <= now:
            self._compete(reservation)
        elif reservation.due != at:
            reservation.due = at
            heapq.heappush(self._timers, (at, reservation.number, reservation))

    def _compete(self, reservation: Reservation) -> None:
        reservation.due = 0.0
        heap = self._ready if reservation.resource is Resource.MESSAGE else self._beside
        heapq.heappush(heap, (reservation.priority, reservation.since, reservation.number, reservation))

    def _reschedule(self, chat: ChatBudget, now: float) -> None:
        """Let those who wait for the chat's room go earlier where it has changed."""
        for reservation in chat.reservations:
            if not reservation.granted and reservation.due:
                self._schedule(reservation, chat, now)

    def _chat(self, chat: int, now: float) -> ChatBudget:
        state = self._chats.get(chat)
        if state is None:
            messages = SlidingWindow(self._group) if chat < 0 else TokenBucket(self._private, now)
            state = self._chats[chat] = ChatBudget(messages, TieredWindow(self._drafts), patient=self._patient)
        return state

    def _forget_idle(self, now: float) -> None:
        for number, chat in list(self._chats.items()):
            if chat.is_idle(now):
                del self._chats[number]
