"""The budgets of one chat, its holds, and its answers in progress."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bot.rate_limits import cadence
from bot.rate_limits.requests import Priority, ReplyStream, Reservation, Resource
from bot.rate_limits.sliding_window import SlidingWindow
from bot.rate_limits.tiered_window import TieredWindow
from bot.rate_limits.token_bucket import TokenBucket

SLOWDOWN_DURATION = 60.0
"""Seconds after a hold during which changes go more slowly, ever less so."""
MAX_SLOWDOWN = 8.0
"""Factor by which a chat becomes slower than usual at the most."""
NEXT_MESSAGE_LEAD = 5.0
"""Seconds before a message in a group is full in which the next one's slot is kept."""
MAX_FINAL_WAIT = 0.25
"""Seconds that the end of an answer may wait for its last slot."""
DRAFT_RESERVE = 1
"""Slots that drafts leave to the last one, which makes the client put the message in the draft's stead."""


@dataclass(slots=True, eq=False)
class ChatBudget:
    """Meters of a chat, and everybody who spends from them."""

    messages: TokenBucket | SlidingWindow
    drafts: TieredWindow
    patient: bool = True
    """True where a message that has changed often changes less often from then on."""
    held_until: float = 0.0
    drafts_held_until: float = 0.0
    slowness: float = 1.0
    slowed_at: float = -math.inf
    tempo: float = cadence.UNKNOWN_TEMPO
    """Liveliness of the group: 0 where answers stand alone, 1 where they follow one another."""
    last_began: float = -math.inf
    """Time at which the last answer began."""
    streams: list[ReplyStream] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)
    """Those that wait or are under way."""

    def begin_answer(self, now: float) -> None:
        """Learn from when this answer begins how lively the group is."""
        if math.isfinite(self.last_began):
            self.tempo = cadence.learn_tempo(self.tempo, now - self.last_began)
        self.last_began = now

    def flooded(self, resource: Resource, seconds: float, now: float) -> None:
        """Pause what Telegram refused for so many seconds (429); messages go more slowly afterwards."""
        if resource is Resource.DRAFT:
            self.drafts_held_until = max(self.drafts_held_until, now + seconds)
            self.drafts.drain(now + seconds)
            return
        self.slowness = min(MAX_SLOWDOWN, 2.0 * self.slowdown(now))
        self.slowed_at = now
        self.hold(now + seconds)

    def hold(self, until: float) -> None:
        """Let nothing go until then, and little at once afterwards."""
        self.held_until = max(self.held_until, until)
        self.drain(until)

    def drain(self, at: float) -> None:
        """Spend most of what there is: only what comes back from `at` on may be used."""
        self.messages.drain(at)
        self.drafts.drain(at)

    def count_others(self, began: float, ended: float, now: float) -> None:
        """Count what another process may have spent at most while it wrote; in a group that is noted call by call."""
        if isinstance(self.messages, TokenBucket):
            self.messages.count_others(ended, now)
            self.drafts.count_others(began, ended, now)

    def count_calls(self, calls: list[float], now: float) -> None:
        """Count calls that other processes made, at these times; a bucket has no past."""
        if isinstance(self.messages, SlidingWindow):
            self.messages.count_calls(calls, now)

    def distrust(self, now: float) -> None:
        """Use little at first: another process may have spent anything until now, and nothing shows how much."""
        if isinstance(self.messages, TokenBucket):
            self.messages.count_others(now, now)
        self.drain(now)

    def release(self, now: float) -> None:
        """End every hold, and the slowness after one; go gently, as after a hold that ended by itself."""
        self.held_until = self.drafts_held_until = 0.0
        self.slowness, self.slowed_at = 1.0, -math.inf
        if isinstance(self.messages, SlidingWindow):
            self.messages = SlidingWindow(self.messages.window)
        else:
            self.messages = TokenBucket(self.messages.bucket, now)
        self.drafts = TieredWindow(self.drafts.limit)
        self.drain(now)

    def slowdown(self, now: float) -> float:
        """Factor by which changes go more slowly than usual: it falls to 1 while the chat takes everything again."""
        left = 1.0 - max(0.0, now - max(self.slowed_at, self.held_until)) / SLOWDOWN_DURATION
        return 1.0 + (self.slowness - 1.0) * max(0.0, left)

    def meter(self, resource: Resource) -> TokenBucket | SlidingWindow | TieredWindow:
        """Return the meter of a resource that has one."""
        return self.drafts if resource is Resource.DRAFT else self.messages

    def room_at(self, reservation: Reservation, now: float) -> float:
        """Time at which the chat has room for this reservation."""
        at = max(now, self.held_until)
        if reservation.resource is Resource.FREE:
            return at
        if reservation.resource is Resource.DRAFT:
            at = max(at, self.drafts_held_until)
        meter = self.meter(reservation.resource)
        at = max(at, meter.when(min(1 + self._kept_from(reservation, now), meter.size), now))
        if reservation.priority is Priority.CHANGE and reservation.stream is not None:
            at = max(at, reservation.stream.changed_at + self._gap(reservation.resource, reservation.stream, now))
        return at

    def note_change(self, reservation: Reservation, now: float) -> None:
        """Note what its stream shows with a reservation that was just granted, for the gap until the next change."""
        stream, drafting = reservation.stream, reservation.resource is Resource.DRAFT
        if stream is None:
            return
        if reservation.priority is Priority.CHANGE or drafting:
            stream.drafts = drafting
        if stream.drafts and not drafting:
            return
        reservation.before = stream.changed_at, stream.spare, stream.changes
        stream.changed_at = now
        if drafting:
            stream.spare = self.drafts.free_long(now)
        else:
            stream.spare = max(0.0, self.messages.free(now) - self.kept(now))
        begins = reservation.priority is Priority.FIRST and not drafting
        stream.changes = 1 if begins else stream.changes + 1

    def kept(self, now: float) -> float:
        """Slots that the answers in progress need for their final states, whenever they end."""
        return sum(stream.needs + self._next_message(stream, now) for stream in self.streams)

    def is_idle(self, now: float) -> bool:
        """Tell whether nothing of the chat has to be remembered."""
        rested = max(self.held_until, self.drafts_held_until, self.slowed_at, self.last_began) + SLOWDOWN_DURATION
        full = self.messages.free(now) >= self.messages.size and self.drafts.free(now) >= self.drafts.size
        return not self.reservations and not self.streams and rested <= now and full

    def _next_message(self, stream: ReplyStream, now: float) -> float:
        """Slots for the message after one that will be full soon, as far as they do not come by themselves."""
        if isinstance(self.messages, SlidingWindow):
            return 1.0 if stream.full_at - now < NEXT_MESSAGE_LEAD else 0.0
        coming = (max(0.0, stream.full_at - now) + MAX_FINAL_WAIT) * self.messages.bucket.per_second
        return max(0.0, 1.0 - coming)

    def _kept_from(self, reservation: Reservation, now: float) -> float:
        """Slots that this reservation has to leave free."""
        if reservation.priority is Priority.FINAL:
            return 0
        if reservation.resource is Resource.DRAFT:
            return DRAFT_RESERVE
        kept = self.kept(now)
        if reservation.priority is not Priority.FIRST or reservation.stream is None:
            return kept
        if isinstance(self.messages, TokenBucket):
            return kept - reservation.stream.needs  # a bucket has the next slot before an answer that begins can end
        return kept + 1  # what ends an answer that is still to be asked for matters more than this one's beginning

    def _gap(self, resource: Resource, stream: ReplyStream, now: float) -> float:
        """Seconds from a stream's last change to its next."""
        sharing = max(1, len(self.streams))
        if resource is Resource.DRAFT:
            return sharing * cadence.draft_gap(stream.spare, stream.changes, self.drafts.limit)
        sharing_slowly = sharing * self.slowdown(now)
        if isinstance(self.messages, SlidingWindow):
            returns_in = self.messages.when(self.messages.free(now) + 1, now) - now
            return sharing_slowly * cadence.window_gap(stream.spare, self.messages.window, self.tempo, returns_in)
        gap = cadence.bucket_gap(stream.spare, self.messages.bucket, stream.fills)
        if self.patient:
            gap = max(gap, cadence.patient_gap(stream.changes))
        return sharing_slowly * gap
