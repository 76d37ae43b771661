"""Admins hear of a second instance and of failing deliveries once these last, and once that they are over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.updates.trouble import CONFLICT_END, MIN_CONFLICT, Conflict, DeliveryWatch, TroubleKind

Heard = list[tuple[str, str]]


class Ended(Exception):
    """The looks of a test are over."""


class Deliveries:
    """What Telegram says at each look, and how long ago the last delivery was then."""

    def __init__(self, *looks: tuple[str | None, float | None]) -> None:
        self._looks: Iterator[tuple[str | None, float | None]] = iter(looks)
        self.age: float | None = None

    async def problem(self) -> str | None:
        look = next(self._looks, None)
        if look is None:
            raise Ended
        said, self.age = look
        return said


async def heard_of(*looks: tuple[str | None, float | None]) -> Heard:
    heard: Heard = []

    def hear(kind: TroubleKind, cause: str) -> None:
        heard.append((kind, cause))

    async def sleep(_seconds: float) -> None:
        """No time passes."""

    with pytest.raises(Ended):
        await DeliveryWatch(Deliveries(*looks), hear, sleep=sleep).run()
    return heard


class Instance:
    """A conflict with a clock."""

    def __init__(self) -> None:
        self.heard: Heard = []
        self.conflict = Conflict(lambda kind, cause: self.heard.append((kind, cause)), now=0.0)


def test_two_that_overlap_at_a_restart_are_nobodys_business() -> None:
    one = Instance()
    for at in (1.0, 3.0, 5.0):
        one.conflict.seen("409", at)
    for at in (6.0, 30.0):
        one.conflict.not_seen(at)
    one.conflict.seen("409", 4000.0)
    assert one.heard == []


def test_two_that_are_answered_in_turns_are_told_once_and_once_more_when_one_is_left() -> None:
    one = Instance()
    for at in range(0, int(MIN_CONFLICT) * 3, 2):
        one.conflict.seen("409", float(at))
        one.conflict.not_seen(at + 1.0)
    assert one.heard == [("conflict", "409")]
    last = float(at)
    one.conflict.not_seen(last + CONFLICT_END - 1)
    assert len(one.heard) == 1, "the other may only pause"
    for later in (last + CONFLICT_END, last + CONFLICT_END + 30):
        one.conflict.not_seen(later)
    assert one.heard == [("conflict", "409"), ("conflict", "")]


def test_an_end_is_said_for_an_earlier_run_too() -> None:
    one = Instance()
    one.conflict.not_seen(CONFLICT_END)
    assert one.heard == [("conflict", "")]


async def test_one_failed_look_is_a_restart_of_the_proxy_and_two_are_told_once() -> None:
    assert await heard_of(("502", None), ("", None), ("502", None), ("", None)) == []
    assert await heard_of(*[("502 Bad Gateway", None)] * 5) == [("webhook", "502 Bad Gateway")]


async def test_a_telegram_that_does_not_answer_tells_nothing() -> None:
    assert await heard_of(("502", None), (None, None), ("502", None)) == [("webhook", "502")]
    assert await heard_of((None, None), (None, None), (None, None)) == []


async def test_it_is_over_once_something_was_delivered() -> None:
    quiet = [("502", None), ("502", None), ("", None), ("", 5000.0)]
    assert await heard_of(*quiet) == [("webhook", "502")], "Telegram tries ever more rarely"
    assert await heard_of(*quiet, ("", 1.0), ("", 1.0)) == [("webhook", "502"), ("webhook", "")]
