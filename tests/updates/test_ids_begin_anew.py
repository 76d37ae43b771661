"""Update ids that begin anew: nothing is lost, heard twice or asked for without end, however a server reads offsets."""

from __future__ import annotations

from typing import Literal

import pytest
from aiogram.methods import GetUpdates
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.updates.scripted_session import UpdateServer, World, poll
from tests.updates.scripted_telegram import message

READINGS: tuple[Literal["letter", "open source"], ...] = ("letter", "open source")
QUIET = 60.0
"""Seconds, on the moved clock, that nothing is asked before the ids begin anew, and at the end."""


class Asking:
    """People who ask in bursts; each burst begins at an id of its own, once everything before is confirmed."""

    def __init__(self, server: UpdateServer, bursts: list[tuple[int, int]]) -> None:
        self._server = server
        self._bursts = list(bursts)
        self._quiet_since: float | None = None
        self._number = 0
        self.expected: list[str] = []

    def respond(self, method: GetUpdates) -> tuple[int, str]:
        return self._server.respond(method)

    def finished(self, world: World) -> bool:
        """Go on with the next burst after a quiet while; whether there is none."""
        if self._server.pending:
            self._quiet_since = None
            return False
        if self._quiet_since is None:
            self._quiet_since = world.now
        if world.now - self._quiet_since < QUIET:
            return False
        if not self._bursts:
            return True
        self._quiet_since = None
        first, count = self._bursts.pop(0)
        for update_id in range(first, first + count):
            self._number += 1
            self.expected.append(f"Question {self._number}")
            self._server.put({**message(self._number), "update_id": update_id})
        return False


async def asked(reading: Literal["letter", "open source"], bursts: list[tuple[int, int]]) -> None:
    asking = Asking(UpdateServer(reading), bursts)
    world = await poll(asking.respond, asking.finished)
    assert world.heard == asking.expected
    elapsed = world.now - world.requests[0][0]
    assert len(world.requests) <= elapsed + 4 * sum(1 + count // 100 for _, count in bursts) + 4, "it spins"


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("anew", [1, 400, 995, 1004, 1005, 1006, 1015, 1016, 500_000])
async def test_a_hundred_and_thirty_questions_after_a_jump_are_heard(
    reading: Literal["letter", "open source"], anew: int
) -> None:
    await asked(reading, [(1000, 6), (anew, 1), (anew + 1, 130), (anew + 131, 3)])


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(READINGS),
    st.lists(st.tuples(st.integers(1, 300) | st.integers(1, 2**31 - 1000), st.integers(1, 120)), max_size=5),
)
async def test_ids_may_begin_anew_anywhere(
    reading: Literal["letter", "open source"], bursts: list[tuple[int, int]]
) -> None:
    await asked(reading, bursts)


@pytest.mark.parametrize("reading", READINGS)
async def test_a_confirmation_that_never_arrived_is_not_made_after_a_day(
    reading: Literal["letter", "open source"],
) -> None:
    """Telegram is out of reach while the ids begin anew: the old offset would drop what came meanwhile."""
    server = UpdateServer(reading)
    server.put(message(1000))
    outage = iter(range(7_000))
    states = {"answered": 0}

    def respond(method: GetUpdates) -> tuple[int, str]:
        if states["answered"] and next(outage, None) is not None:
            return 502, "Bad Gateway"
        if states["answered"] == 1:
            server.pending.clear()
            server.put(message(7))
        states["answered"] += 1
        return server.respond(method)

    world = await poll(respond, lambda world: len(world.heard) > 1)
    assert world.heard == ["Question 1000", "Question 7"]


@pytest.mark.parametrize("anew", [7, 500, 5_000])
async def test_ids_that_begin_anew_before_the_others_are_confirmed_make_nobody_deaf(anew: int) -> None:
    """A server that drops whatever is below the offset would lose what comes meanwhile, whichever is given."""
    server = UpdateServer("open source")
    later = iter(range(anew + 2, anew + 152))
    for update_id in [*range(1000, 1006), anew, anew + 1]:
        server.put(message(update_id))

    def respond(method: GetUpdates) -> tuple[int, str]:
        answer = server.respond(method)
        if method.offset is not None:
            for _ in range(3):
                if (update_id := next(later, None)) is not None:
                    server.put(message(update_id))
        return answer

    world = await poll(respond, lambda world: len(world.heard) == 158)
    assert world.heard == [f"Question {number}" for number in [*range(1000, 1006), *range(anew, anew + 152)]]
