from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from bot.conversation.messages import ChatKey
from bot.conversation.people import Chat, Person, Standing
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.pacing import PacingRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.preferences import PreferenceRepository
from bot.storage.repositories.token_usage import BudgetWarningRepository
from bot.storage.schema import group_calls
from tests.harness.databases import FakeTime

ANN = Person(7_000_000_001, "Ann", "ann", "en")


@pytest.fixture
def people(database: Database) -> PersonRepository:
    return PersonRepository(database)


@pytest.fixture
def chats(database: Database) -> ChatRepository:
    return ChatRepository(database)


@pytest.fixture
def pacing(database: Database) -> PacingRepository:
    return PacingRepository(database, 1)


@pytest.fixture
def preferences(database: Database) -> PreferenceRepository:
    return PreferenceRepository(database)


async def test_a_person_is_met_and_renamed(people: PersonRepository) -> None:
    assert await people.get(1, ANN.id) is None
    assert await people.meet(1, ANN.id, "Ann", "ann", "en") == ANN
    await people.set_standing(1, ANN.id, Standing.APPROVED)
    renamed = await people.meet(1, ANN.id, "Anna", "", "ru")
    assert renamed == Person(ANN.id, "Anna", "", "ru", Standing.APPROVED)
    assert await people.get(1, ANN.id) == renamed
    assert await people.get(2, ANN.id) is None


async def test_names_that_no_database_can_hold_are_cleaned(people: PersonRepository) -> None:
    assert (await people.meet(1, 5, "A\x00nn\ud83d", "", "")).name == "Ann?"


async def test_a_stranger_can_be_made_admin_or_blocked_by_id(people: PersonRepository) -> None:
    await people.set_admin(1, 5, True)
    await people.set_standing(1, 6, Standing.BLOCKED)
    assert [
        (person.id, person.admin, person.standing) for person in (await people.page(1, "", offset=0, limit=9))[0]
    ] == [
        (5, True, Standing.NEW),
        (6, False, Standing.BLOCKED),
    ]


async def test_a_link_works_once_and_not_after_its_time(people: PersonRepository, unix_time: FakeTime) -> None:
    now = unix_time()
    await people.offer_link(1, "digest", now + 60)
    await people.offer_link(1, "of another start", now + 60)
    assert not await people.take_link(1, "other", now)
    assert not await people.take_link(2, "digest", now)
    assert await people.take_link(1, "digest", now)
    assert not await people.take_link(1, "digest", now)
    assert not await people.take_link(1, "of another start", now)
    await people.offer_link(1, "late", now + 60)
    assert not await people.take_link(1, "late", now + 61)


async def test_how_lively_a_group_is_is_remembered_beside_everything_else(
    chats: ChatRepository, pacing: PacingRepository
) -> None:
    group = Chat(-100, "supergroup", "Friends", allowed=True)
    await chats.put(1, group)
    assert await pacing.tempo(group.id) is None
    assert await pacing.tempo(-404) is None
    await pacing.set_tempo(group.id, 0.25)
    await chats.put(1, group)
    await pacing.set_tempo(-200, 0.75)
    assert (await pacing.tempo(group.id), await pacing.tempo(-200)) == (0.25, 0.75)
    assert await chats.get(1, group.id) == group


async def test_calls_to_groups_are_known_to_other_processes_for_a_minute(
    database: Database, pacing: PacingRepository
) -> None:
    other, of_another_bot = PacingRepository(database, 1), PacingRepository(database, 2)
    for chat in (-1, -1, -2):
        await pacing.note_call(chat)
    await of_another_bot.note_call(-1)
    assert await pacing.calls_of_others(-1, after=0, lately=60.0) == [], "its own"
    (first, ago), (second, _) = await other.calls_of_others(-1, after=0, lately=60.0)
    assert first < second
    assert 0.0 <= ago < 30.0
    assert [number for number, _ in await other.calls_of_others(-1, after=first, lately=60.0)] == [second]
    async with database.transaction() as connection:
        await connection.execute(update(group_calls).values(at=group_calls.c.at - 60.0))
    assert await other.calls_of_others(-2, after=0, lately=60.0) == []
    async with database.reading() as connection:
        left = (await connection.execute(select(group_calls.c.bot))).scalars().all()
    assert left == [2], "what is older is deleted"


