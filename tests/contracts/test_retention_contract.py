"""Everything that gets old is forgotten together, in each of the databases."""

from __future__ import annotations

import time

from sqlalchemy import func, select

from bot.answering.turns.retention import BROADCAST_LIFETIME, MaxAges, Retention
from bot.conversation.broadcasts import BroadcastAudience
from bot.conversation.messages import ChatKey
from bot.conversation.troubles import Trouble
from bot.storage.database import Database
from bot.storage.repositories.broadcasts import BroadcastRepository
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.troubles import TroubleRepository
from bot.storage.schema import audit, broadcasts, conversations, held_messages, messages, troubles, updates
from bot.storage.turn_queue.claims import TurnRepository
from tests.harness.databases import FakeTime

BOT, OLGA, DAY = 7, 1, 86_400.0
KEPT_BY_AGE = (messages, broadcasts, troubles, audit, held_messages, updates)


async def everything_happens(database: Database, number: int) -> None:
    """Leave a row of now in each of the tables."""
    at = database.clock()
    await TroubleRepository(database).keep(
        Trouble(number, ChatKey(BOT, OLGA), at, "model", "GeneratorBroken", "500", 1, 1, "one")
    )
    await BroadcastRepository(database, bot=BOT).add(
        OLGA, "en", {"text": "News", "entities": []}, BroadcastAudience.PEOPLE, 0
    )
    await database.first_time(BOT, number)
    said = {"role": "user", "text": "Hi", "thoughts": "", "ending": "complete", "author": "", "placed": True, "at": at}
    changed = {"by": OLGA, "by_name": "Olga", "action": "set", "about": "model", "value": "m", "place": ""}
    async with database.transaction() as connection:
        new = conversations.insert().values(bot=BOT, chat=OLGA, topic=number).returning(conversations.c.id)
        conversation = (await connection.execute(new)).scalar_one()
        await connection.execute(messages.insert().values(conversation=conversation, **said))
        await connection.execute(audit.insert().values(bot=BOT, at=at, **changed))
        await connection.execute(
            held_messages.insert().values(bot=BOT, update_id=number, person=OLGA, message={}, at=at)
        )


async def left(database: Database) -> dict[str, int]:
    async with database.reading() as connection:
        return {
            table.name: int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
            for table in KEPT_BY_AGE
        }


def retention(database: Database, *, history: float | None) -> Retention:
    ages = MaxAges(history=history, troubles=30 * DAY, usage=400 * DAY)
    return Retention(
        database,
        TurnRepository(database),
        ConversationRepository(database),
        TroubleRepository(database),
        ages,
        clock=time.monotonic,
    )


async def test_what_was_said_and_every_record_beside_it_go_together(database: Database, unix_time: FakeTime) -> None:
    await everything_happens(database, 1)
    unix_time.now += 100 * DAY
    await everything_happens(database, 2)
    await retention(database, history=99 * DAY).prune()
    assert await left(database) == dict.fromkeys([table.name for table in KEPT_BY_AGE], 1)


async def test_a_short_history_takes_broadcasts_with_it(database: Database, unix_time: FakeTime) -> None:
    await everything_happens(database, 1)
    unix_time.now += 8 * DAY
    await retention(database, history=7 * DAY).prune()
    found = await left(database)
    assert (found["messages"], found["broadcasts"], found["audit"]) == (0, 0, 1)


async def test_without_a_limit_only_records_grow_old(database: Database, unix_time: FakeTime) -> None:
    await everything_happens(database, 1)
    unix_time.now += BROADCAST_LIFETIME + DAY
    await retention(database, history=None).prune()
    found = await left(database)
    assert (found["messages"], found["broadcasts"]) == (1, 0)


async def test_a_broadcast_that_goes_on_stays(database: Database, unix_time: FakeTime) -> None:
    await everything_happens(database, 1)
    stored = BroadcastRepository(database, bot=BOT)
    number, _ = await stored.add(OLGA, "en", {"text": "News", "entities": []}, BroadcastAudience.PEOPLE, 0)
    await stored.start(number)
    unix_time.now += 300 * DAY
    await retention(database, history=7 * DAY).prune()
    running = await stored.running()
    assert running is not None and running.id == number
