"""Gaps between the changes of a growing answer, by what is left of the chat's budget. Pure.

How long an answer will become, and how many will follow, nobody knows; so the next gap depends on the slots to spare
and on what was learned of a group. Early changes come fast, later ones at the pace at which slots come back. The
numbers were found by simulation (tests/rate_limits/test_cadence.py, docs/decisions/0003-group-tempo.md).
"""

from __future__ import annotations

import math

from bot.rate_limits.limits import BucketLimit, TieredLimit, WindowLimit

UNKNOWN_TEMPO = 0.5
"""Liveliness of a group of which nothing was learned yet: 0, answers stand alone; 1, they follow one another."""
FOLLOWING_INTERVAL = 60.0
"""Seconds from the beginning of one answer to the next within which a group is lively: a group's window."""
TEMPO_LEARNING_RATE = 0.2
"""Share of what was known of a group that one answer more replaces."""
PATIENT_CHANGES = 20
"""Changes of one message after which they become rarer: its reader is behind anyway, and bans were reported."""
MIN_PATIENT_GAP = 2.0
"""Seconds between two changes from there on; `.env.example` says them too (PATIENT_EDITS)."""
MAX_PATIENT_GAP = 3.0
"""Seconds between two changes that this grows to, over as many changes again."""

DRAFT_FACTORS = ((0.2, 0.46), (0.65, 0.54), (math.inf, 1.9))
"""Share of the long window that is used → gap in units of the window's pace, for the first share that is larger.

Twenty-seven drafts go in the first ten seconds, and what is left is spread over the rest of the thirty.
"""
LIVELY_TEMPO = 0.75
"""Tempo from which on a group counts as one in which answers follow one another, also after a pause."""
EVEN_FACTOR = 1.12
"""Gap in a lively group in units of the window's pace: five answers of ten seconds have four changes each."""
EVEN_START, EVEN_RATE = 2.2, 1.2
"""Slots that even gaps have spent when the window begins, and then in each unit of its pace.

Where more was spent, by an answer before the group was known as lively, gaps are sparing: else the fifth answer would
have nothing but its end.
"""
QUICK_FACTOR_ALONE, QUICK_FACTOR_UNKNOWN = 0.29, 0.467
"""The same at the beginning of an answer, in a group where answers stand alone, and in one that nobody knows."""
QUICK_SHARE_ALONE, QUICK_SHARE_UNKNOWN = 0.62, 0.425
"""Share of the window that is spent at that pace."""
SPARING_FACTOR = 1.72
"""Gap after that where others follow: two of them last longer than ten seconds, else a slot were spent at the end."""
MINIMAL_FACTOR = 3.4
"""Gap after that where hardly any others follow: what is left is for the ends of those that do nevertheless."""
FOLLOWED_TEMPO = 0.595
"""Tempo from which on others follow: that of a group that nobody knows after the first that did."""


def learn_tempo(tempo: float, since_last: float) -> float:
    """Return how lively a group is now that an answer begins, so many seconds after the one before it."""
    return tempo + TEMPO_LEARNING_RATE * ((1.0 if since_last <= FOLLOWING_INTERVAL else 0.0) - tempo)


def bucket_gap(spare: float, bucket: BucketLimit, fills: float = math.inf) -> float:
    """Seconds until the next change in a private chat, with `spare` slots left beyond those kept for final states.

    `fills`: seconds in which the answer fills a message; each of them costs a call more.
    """
    pace = max(0.5 * bucket.per_second, bucket.per_second - 1.0 / fills)
    return 1.0 / (pace * (1.0 + 0.7 * spare))


def patient_gap(changes: int) -> float:
    """Seconds until the next change, at the least, of a message in a private chat that has changed so often."""
    if changes < PATIENT_CHANGES:
        return 0.0
    grown = min(1.0, (changes - PATIENT_CHANGES) / PATIENT_CHANGES)
    return MIN_PATIENT_GAP + (MAX_PATIENT_GAP - MIN_PATIENT_GAP) * grown


def draft_gap(spare: float, drafts: int, limit: TieredLimit) -> float:
    """Seconds until the next draft of an answer, with `spare` slots left in the long window.

    Fast while much is left; an answer that has had as many drafts as the long window takes goes on at its pace.
    """
    pace = limit.long.seconds / limit.long.count
    if drafts >= limit.long.count:
        return pace
    used = 1.0 - min(1.0, spare / limit.long.count)
    return pace * next(factor for below, factor in DRAFT_FACTORS if used < below)


def window_gap(spare: float, window: WindowLimit, tempo: float, returns_in: float) -> float:
    """Seconds until the next change, with `spare` slots left beyond those kept for final states.

    `returns_in`: seconds until the next slot comes back. A slot that is taken comes back only after the whole window,
    and other answers may begin before. Where answers stand alone (`tempo` 0), the first one may spend most of the
    window, and whoever follows has to make do with the rest; where they follow one another (1), each spends as much as
    comes back.
    """
    pace = window.seconds / window.count
    if tempo >= LIVELY_TEMPO:
        spent_evenly = EVEN_START + EVEN_RATE * (window.seconds - returns_in) / pace
        return pace * (EVEN_FACTOR if window.count - spare <= spent_evenly else SPARING_FACTOR)
    used = 1.0 - min(1.0, spare / window.count)
    known = tempo / UNKNOWN_TEMPO
    if used < QUICK_SHARE_ALONE + (QUICK_SHARE_UNKNOWN - QUICK_SHARE_ALONE) * known:
        return pace * (QUICK_FACTOR_ALONE + (QUICK_FACTOR_UNKNOWN - QUICK_FACTOR_ALONE) * known)
    return pace * (SPARING_FACTOR if tempo >= FOLLOWED_TEMPO else MINIMAL_FACTOR)
