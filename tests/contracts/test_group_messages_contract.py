"""What is read along of a group, on each of the databases."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.conversation.group_context import GroupMessage
from bot.conversation.messages import ChatKey
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.group_messages import GroupMessageRepository
from bot.storage.schema import group_messages

HERE = ChatKey(1, -100)
TOPIC = ChatKey(1, -100, 7)
SIZE = 3


@pytest.fixture
def kept(database: Database) -> GroupMessageRepository:
    return GroupMessageRepository(database)


async def said(kept: GroupMessageRepository, key: ChatKey = HERE, *, since: float = 0, until: float = 1e9) -> list[str]:
    return [message.text for message in await kept.newest(key, since=since, until=until, limit=SIZE)]


async def say(kept: GroupMessageRepository, *numbers: int, key: ChatKey = HERE) -> None:
    for number in numbers:
        await kept.add(key, number, GroupMessage("Ann", str(number)), at=float(number), size=SIZE)


async def rows(database: Database) -> int:
    async with database.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(group_messages))).scalar_one())


async def test_the_newest_are_kept_in_order_and_the_oldest_give_their_place(
    kept: GroupMessageRepository, database: Database
) -> None:
    await say(kept, *range(1, 11))
    assert await said(kept) == ["8", "9", "10"]
    assert await rows(database) == SIZE


async def test_topics_and_chats_stay_apart(kept: GroupMessageRepository) -> None:
    await say(kept, 1)
    await say(kept, 2, key=TOPIC)
    await say(kept, 3, key=ChatKey(1, -200))
    await say(kept, 4, key=ChatKey(2, -100))
    assert await said(kept) == ["1"]
    assert await said(kept, TOPIC) == ["2"]


async def test_only_what_was_said_in_a_time_is_given(kept: GroupMessageRepository) -> None:
    await say(kept, 1, 2, 3)
    assert await said(kept, since=2) == ["2", "3"]
    assert await said(kept, until=2) == ["1", "2"]


async def test_a_message_that_comes_again_is_given_once(kept: GroupMessageRepository) -> None:
    await say(kept, 1, 2, 2)
    assert await said(kept) == ["1", "2"]


async def test_an_edit_changes_what_is_kept_and_nothing_else(kept: GroupMessageRepository) -> None:
    await say(kept, 1, 2)
    await kept.amend(HERE, 1, "one \x00")
    await kept.amend(HERE, 99, "nothing")
    assert await said(kept) == ["one ", "2"]


async def test_a_ring_that_was_made_smaller_gives_the_newest_and_no_more(kept: GroupMessageRepository) -> None:
    for number in range(1, 9):
        await kept.add(HERE, number, GroupMessage("Ann", str(number)), at=float(number), size=8)
    await say(kept, 9, 10, 11)
    assert await said(kept) == ["9", "10", "11"]


async def test_it_is_forgotten_by_age_by_chat_and_with_the_chat(
    kept: GroupMessageRepository, database: Database
) -> None:
    await say(kept, 1, 2)
    await kept.prune(2)
    assert await said(kept) == ["2"]
    await kept.forget(1, -100)
    assert await said(kept) == []
    await say(kept, 3)
    await say(kept, 4, key=TOPIC)
    await ConversationRepository(database).forget(1, -100)
    assert await rows(database) == 0
    await say(kept, 5)
    await ChatRepository(database).migrate(1, -100, -300)
    assert await rows(database) == 0
