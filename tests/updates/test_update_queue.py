"""Updates between being fetched and being confirmed."""

from __future__ import annotations

import asyncio

import pytest
from aiogram.types import Chat, Message, Update

from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.updates.update_queue import InFlightUpdates
from bot.updates.update_reader import Batch

ANNA, BORIS = 1001, 1002
LONG = 20.0
"""Seconds after which a scene has failed."""


class Handler:
    """Handles updates; some wait until they are let go, some cannot be stored."""

    def __init__(self) -> None:
        self.handled: list[int] = []
        self.slow: dict[int, asyncio.Event] = {}
        self.unstored: set[int] = set()

    async def __call__(self, update: Update) -> None:
        if update.update_id in self.slow:
            await self.slow[update.update_id].wait()
        if update.update_id in self.unstored:
            raise StorageUnavailable("the disk is full")
        self.handled.append(update.update_id)


def batch(*updates: Update) -> Batch:
    return Batch(updates, tuple(update.update_id for update in updates))


def said(update: int, chat: int) -> Update:
    where = Chat(id=chat, type="private")
    return Update(update_id=update, message=Message(message_id=update, date=1, chat=where, text="Hello"))  # type: ignore[arg-type]  # aiogram reads a number


async def test_what_is_handled_may_be_confirmed(tasks: TaskSupervisor) -> None:
    handler = Handler()
    under_way = InFlightUpdates(handler, tasks)
    under_way.take(batch(said(5, ANNA), said(6, BORIS), said(7, ANNA)))
    assert await under_way.settle(LONG)
    assert (sorted(handler.handled), under_way.offset, under_way.is_idle) == ([5, 6, 7], 8, True)


async def test_a_slow_update_holds_up_its_own_chat_alone_and_nothing_is_handled_twice(tasks: TaskSupervisor) -> None:
    handler = Handler()
    handler.slow[1] = asyncio.Event()
    under_way = InFlightUpdates(handler, tasks)
    first = [said(1, ANNA), said(2, ANNA), said(3, BORIS)]
    under_way.take(batch(*first))
    assert await under_way.settle(0.5)
    assert (handler.handled, under_way.offset, under_way.is_idle) == ([3], None, False)
    under_way.take(batch(*first, said(4, BORIS), said(5, ANNA)))  # not confirmed, they are handed out again
    await under_way.settle(0.5)
    assert (handler.handled, under_way.offset) == ([3, 4], None)
    handler.slow[1].set()
    assert await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([3, 4, 1, 2, 5], 6)


async def test_what_cannot_be_stored_and_all_behind_it_in_its_chat_comes_again(tasks: TaskSupervisor) -> None:
    handler = Handler()
    handler.unstored.add(1)
    under_way = InFlightUpdates(handler, tasks)
    came = batch(said(1, ANNA), said(2, ANNA), said(3, BORIS))
    under_way.take(came)
    assert not await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([3], None)
    handler.unstored.clear()
    under_way.take(came)
    assert await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([3, 1, 2], 4)


async def test_an_update_of_which_nothing_could_be_read_is_confirmed(tasks: TaskSupervisor) -> None:
    handler = Handler()
    under_way = InFlightUpdates(handler, tasks)
    under_way.take(Batch(ids=(9,)))
    assert await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([], 10)


async def test_who_does_not_poll_any_more_gives_up_what_is_under_way(tasks: TaskSupervisor) -> None:
    handler = Handler()
    handler.slow[1] = asyncio.Event()
    under_way = InFlightUpdates(handler, tasks)
    under_way.take(batch(said(1, ANNA)))
    await under_way.end()
    assert (handler.handled, under_way.offset, under_way.is_idle) == ([], None, True)
    handler.slow.clear()
    under_way.take(batch(said(1, ANNA)))
    assert await under_way.settle(LONG)
    assert handler.handled == [1]


async def test_a_broken_handler_costs_its_update_alone(tasks: TaskSupervisor, caplog: pytest.LogCaptureFixture) -> None:
    handled: list[int] = []

    async def broken(update: Update) -> None:
        if update.update_id == 1:
            raise RuntimeError("a fault of ours")
        handled.append(update.update_id)

    under_way = InFlightUpdates(broken, tasks)
    under_way.take(batch(said(1, ANNA), said(2, ANNA)))
    assert await under_way.settle(LONG)
    assert (handled, under_way.offset) == ([2], 3)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("first", [1, 5, 7, 8, 900])
async def test_ids_that_begin_anew_are_confirmed_as_any_others(tasks: TaskSupervisor, first: int) -> None:
    handler = Handler()
    under_way = InFlightUpdates(handler, tasks)
    for came in (batch(said(5, ANNA), said(6, ANNA), said(7, ANNA)), Batch(), batch(said(first, ANNA))):
        under_way.take(came)
        assert await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([5, 6, 7, first], first + 1)


async def test_an_offset_is_given_only_while_it_confirms_something(tasks: TaskSupervisor) -> None:
    under_way = InFlightUpdates(Handler(), tasks)
    under_way.take(batch(said(5, ANNA)))
    assert await under_way.settle(LONG)
    assert under_way.offset == 6
    under_way.take(Batch())
    assert under_way.offset is None
