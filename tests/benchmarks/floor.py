"""The floor: the least mean delay of a character that the budgets allow for a stream, known whole beforehand.

Calls take no time, and a change shows everything written by then. The first text comes within 0.4 s, which is a rule of
the reply, not of the budgets: who asked sees at once that an answer comes. Changes may go at steps of a grid, one of
which is the end of the stream. What a change costs: one call; where the text has passed the end of a message since the
change before, one more for each (the full message gets its last edit, the next one is sent).

Alone: dynamic programming over the times of changes. For each step of the grid it keeps every pair (places left in the
budget, delay so far) that no other pair beats in both; from there each later step may be the next change.
- A bucket refills between changes and never beyond its size.
- A window of 20 in 60 s counts from the first byte: 20 places, and 20 more each 60 s later (a little more than the
  budget gives, so this is a lower bound). Answers one after another in a group share it, each complete at its end.
- Whoever answers in a group does not know who else will ask. So a single answer there has two floors: the one above,
  which spends all 20 places of the minute on it, and the one that leaves enough for four more (`floor_before_others`).
- Drafts have two windows of their own; each alone is a lower bound, and the higher one counts. Sends (one at the end of
  each message) are not counted: a lower bound as well.
- Nor does anybody know how long an answer will be. So an answer by drafts has a second floor: the one that leaves
  enough of the longer window for a whole minute to be at most `MINUTE_DELAY` late (`floor_before_more`).

Many at once, which share the bot's budget: a Lagrangian bound. Let C(t) = 30 + 30 t be the calls that the bot can have
made t seconds after the first byte, N the number of equal streams. For any prices m(s) >= 0 a change at time t costs
p(t) = the sum of m(s) over s >= t; then no schedule has a mean delay below
min(delay + prices paid) - sum m(s) C(s) / N.
The minimum is again dynamic programming, over changes up to N/30 + 2 s after the stream's end and without the chat's
own budget; the prices are found by projected subgradient steps, and the best bound counts.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Protocol

from bot.rate_limits.limits import DRAFTS, GROUP, PRIVATE_CHAT, WHOLE_BOT, BucketLimit, WindowLimit

STEPS = 200
"""Steps of the grid in one stream."""
PROMPT = 0.4
"""Seconds within which the first text of an answer comes."""
OTHERS = 4
"""Answers that may follow one in a group within the minute."""
WORTH = 1.25
"""How many times later than they must be answers may be."""
MINUTE = 60.0
"""Seconds to which an answer may grow that is shown by drafts."""
MINUTE_DELAY = 0.5
"""Mean delay of a minute of text by drafts, in seconds, that has to stay possible."""
ROUNDS = 300
"""Subgradient steps."""
_ROUNDING = 1e-9
Frontier = list[tuple[float, float]]
"""Pairs (places left, delay so far in character seconds)."""


@dataclass(frozen=True)
class ReplyStream:
    """When each character is written, and at which of them the messages end (the last one apart)."""

    times: Sequence[float]
    cuts: Sequence[int] = ()
    draft: bool = False


class _Places(Protocol):
    @property
    def full(self) -> float: ...

    def after(self, left: float, since: float, now: float) -> float: ...


@dataclass(frozen=True)
class _BucketPlaces:
    bucket: BucketLimit

    @property
    def full(self) -> float:
        return float(self.bucket.burst)

    def after(self, left: float, since: float, now: float) -> float:
        return min(self.full, left + (now - since) * self.bucket.per_second)


@dataclass(frozen=True)
class _WindowPlaces:
    window: WindowLimit
    begin: float

    @property
    def full(self) -> float:
        return float(self.window.count)

    def after(self, left: float, since: float, now: float) -> float:
        windows = self._number(now) - self._number(since)
        return left + windows * self.window.count

    def _number(self, at: float) -> int:
        return int((at - self.begin) / self.window.seconds)


class _Grid:
    """A stream on a grid of times, with the delays between any two of them."""

    def __init__(self, stream: ReplyStream, steps: int, *, beyond: float = 0.0) -> None:
        begin, end = stream.times[0], stream.times[-1]
        width = (end - begin) / steps or 1.0
        more = math.ceil(beyond / width)
        self.times = [begin + width * step for step in range(steps)] + [end + width * step for step in range(more + 1)]
        self.end = steps
        self.written = [bisect_right(stream.times, at + _ROUNDING) for at in self.times]
        self.written[0] = 0
        self._sums = [0.0, *accumulate(stream.times)]
        passed = [bisect_left(stream.cuts, count) for count in self.written]
        self._passed = passed
        self._draft = stream.draft
        self._sends = {step for step in range(1, len(self.times)) if passed[step] > passed[step - 1]} | {steps}

    def delay(self, before: int, step: int) -> float:
        """Character seconds that a change adds which shows what came since the one before."""
        first, last = self.written[before], self.written[step]
        return (last - first) * self.times[step] - (self._sums[last] - self._sums[first])

    def calls(self, before: int, step: int) -> int:
        if self._draft:
            return 0 if step in self._sends else 1
        return 1 + self._passed[step] - self._passed[before]


def floor_alone(stream: ReplyStream) -> float:
    """Return the floor of one answer in a private chat, in seconds."""
    begin = stream.times[0]
    drafts = [_WindowPlaces(DRAFTS.short, begin), _WindowPlaces(DRAFTS.long, begin)]
    return max(_floor_within(places, stream) for places in (drafts if stream.draft else [_BucketPlaces(PRIVATE_CHAT)]))


def _floor_within(places: _Places, stream: ReplyStream) -> float:
    """Return the floor of one answer that has one budget to itself."""
    frontier = _after(stream, [(places.full, 0.0)], places, since=stream.times[0])
    return min(delay for _, delay in frontier) / len(stream.times)


def floor_in_group(streams: Sequence[ReplyStream]) -> float:
    """Return the floor of answers one after another in one group, on average over their characters, in seconds."""
    places = _WindowPlaces(GROUP, streams[0].times[0])
    frontier: Frontier = [(places.full, 0.0)]
    since = streams[0].times[0]
    for stream in streams:
        frontier = _after(stream, frontier, places, since=since)
        since = stream.times[-1]
    return min(delay for _, delay in frontier) / sum(len(stream.times) for stream in streams)


def floor_before_others(stream: ReplyStream) -> float:
    """Return the floor of an answer in a group after which four more like it may be asked for, in seconds.

    Of all schedules under which the five together are at most `WORTH` times as late as they must be, it is the one that
    shows the first of them soonest. The five have to fit into one window.
    """
    begin, length = stream.times[0], stream.times[-1] - stream.times[0]
    five = [replace(stream, times=[at + number * length for at in stream.times]) for number in range(1 + OTHERS)]
    places = _WindowPlaces(GROUP, begin)
    rest: Frontier = [(places.full, 0.0)]
    for other in five[1:]:
        rest = _after(other, rest, places, since=other.times[0])
    allowed = WORTH * floor_in_group(five) * len(stream.times) * len(five)
    first = _after(stream, [(places.full, 0.0)], places, since=begin)
    delays = (
        delay
        for left, delay in first
        for left_by_rest, of_rest in rest
        if places.full - left_by_rest <= left + _ROUNDING and delay + of_rest <= allowed
    )
    return min(delays) / len(stream.times)


def floor_before_more(stream: ReplyStream) -> float:
    """Return the floor of an answer by drafts that may go on at the same speed to a minute, in seconds.

    Of all schedules that leave a whole minute at most `MINUTE_DELAY` late, it is the one that shows this part soonest.
    """
    begin, length = stream.times[0], stream.times[-1] - stream.times[0]
    count = round(len(stream.times) * (MINUTE - length) / length)
    more = replace(stream, times=[begin + length + (number + 1) * (MINUTE - length) / count for number in range(count)])
    places = _WindowPlaces(DRAFTS.long, begin)
    allowed = MINUTE_DELAY * (len(stream.times) + count)
    first = _after(stream, [(places.full, 0.0)], places, since=begin)

    def fits(number: int) -> bool:
        rest = _after(more, [first[number]], places, since=stream.times[-1], prompt=MINUTE)
        return bool(rest) and min(delay for _, delay in rest) <= allowed

    return first[bisect_left(range(len(first)), True, key=lambda number: not fits(number)) - 1][1] / len(stream.times)


def _after(stream: ReplyStream, start: Frontier, places: _Places, *, since: float, prompt: float = PROMPT) -> Frontier:
    """Go on from `start`, as it was at `since`, to the end of the stream, where all of it is visible.

    `prompt`: seconds within which the first change comes.
    """
    grid = _Grid(stream, STEPS)
    frontiers: list[Frontier] = [[(places.after(left, since, grid.times[0]), delay) for left, delay in start]]
    first = max(1, bisect_right(grid.times, grid.times[0] + prompt) - 1)
    for step in range(1, STEPS + 1):
        reached: Frontier = []
        for before, frontier in enumerate(frontiers):
            if before == 0 and step > first:
                continue
            added, calls = grid.delay(before, step), grid.calls(before, step)
            for left, delay in frontier:
                remaining = places.after(left, grid.times[before], grid.times[step]) - calls
                if remaining >= -_ROUNDING:
                    reached.append((remaining, delay + added))
        frontiers.append(_best(reached))
    return frontiers[-1]


def _best(pairs: Frontier) -> Frontier:
    """Drop every pair that another one beats in both."""
    kept: Frontier = []
    for left, delay in sorted(pairs, key=lambda pair: (-pair[0], pair[1])):
        if not kept or delay < kept[-1][1] - _ROUNDING:
            kept.append((left, delay))
    return kept


def floor_of_many(stream: ReplyStream, number: int, bot: BucketLimit = WHOLE_BOT) -> float:
    """Return a lower bound for the mean delay of so many equal answers at once in chats of their own, in seconds."""
    grid = _Grid(stream, STEPS // 2, beyond=number / bot.per_second + 2)
    begin, total = grid.times[0], len(stream.times)
    points = list(range(len(grid.times) // 20, len(grid.times), max(1, len(grid.times) // 20)))
    rooms = [(bot.burst + bot.per_second * (grid.times[point] - begin)) / number for point in points]
    prices, best = [0.0] * len(points), 0.0
    size = total * (stream.times[-1] - begin) / 20
    for turn in range(ROUNDS):
        bound, changes = _cheapest(grid, points, prices)
        bound -= sum(price * room for price, room in zip(prices, rooms, strict=True))
        best = max(best, bound / total)
        excess = [bisect_right(changes, point) - room for point, room in zip(points, rooms, strict=True)]
        scale = size / (1 + turn) ** 0.7 / (math.hypot(*excess) or 1.0)
        prices = [max(0.0, price + scale * over) for price, over in zip(prices, excess, strict=True)]
    return best


def _cheapest(grid: _Grid, points: Sequence[int], prices: Sequence[float]) -> tuple[float, list[int]]:
    """Find the schedule with the least delay and prices together: its cost, and the steps of its changes."""
    price_at = [0.0] * (len(grid.times) + 1)
    owed = list(accumulate(reversed(prices)))[::-1]
    for (low, high), price in zip(pairwise([-1, *points]), owed, strict=True):
        for step in range(low + 1, high + 1):
            price_at[step] = price
    cost, came_from = [0.0], [0]
    for step in range(1, len(grid.times)):
        last = min(step, grid.end + 1)
        before = min(range(last), key=lambda at, step=step: cost[at] + grid.delay(at, step))  # type: ignore[misc]
        cost.append(cost[before] + grid.delay(before, step) + price_at[step])
        came_from.append(before)
    end = min(range(grid.end, len(grid.times)), key=lambda step: cost[step])
    changes, step = [], end
    while step:
        changes.append(step)
        step = came_from[step]
    return cost[end], changes[::-1]
