"""Places in front of a pool: a queue that moves is no outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.errors import StorageUnavailable
from bot.storage.postgres.connection_queue import MAX_QUEUE_WAIT, ConnectionQueue
from tests.harness.turn_bench import until

PATIENCE = 0.02
"""Seconds after which whoever waits looks at the clock, which the test moves."""


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> ConnectionQueue:
    return ConnectionQueue(1, patience=PATIENCE, clock=clock)


class Holder:
    """Work that holds a place until it is told to end."""

    def __init__(self, queue: ConnectionQueue, order: list[str], name: str, *, urgent: bool = False) -> None:
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.name, self._order = name, order
        self.task = asyncio.create_task(self._work(queue, urgent=urgent))

    async def _work(self, queue: ConnectionQueue, *, urgent: bool) -> None:
        async with queue.place(urgent=urgent):
            self._order.append(self.name)
            await self.end


@asynccontextmanager
async def ending(*holders: Holder) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for one in holders:
            one.task.cancel()
        await asyncio.wait([one.task for one in holders])


async def test_places_are_given_in_the_order_of_asking_and_urgent_work_is_next(queue: ConnectionQueue) -> None:
    order: list[str] = []
    first = Holder(queue, order, "first")
    await until(lambda: order == ["first"])
    others = [Holder(queue, order, "second"), Holder(queue, order, "third"), Holder(queue, order, "now", urgent=True)]
    await asyncio.sleep(0)
    async with ending(first, *others):
        for one in (first, others[2], others[0], others[1]):
            await until(lambda one=one: order[-1:] == [one.name])  # type: ignore[misc]
            one.end.set_result(None)
            await one.task
        assert order == ["first", "now", "second", "third"]


async def test_nobody_gives_up_while_places_come_back(queue: ConnectionQueue, clock: Clock) -> None:
    order: list[str] = []
    holders = [Holder(queue, order, str(number)) for number in range(20)]
    async with ending(*holders):
        for number, one in enumerate(holders):
            await until(lambda number=number: len(order) == number + 1)  # type: ignore[misc]
            clock.now += PATIENCE * 0.9
            await asyncio.sleep(PATIENCE * 1.5)  # everybody has looked at the clock
            one.end.set_result(None)
            await one.task
        assert order == [str(number) for number in range(20)]


async def test_where_no_place_comes_back_whoever_waits_is_told(queue: ConnectionQueue, clock: Clock) -> None:
    order: list[str] = []
    async with ending(Holder(queue, order, "stuck"), waits := Holder(queue, order, "waits")):
        await until(lambda: order == ["stuck"])
        clock.now += PATIENCE
        with pytest.raises(TimeoutError, match="in use"):
            await asyncio.wait_for(waits.task, 20)


async def test_work_that_fails_is_no_movement(queue: ConnectionQueue, clock: Clock) -> None:
    order: list[str] = []
    fails, next_one, waits = (Holder(queue, order, name) for name in ("fails", "next", "waits"))
    async with ending(fails, next_one, waits):
        await until(lambda: order == ["fails"])
        clock.now += PATIENCE * 0.9
        fails.end.set_exception(StorageUnavailable("gone"))
        with pytest.raises(StorageUnavailable):
            await fails.task
        clock.now += PATIENCE * 0.2
        with pytest.raises(TimeoutError, match="in use"):
            await asyncio.wait_for(waits.task, 20)


async def test_nobody_waits_for_ever_however_the_queue_moves(queue: ConnectionQueue, clock: Clock) -> None:
    order: list[str] = []
    first, second, waits = (Holder(queue, order, name) for name in "123")
    async with ending(first, second, waits):
        await until(lambda: order == ["1"])
        clock.now += MAX_QUEUE_WAIT
        first.end.set_result(None)
        with pytest.raises(TimeoutError, match="in use"):
            await asyncio.wait_for(waits.task, 20)


async def test_the_place_of_somebody_who_left_goes_to_the_next(queue: ConnectionQueue) -> None:
    order: list[str] = []
    first, leaves, next_one = (Holder(queue, order, name) for name in ("first", "leaves", "next"))
    async with ending(first, leaves, next_one):
        await until(lambda: order == ["first"])
        leaves.task.cancel()
        await asyncio.wait([leaves.task])
        first.end.set_result(None)
        await until(lambda: order == ["first", "next"])
        next_one.end.set_result(None)
        await next_one.task
        async with asyncio.timeout(20), queue.place():
            pass
