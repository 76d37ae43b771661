"""Chats that move between processes, and the budgets that move with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.answering.turns.membership import INHERITANCE, Membership
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.turn_queue.claims import TurnRepository

CHATS = range(-300, -200)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def membership(tmp_path: Path, tasks: TaskSupervisor, clock: Clock) -> AsyncIterator[Membership]:
    database = Database(f"sqlite:///{tmp_path / 'aura.db'}", start=tasks.start)
    await database.open()
    yield Membership(database, TurnRepository(database), bot=1, replica="a", clock=clock)
    await database.close()


def at_home(membership: Membership) -> list[int]:
    return [chat for chat in CHATS if membership.partitioning.of(chat) == membership.me]


async def test_who_was_always_alone_inherits_nothing(membership: Membership) -> None:
    await membership.update([membership.me])
    assert not any(membership.inherits_budget(chat) for chat in CHATS)


async def test_a_newcomer_inherits_every_chat_that_is_at_home_with_it(membership: Membership) -> None:
    await membership.update([membership.me, "b/2"])
    assert at_home(membership)
    assert all(membership.inherits_budget(chat) for chat in at_home(membership))


async def test_the_chats_of_one_that_left_are_inherited_once(membership: Membership, clock: Clock) -> None:
    await membership.update([membership.me, "b/2"])
    clock.now += INHERITANCE
    before = ChatPartitioning.among(membership.me, ["b/2"])
    await membership.update([membership.me])
    inherited = [chat for chat in CHATS if membership.inherits_budget(chat)]
    assert inherited == [chat for chat in CHATS if before.of(chat) == "b/2"]
    assert not any(membership.inherits_budget(chat) for chat in CHATS)


async def test_after_a_minute_a_budget_has_come_back(membership: Membership, clock: Clock) -> None:
    await membership.update([membership.me, "b/2"])
    clock.now += INHERITANCE
    assert not any(membership.inherits_budget(chat) for chat in at_home(membership))


async def test_who_is_alone_for_a_minute_asks_nobody_who_else_has_written(
    membership: Membership, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def written(_database: Database, _bot: int, chat: int, **_: object) -> list[tuple[float, float]]:
        asked.append(chat)
        return [(3.0, 1.0)]

    monkeypatch.setattr("bot.answering.turns.membership.written_by_others", written)
    await membership.update([membership.me, "b/2"])
    clock.now += INHERITANCE
    assert await membership.written_by_others(5, 1) == [(3.0, 1.0)]
    await membership.update([membership.me])
    assert await membership.written_by_others(6, 1) == [(3.0, 1.0)]
    clock.now += INHERITANCE
    assert await membership.written_by_others(7, 1) == ()
    assert asked == [5, 6]
