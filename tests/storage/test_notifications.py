"""Whatever is told on a channel, by whomever: no listener breaks."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answering.turns.slot_broker import MAX_REFUSAL, RemoteSlotBroker, SlotLender
from bot.conversation.messages import ChatKey
from bot.errors import FloodWait
from bot.operating.holds import Holds
from bot.people.audit import AuditLog
from bot.people.group_admins import GroupAdmins
from bot.people.permissions import Permissions
from bot.runtime.task_supervisor import TaskSupervisor
from bot.runtime.unit_of_work import UpdateUnitOfWork
from bot.storage.cache import InvalidatedCache
from bot.storage.database import Database
from bot.storage.engine import database_url
from bot.storage.notification_bus import NotificationBus
from bot.storage.partitioning import ChatPartitioning
from bot.storage.postgres.notifications import LockSession
from bot.storage.repositories.audit import AuditRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.preferences import concerns
from tests.answering.test_slot_broker import HERE, THERE, Homes
from tests.harness.turn_bench import Bench, until

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ours = st.fixed_dictionaries(
    {"bot": st.just(1) | anything},
    optional={
        "to": st.just(HERE) | anything,
        "do": st.sampled_from(["ask", "hear", "grant", "refuse", "stop", "restart", "drop", "claim", "look"])
        | anything,
        "turn": anything,
        "number": anything,
        "chat": anything,
        "who": anything,
        "seconds": anything,
    },
)
payloads = st.text(max_size=50) | (anything | ours).map(json.dumps) | st.just("[" * 100_000)
CHANNELS = ("turns", "places", "people", "preferences", "holds")


async def _administers(_chat: int, _user: int) -> str:
    return "member"


async def told(folder: Path, said: list[tuple[str, str]]) -> None:
    """Tell a process that runs turns, lends slots and keeps what it has read."""
    tasks = TaskSupervisor()
    database = Database(f"sqlite:///{folder / 'aura.db'}", start=tasks.start)
    await database.open()
    bench, homes = Bench(database), Homes(1, ChatPartitioning.among(HERE, [THERE]))
    await bench.turns.start()
    people = PersonRepository(database)
    await people.get(1, 5)
    known: InvalidatedCache[ChatKey, str] = InvalidatedCache(database, "preferences", concerns)
    await known.get(ChatKey(1, 5), lambda: asyncio.sleep(0, "a value"))
    RemoteSlotBroker(database, homes)
    SlotLender(database, tasks, homes, take=lambda _chat, *, distrusted: asyncio.sleep(0, distrusted))
    unit, permissions = UpdateUnitOfWork(database, bot=1), Permissions(GroupAdmins(_administers, clock=lambda: 0.0))
    audit = AuditLog(AuditRepository(database), permissions, clock=database.clock)
    Holds(unit, database, permissions, audit, tasks, lambda _chat: asyncio.sleep(0))
    for channel, payload in said:
        database._listeners.tell(channel, payload)
    await bench.turns.close(0)
    await bench.tasks.close()
    await tasks.close()
    await database.close()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(CHANNELS), payloads), max_size=30))
def test_no_payload_breaks_a_listener(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, said: list[tuple[str, str]]
) -> None:
    caplog.clear()
    asyncio.run(told(tmp_path, said))
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@given(anything.map(json.dumps) | st.text(max_size=50) | st.just("[" * 100_000))
def test_no_notification_of_a_stranger_breaks_the_session(said: str) -> None:
    heard: list[str] = []
    bus = NotificationBus()
    bus.add("turns", heard.append)
    session = LockSession(database_url("postgresql://u@localhost/x"), bus, lambda _url: {})
    session._heard(None, 1, "aura", said)
    session._heard(None, 1, "aura", json.dumps({"from": "another", "channel": "turns", "payload": "claim"}))
    assert heard[-1] == "claim"


async def test_what_is_lent_has_bounds(tmp_path: Path) -> None:
    """A refusal for longer than a day is one for a day; one that is no number is none."""
    tasks = TaskSupervisor()
    database = Database(f"sqlite:///{tmp_path / 'aura.db'}", start=tasks.start)
    await database.open()
    homes = Homes(1, ChatPartitioning.among(HERE, [THERE]))
    broker = RemoteSlotBroker(database, homes)
    chat = next(chat for chat in range(-200, -100) if homes.partitioning.of(chat) == THERE)
    waiting = tasks.start(broker.acquire(chat), name="acquire", awaited=True)
    await until(lambda: bool(broker._requests))
    refusal = {"bot": 1, "to": HERE, "number": 0, "do": "refuse"}
    for seconds in ("x", None, float("inf"), 10**9):
        database._listeners.tell("places", json.dumps({**refusal, "seconds": seconds}))
    with pytest.raises(FloodWait) as raised:
        await waiting
    assert raised.value.seconds == MAX_REFUSAL
    await tasks.close()
    await database.close()
