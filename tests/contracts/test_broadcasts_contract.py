"""Broadcasts, stored in each of the databases."""

from __future__ import annotations

import pytest

from bot.conversation.broadcasts import BroadcastAudience, BroadcastState
from bot.conversation.people import Chat, Standing
from bot.storage.database import Database
from bot.storage.repositories.broadcasts import BroadcastRepository
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.schema import conversations, messages

BOT, OLGA = 7, 1
TEXT = {"text": "News", "entities": []}


@pytest.fixture
def broadcasts(database: Database) -> BroadcastRepository:
    return BroadcastRepository(database, bot=BOT)


async def wrote(database: Database, chat: int, days_ago: float = 0, topic: int = 0) -> None:
    """Somebody wrote in a chat."""
    at = database.clock() - days_ago * 86_400
    message = {
        "placed": True,
        "role": "user",
        "text": "Hi",
        "thoughts": "",
        "ending": "complete",
        "author": "",
        "at": at,
    }
    async with database.transaction() as connection:
        new = conversations.insert().values(bot=BOT, chat=chat, topic=topic).returning(conversations.c.id)
        conversation = (await connection.execute(new)).scalar_one()
        await connection.execute(messages.insert().values(conversation=conversation, **message))


async def reached(broadcasts: BroadcastRepository, audience: BroadcastAudience, days: int = 0) -> list[int]:
    """The chats of a broadcast, in the order in which they are written to."""
    number, counted = await broadcasts.add(OLGA, "en", TEXT, audience, days)
    assert await broadcasts.start(number) == counted
    found = []
    while (chat := await broadcasts.next_chat(number)) is not None:
        found.append(chat)
        await broadcasts.note(number, chat, "sent")
    ended = await broadcasts.finish(number)
    assert ended is not None and ended.sent == counted == len(found)
    return found


async def test_people_are_those_who_wrote_in_private_and_can_be_written_to(
    database: Database, broadcasts: BroadcastRepository
) -> None:
    people, chats = PersonRepository(database), ChatRepository(database)
    for chat in (11, 12, 13, 14, -100):
        await wrote(database, chat)
    await wrote(database, 11, topic=5)
    await people.set_standing(BOT, 12, Standing.BLOCKED)
    await chats.put(BOT, Chat(13, "private", writable=False))
    assert await reached(broadcasts, BroadcastAudience.PEOPLE) == [11, 14]


async def test_days_look_back_at_what_was_said(database: Database, broadcasts: BroadcastRepository) -> None:
    await wrote(database, 11, days_ago=3)
    await wrote(database, 12, days_ago=40)
    assert await reached(broadcasts, BroadcastAudience.PEOPLE, 30) == [11]


async def test_groups_are_those_in_which_the_bot_may_write(database: Database, broadcasts: BroadcastRepository) -> None:
    chats = ChatRepository(database)
    await chats.put(BOT, Chat(-1, "group"))
    await chats.put(BOT, Chat(-2, "supergroup", writable=False))
    await chats.put(BOT, Chat(-3, "supergroup", present=False))
    await chats.put(BOT, Chat(5, "private"))
    assert await reached(broadcasts, BroadcastAudience.GROUPS) == [-1]


async def test_a_broadcast_begins_once_and_ends_once(database: Database, broadcasts: BroadcastRepository) -> None:
    await wrote(database, 11)
    number, _ = await broadcasts.add(OLGA, "en", TEXT, BroadcastAudience.PEOPLE, 0)
    assert await broadcasts.running() is None, "it is only shown"
    assert await broadcasts.start(number) == 1
    assert await broadcasts.start(number) is None
    running = await broadcasts.running()
    assert running is not None and (running.id, running.message) == (number, TEXT)
    stopped = await broadcasts.stop(number)
    assert stopped is not None and stopped.state is BroadcastState.RUNNING, "it is given with the state that it was in"
    assert await broadcasts.stop(number) is None
    assert await broadcasts.finish(number) is None
    assert await broadcasts.next_chat(number) is None
    await broadcasts.note(number, 11, "sent")
    assert await broadcasts.running() is None


async def test_one_that_is_only_shown_ends_as_such(database: Database, broadcasts: BroadcastRepository) -> None:
    await wrote(database, 11)
    number, _ = await broadcasts.add(OLGA, "en", TEXT, BroadcastAudience.PEOPLE, 0)
    dropped = await broadcasts.stop(number)
    assert dropped is not None and dropped.state is BroadcastState.SHOWN
    assert await broadcasts.stop(number) is None
    assert await broadcasts.start(number) is None


async def test_a_chat_counts_once(database: Database, broadcasts: BroadcastRepository) -> None:
    await wrote(database, 11)
    number, _ = await broadcasts.add(OLGA, "en", TEXT, BroadcastAudience.PEOPLE, 0)
    await broadcasts.start(number)
    await broadcasts.note(number, 11, "blocked")
    await broadcasts.note(number, 11, "sent")
    ended = await broadcasts.finish(number)
    assert ended is not None and (ended.sent, ended.blocked, ended.failed) == (0, 1, 0)


async def test_who_was_there_is_known_after_what_they_said_is_pruned(
    database: Database, broadcasts: BroadcastRepository
) -> None:
    await wrote(database, 11, days_ago=9)
    await wrote(database, 12, days_ago=9)
    people = PersonRepository(database)
    await people.meet(BOT, 11, "Anna", "anna", "en")
    assert await reached(broadcasts, BroadcastAudience.PEOPLE, days=5) == [11]
