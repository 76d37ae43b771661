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
from bot.storage.turn_queue.leases import LEASE_DURATION

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


@pytest.fixture
async def replica(tasks: TaskSupervisor, clock: Clock) -> Membership:
    """One of two processes, on a database that nobody can reach."""
    database = Database("postgresql://nobody@127.0.0.1:1/nothing", start=tasks.start)
    membership = Membership(database, TurnRepository(database), bot=1, replica="a", clock=clock)
    await membership.update([membership.me, "b/2"])
    for _ in range(int(INHERITANCE)):
        clock.now += 1
        membership.beat()
    return membership


async def test_who_was_frozen_for_a_lease_is_the_home_of_no_chat_until_it_has_looked(
    replica: Membership, clock: Clock
) -> None:
    home = at_home(replica)[0]
    clock.now += LEASE_DURATION - 1
    assert replica.is_home(home), "nobody has taken it over yet"
    clock.now += 2
    assert not replica.is_home(home)
    replica.beat()
    assert not replica.is_home(home), "it runs again, but has not looked yet"
    assert not await replica.knows_homes(within=0.01)
    await replica.update([replica.me, "b/2"])
    assert replica.is_home(home)
    assert await replica.knows_homes(within=0.01)


async def test_who_was_frozen_does_not_know_what_was_spent_meanwhile(replica: Membership, clock: Clock) -> None:
    assert not any(replica.inherits_budget(chat) for chat in at_home(replica))
    clock.now += LEASE_DURATION + 1
    replica.beat()
    await replica.update([replica.me, "b/2"])
    assert all(replica.inherits_budget(chat) for chat in at_home(replica))


async def test_an_outage_of_the_database_is_no_freeze(replica: Membership, clock: Clock) -> None:
    home = at_home(replica)[0]
    for _ in range(int(LEASE_DURATION) * 2):
        clock.now += 1
        replica.beat()  # tries, and fails
        assert replica.is_home(home)


async def test_who_was_frozen_into_an_outage_speaks_again_after_a_lease(replica: Membership, clock: Clock) -> None:
    home = at_home(replica)[0]
    clock.now += LEASE_DURATION * 2
    for _ in range(int(LEASE_DURATION)):
        replica.beat()
        assert not replica.is_home(home)
        clock.now += 1
    assert replica.is_home(home), "nobody else can have been told that it is not"


async def test_who_cannot_renew_its_lease_says_nothing_that_others_may_contradict(
    replica: Membership, clock: Clock
) -> None:
    home = at_home(replica)[0]
    await replica.update([replica.me, "b/2"])
    clock.now += LEASE_DURATION - 1
    replica.beat()
    assert replica.speaks_for(home, 0)
    clock.now += 1
    replica.beat()
    assert not replica.speaks_for(home, LEASE_DURATION - 1), "the other may have stored it, and answers"
    assert replica.speaks_for(home, LEASE_DURATION), "the other could not store it either"
    elsewhere = next(chat for chat in CHATS if chat not in at_home(replica))
    assert not replica.speaks_for(elsewhere, LEASE_DURATION)


async def test_who_is_alone_says_at_once_that_nothing_can_be_stored(replica: Membership, clock: Clock) -> None:
    await replica.update([replica.me])
    for _ in range(int(LEASE_DURATION) * 2):
        clock.now += 1
        replica.beat()
        assert all(replica.speaks_for(chat, 0) for chat in CHATS)


async def test_on_sqlite_a_freeze_changes_nothing(membership: Membership, clock: Clock) -> None:
    clock.now += LEASE_DURATION * 10
    assert all(membership.is_home(chat) and membership.speaks_for(chat, 0) for chat in CHATS)
