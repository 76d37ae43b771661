"""The scenarios of the bench: who asks, what is written, and what has to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tests.benchmarks.scripts import Script, prose, script, unicode_text

Mode = Literal["edit", "draft"]


@dataclass(frozen=True)
class Limits:
    """What has to hold beside: no 429, every answer whole."""

    ratio: float | None = 1.25
    """Mean delay of a character over the floor, for edits in private chats: elsewhere the seconds themselves count."""
    mean: dict[Mode, float] | None = None
    """Mean delay, in seconds."""
    foresight: float | None = None
    """Mean delay by drafts over the floor of an answer that may go on to a minute."""
    late: float | None = 0.3
    """Seconds from the generator's last byte to the complete answer, for every answer."""
    cpu: float | None = None
    growth: float | None = None
    """CPU time of a change in the last third of the answer over that in the second (the first spends the burst)."""


@dataclass(frozen=True)
class Scenario:
    """Some chats, in each of them some answers one after another."""

    name: str
    title: str
    script: Callable[[str], Script]
    limits: Limits
    chats: int = 1
    group: bool = False
    tempo: float | None = None
    """Of the group, learned from its past: 0 where answers stand alone, 1 where they follow one another."""
    rounds: int = 1
    modes: tuple[Mode, ...] = ("edit", "draft")


def _prose(length: int, pieces: int, seconds: float, paragraph: int, name: str) -> Script:
    return script(prose(length, begin=name, paragraph=paragraph), pieces=pieces, seconds=seconds)


def _unicode(name: str) -> Script:
    return script(unicode_text(1600, begin=name), pieces=200, seconds=2)


def _of(length: int, pieces: int, seconds: float, *, paragraph: int = 0) -> Callable[[str], Script]:
    return partial(_prose, length, pieces, seconds, paragraph)


SCENARIOS = (
    Scenario(
        "private",
        "private chat, 10 s, 400 pieces",
        _of(2000, 400, 10),
        Limits(mean={"edit": 0.45, "draft": 0.25}, foresight=1.25, cpu=0.2),
    ),
    Scenario("short", "private chat, 3 s, 120 pieces", _of(600, 120, 3), Limits(ratio=1.5)),
    Scenario(
        "minute",
        "private chat, 60 s, 2400 pieces",
        _of(3900, 2400, 60),
        Limits(ratio=None, mean={"draft": 0.5}),
        modes=("draft",),
    ),
    Scenario(
        "group",
        "group that nobody knows yet, 10 s",
        _of(2000, 400, 10),
        Limits(ratio=None, mean={"edit": 0.7}),
        group=True,
        modes=("edit",),
    ),
    Scenario(
        "alone",
        "group where answers stand alone, 10 s",
        _of(2000, 400, 10),
        Limits(ratio=None, mean={"edit": 0.5}, late=1.0),
        group=True,
        tempo=0.0,
        modes=("edit",),
    ),
    Scenario(
        "lively",
        "five answers of 10 s in a row, lively group",
        _of(2000, 400, 10),
        Limits(ratio=None, mean={"edit": 1.7}, late=1.0),
        group=True,
        tempo=0.95,
        rounds=5,
        modes=("edit",),
    ),
    Scenario(
        "five",
        "five answers of 10 s in a row, unknown group",
        _of(2000, 400, 10),
        Limits(ratio=None, mean={"edit": 2.3}, late=1.0),
        group=True,
        rounds=5,
        modes=("edit",),
    ),
    Scenario("long", "12,000 characters, 10 s", _of(12_000, 1200, 10, paragraph=700), Limits()),
    Scenario("unicode", "fast Unicode, 2 s", _unicode, Limits(ratio=1.5)),
    Scenario("sixty", "60 private chats at once, 20 s", _of(2000, 400, 20), Limits(late=3.0), chats=60),
    Scenario(
        "crowd",
        "300 private chats at once, 20 s",
        _of(1600, 200, 20),
        Limits(late=None),
        chats=300,
    ),
    Scenario(
        "growth",
        "60,000 characters, 30 s",
        _of(60_000, 3000, 30, paragraph=700),
        Limits(growth=1.3),
        modes=("edit",),
    ),
)