async def test_chats_are_remembered_with_their_holds(
    chats: ChatRepository, pacing: PacingRepository, unix_time: FakeTime
) -> None:
    now = unix_time()
    group = Chat(-100_123, "supergroup", "Friends", greeted=True)
    await chats.put(1, group)
    await pacing.hold(group.id, now + 30)
    await pacing.hold(42, now + 10)
    assert await pacing.holds() == {group.id: now + 30, 42: now + 10}
    await chats.put(1, Chat(group.id, "supergroup", "Foes"))
    assert await chats.get(1, group.id) == Chat(group.id, "supergroup", "Foes", hold_until=now + 30)
    unix_time.now += 11
    assert await pacing.holds() == {group.id: now + 30}
    assert await chats.get(2, group.id) is None


async def test_preferences_come_by_scope(preferences: PreferenceRepository, database: Database) -> None:
    changes: list[str] = []
    database.listen("preferences", changes.append)
    whole, chat, topic = ChatKey(1, 0), ChatKey(1, -5), ChatKey(1, -5, 9)
    await preferences.put(whole, "temperature", "0.5")
    await preferences.put(chat, "temperature", "0.7")
    await preferences.put(topic, "persona", "pirate")
    await preferences.put(ChatKey(1, -6), "temperature", "1")
    await preferences.put(ChatKey(2, 0), "temperature", "2")
    assert await preferences.scopes(topic) == {
        whole: {"temperature": "0.5"},
        chat: {"temperature": "0.7"},
        topic: {"persona": "pirate"},
    }
    await preferences.put(chat, "temperature", "0.8")
    await preferences.put(topic, "persona", None)
    assert await preferences.scopes(topic) == {whole: {"temperature": "0.5"}, chat: {"temperature": "0.8"}}
    assert changes.count("1 -5") == 4


async def test_a_supergroup_inherits_what_admins_decided_about_its_group(
    chats: ChatRepository, preferences: PreferenceRepository
) -> None:
    await chats.put(1, Chat(-5, "group", "Friends", allowed=True, greeted=True))
    await chats.put(1, Chat(-100_5, "supergroup", "Friends"))
    await preferences.put(ChatKey(1, -5), "language", "ru")
    await preferences.put(ChatKey(1, -5), "persona", "pirate")
    await preferences.put(ChatKey(1, -100_5), "persona", "poet")
    await chats.migrate(1, -5, -100_5)
    await chats.migrate(1, -5, -100_5)
    assert await chats.get(1, -5) is None
    assert await chats.get(1, -100_5) == Chat(-100_5, "supergroup", "Friends", allowed=True, greeted=True)
    assert await preferences.scopes(ChatKey(1, -100_5)) == {
        ChatKey(1, -100_5): {"language": "ru", "persona": "poet"},
    }


async def test_whoever_is_new_waits_once(people: PersonRepository) -> None:
    assert not await people.let_wait(1, ANN.id)
    await people.meet(1, ANN.id, "Ann", "ann", "en")
    assert sorted(await asyncio.gather(*(people.let_wait(1, ANN.id) for _ in range(3)))) == [False, False, True]
    known = await people.get(1, ANN.id)
    assert known is not None and known.standing is Standing.WAITING


async def test_a_group_is_refused_once(chats: ChatRepository) -> None:
    known, unknown = Chat(-5, "supergroup", "Friends", greeted=True), Chat(-6, "group", "Foes")
    await chats.put(1, known)
    for group in (known, unknown):
        assert sorted(await asyncio.gather(*(chats.refuse(1, group) for _ in range(3)))) == [False, False, True]
        assert await chats.get(1, group.id) == replace(group, refused=True)


async def test_a_warning_of_a_budget_is_given_once_in_its_period(database: Database) -> None:
    warnings = BudgetWarningRepository(database, bot=1)
    for beginning in (100.0, 200.0):
        for person in (0, 7):
            assert await warnings.begin(person, "tokens a day", beginning)
            assert not await warnings.begin(person, "tokens a day", beginning)
    assert not await warnings.begin(7, "tokens a day", 100.0), "a late replica"
    assert await warnings.begin(7, "money a day", 100.0)
