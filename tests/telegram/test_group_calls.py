"""What a process leaves behind of a group's budget, and what the next one makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.errors import StorageUnavailable
from bot.rate_limits.requests import Priority
from bot.rate_limits.scheduler import Scheduler
from bot.rendering.entities import Formatted
from bot.runtime.clock import Clock
from bot.telegram.destination import Destination
from bot.telegram.group_calls import NOTE_TIMEOUT, GroupCalls
from tests.harness.steady_clock import steady_clock
from tests.harness.telegram_scene import ANNA, MemoryPacingStore, TelegramScene, telegram_scene

GROUP = -100


class FailingStore(MemoryPacingStore):
    """A store that cannot be reached for so many tries."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def note_call(self, chat: int) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise StorageUnavailable("away")
        await super().note_call(chat)

    async def calls_of_others(self, chat: int, *, after: int, lately: float) -> list[tuple[int, float]]:  # noqa: ARG002  # the store's names
        raise StorageUnavailable("away")


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    with steady_clock(50) as clock:
        yield clock


async def send(scene: TelegramScene, chat: int) -> None:
    await scene.telegram.send(Destination(chat), Formatted("text"))


async def test_each_call_to_a_group_is_noted_and_none_to_a_private_chat() -> None:
    store = MemoryPacingStore()
    async with telegram_scene(speed=20, pacing=store) as scene:
        await send(scene, scene.group)
        await send(scene, ANNA)
        async with scene.slots.slot(scene.group, Priority.CHANGE):
            assert store.noted == [scene.group] * 2, "before it is made"
            await send(scene, scene.group)
        assert store.noted == [scene.group] * 2, "once"


async def test_a_process_that_begins_counts_what_others_have_sent_to_a_group() -> None:
    store = MemoryPacingStore()
    async with telegram_scene(speed=20, pacing=store) as scene:
        store.others[scene.group] = [(number, 30.0) for number in range(1, 19)]
        before = scene.clock.now()
        for _ in range(2):
            await send(scene, scene.group)
        assert scene.clock.now() - before < 10
        await send(scene, scene.group)
        assert scene.clock.now() - before > 20, "nothing was left before one of the others was a minute old"


async def test_calls_of_others_are_counted_once(clock: Clock) -> None:
    store = MemoryPacingStore()
    scheduler = Scheduler(clock.now())
    calls = GroupCalls(store, scheduler, clock)
    store.others[GROUP] = [(1, 20.0), (2, 20.0), (3, 20.0), (4, 20.0)]
    for _ in range(3):
        await calls.count_others(GROUP)
    store.others[GROUP].append((5, 0.0))
    await calls.count_others(GROUP)
    now = clock.now()
    assert scheduler._chat(GROUP, now).messages.free(now) == 15


async def test_a_change_of_an_answer_waits_until_it_can_be_noted_and_anything_else_goes_at_once(
    clock: Clock,
) -> None:
    store = FailingStore(4)
    calls = GroupCalls(store, Scheduler(clock.now()), clock)
    await calls.note(GROUP, patient=False)
    assert (store.noted, store.failures) == ([], 3)
    await calls.note(GROUP, patient=True)
    assert (store.noted, store.failures) == ([GROUP], -1)


async def test_no_change_waits_for_the_store_longer_than_its_process_may_show_it(
    clock: Clock,
) -> None:
    store = FailingStore(1_000)
    before = clock.now()
    await GroupCalls(store, Scheduler(before), clock).note(GROUP, patient=True)
    assert clock.now() - before >= NOTE_TIMEOUT - 1
    assert store.noted == []


async def test_where_nobody_can_say_what_others_have_spent_little_goes_at_first(
    clock: Clock,
) -> None:
    now = clock.now()
    scheduler = Scheduler(now)
    await GroupCalls(FailingStore(0), scheduler, clock).count_others(GROUP)
    assert scheduler._chat(GROUP, now).messages.free(now) == 5
