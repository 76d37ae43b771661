"""Updates between being fetched and being confirmed."""

from __future__ import annotations

import asyncio

import pytest
from aiogram.types import Chat, Message, Update

from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.updates.update_queue import InFlightUpdates

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


def said(update: int, chat: int) -> Update:
    where = Chat(id=chat, type="private")
    return Update(update_id=update, message=Message(message_id=update, date=1, chat=where, text="Hello"))  # type: ignore[arg-type]  # aiogram reads a number


async def test_what_is_handled_may_be_confirmed(tasks: TaskSupervisor) -> None:
    handler = Handler()
    under_way = InFlightUpdates(handler, tasks)
    under_way.take([said(5, ANNA), said(6, BORIS), said(7, ANNA)])
    assert await under_way.settle(LONG)
    assert (sorted(handler.handled), under_way.offset, under_way.is_idle) == ([5, 6, 7], 8, True)


async def test_a_slow_update_holds_up_its_own_chat_alone_and_nothing_is_handled_twice(tasks: TaskSupervisor) -> None:
    handler = Handler()
    handler.slow[1] = asyncio.Event()
    under_way = InFlightUpdates(handler, tasks)
    first = [said(1, ANNA), said(2, ANNA), said(3, BORIS)]
    under_way.take(first)
    assert await under_way.settle(0.05)
    assert (handler.handled, under_way.offset, under_way.is_idle) == ([3], 1, False)
    under_way.take([*first, said(4, BORIS), said(5, ANNA)])  # not confirmed, they are handed out again
    await under_way.settle(0.05)
    assert (handler.handled, under_way.offset) == ([3, 4], 1)
    handler.slow[1].set()
    assert await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([3, 4, 1, 2, 5], 6)


async def test_what_cannot_be_stored_and_all_behind_it_in_its_chat_comes_again(tasks: TaskSupervisor) -> None:
    handler = Handler()
    handler.unstored.add(1)
    under_way = InFlightUpdates(handler, tasks)
    batch = [said(1, ANNA), said(2, ANNA), said(3, BORIS)]
    under_way.take(batch)
    assert not await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([3], 1)
    handler.unstored.clear()
    under_way.take(batch)
    assert await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([3, 1, 2], 4)


async def test_an_update_of_which_nothing_could_be_read_is_confirmed(tasks: TaskSupervisor) -> None:
    handler = Handler()
    under_way = InFlightUpdates(handler, tasks)
    under_way.take([Update(update_id=9)])
    assert await under_way.settle(LONG)
    assert (handler.handled, under_way.offset) == ([], 10)


async def test_who_does_not_poll_any_more_gives_up_what_is_under_way(tasks: TaskSupervisor) -> None:
    handler = Handler()
    handler.slow[1] = asyncio.Event()
    under_way = InFlightUpdates(handler, tasks)
    under_way.take([said(1, ANNA)])
    await under_way.end()
    assert (handler.handled, under_way.offset, under_way.is_idle) == ([], None, True)
    handler.slow.clear()
    under_way.take([said(1, ANNA)])
    assert await under_way.settle(LONG)
    assert handler.handled == [1]


async def test_a_broken_handler_ends_the_program(tasks: TaskSupervisor) -> None:
    async def broken(_: Update) -> None:
        raise RuntimeError("a fault of ours")

    under_way = InFlightUpdates(broken, tasks)
    under_way.take([said(1, ANNA)])
    with pytest.raises(RuntimeError):
        await under_way.settle(LONG)
