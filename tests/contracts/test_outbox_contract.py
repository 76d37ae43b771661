"""Messages that have to be said: kept until they are sent, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from bot.answering.durable_outbox import DIGEST_LIFETIME, MAX_AGE, DurableOutbox
from bot.answering.turns.membership import Membership
from bot.errors import AmbiguousOutcome, ChatUnavailable, FloodWait, MessageNotFound, NotModified, TelegramProblem
from bot.rendering.entities import Entity, Formatted
from bot.runtime.clock import Clock
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.repositories.outbox import MAX_PER_CHAT, Lane, OutboxRepository
from bot.storage.schema import outbox
from bot.storage.turn_queue.claims import TurnRepository
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button, Keyboard
from tests.harness.databases import FakeTime
from tests.harness.turn_bench import until

ANN, BOB = Destination(5, private=True), Destination(6, private=True)
BOLD = Formatted("bold", (Entity("bold", 0, 4),))
KEYBOARD: Keyboard = ((Button("Let in", data="who:in:6"),),)


class Telegram:
    """A Telegram that fails as often as it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[Destination, str | Formatted, Keyboard]] = []
        self.edited: list[tuple[int, int, str, Keyboard]] = []
        self.problems: list[TelegramProblem] = []
        self.asked, self.answers = asyncio.Event(), asyncio.Event()
        self.answers.set()

    async def send(self, place: Destination, text: str | Formatted, *, keyboard: Keyboard = ()) -> int:
        self.asked.set()
        await self.answers.wait()
        if self.problems:
            raise self.problems.pop(0)
        self.sent.append((place, text, keyboard))
        return len(self.sent)

    async def edit(self, chat: int, message_id: int, text: Formatted, *, keyboard: Keyboard = ()) -> None:
        self.asked.set()
        await self.answers.wait()
        if self.problems:
            raise self.problems.pop(0)
        self.edited.append((chat, message_id, text.text, keyboard))

    def texts(self) -> list[str]:
        return [text.text if isinstance(text, Formatted) else text for _, text, _ in self.sent]


@pytest.fixture
async def sending(database: Database) -> AsyncIterator[TaskSupervisor]:  # noqa: ARG001  # it closes after us
    """The tasks of a process; as in the program they end before the database closes."""
    sending = TaskSupervisor()
    yield sending
    await until(lambda: len(sending) == 0)
    await sending.close()


def opened(database: Database, telegram: Telegram, tasks: TaskSupervisor, replica: str = "a") -> DurableOutbox:
    membership = Membership(database, TurnRepository(database), bot=1, replica=replica)
    return DurableOutbox(database, OutboxRepository(database), telegram, tasks, membership, clock=Clock(1000.0))


async def is_empty(database: Database) -> bool:
    async with database.reading() as connection:
        return await connection.scalar(select(func.count()).select_from(outbox)) == 0


async def test_a_message_arrives_as_it_was_and_is_forgotten(database: Database, sending: TaskSupervisor) -> None:
    telegram = Telegram()
    await opened(database, telegram, sending).enqueue(ANN, BOLD, keyboard=KEYBOARD)
    await until(lambda: is_empty(database))
    assert telegram.sent == [(ANN, BOLD, KEYBOARD)]


async def test_what_is_rolled_back_is_not_said(database: Database, sending: TaskSupervisor) -> None:
    telegram = Telegram()
    box = opened(database, telegram, sending)

    async def broken_use_case() -> None:
        async with database.transaction():
            await box.enqueue(ANN, "never")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken_use_case()
    await box.enqueue(ANN, "this")
    await until(lambda: is_empty(database))
    assert telegram.texts() == ["this"]


async def test_an_outage_delays_and_keeps_the_order(database: Database, sending: TaskSupervisor) -> None:
    telegram = Telegram()
    telegram.problems = [AmbiguousOutcome("502") for _ in range(8)] + [FloodWait("429", seconds=3)]
    box = opened(database, telegram, sending)
    for text in ("one", "two", "three"):
        await box.enqueue(ANN, text)
    await until(lambda: is_empty(database))
    assert telegram.texts() == ["one", "two", "three"]


async def test_what_a_dead_process_left_is_sent_by_the_next(database: Database, sending: TaskSupervisor) -> None:
    dead, telegram = TaskSupervisor(), Telegram()
    telegram.answers.clear()
    await opened(database, telegram, dead).enqueue(ANN, "you are in")
    await telegram.asked.wait()
    await dead.close()
    telegram.answers.set()
    if database.shared:  # as if a minute had passed for the database
        async with database.transaction() as connection:
            await connection.execute(outbox.update().values(lease_until=0.0))
    await opened(database, telegram, sending).start()
    await until(lambda: is_empty(database))
    assert telegram.texts() == ["you are in"]


async def test_a_refusal_ends_it_and_hinders_no_other(database: Database, sending: TaskSupervisor) -> None:
    telegram = Telegram()
    telegram.problems = [ChatUnavailable("blocked")]
    box = opened(database, telegram, sending)
    await box.enqueue(ANN, "refused")
    await until(lambda: is_empty(database))
    await box.enqueue(BOB, "heard")
    await until(lambda: is_empty(database))
    assert telegram.texts() == ["heard"]


async def test_after_a_day_it_is_given_up(database: Database, sending: TaskSupervisor, unix_time: FakeTime) -> None:
    telegram = Telegram()
    telegram.problems = [AmbiguousOutcome("down")] * 10_000
    await opened(database, telegram, sending).enqueue(ANN, "old news")
    unix_time.now += MAX_AGE + 1
    await until(lambda: is_empty(database))
    assert telegram.sent == []


async def test_a_chat_keeps_so_many_and_the_newest(database: Database) -> None:
    repository = OutboxRepository(database)
    for number in range(MAX_PER_CHAT + 3):
        await repository.add(1, 5, {"number": number}, owner="a/1")
    oldest = await repository.claim(1, Lane(5), owner="a/1")
    assert oldest is not None
    assert oldest.message == {"number": 3}


async def test_what_one_process_sends_no_other_does(database: Database) -> None:
    repository = OutboxRepository(database)
    await repository.add(1, 5, {}, owner="a/1")
    assert await repository.claim(1, Lane(5), owner="b/2") is None
    assert await repository.lanes(1, owner="b/2") == []
    assert await repository.claim(1, Lane(5), owner="a/1") is not None


async def test_a_message_is_edited_although_telegram_is_down(database: Database, sending: TaskSupervisor) -> None:
    telegram = Telegram()
    telegram.problems = [AmbiguousOutcome("502"), NotModified("it had arrived"), AmbiguousOutcome("502")]
    box = opened(database, telegram, sending)
    for text in ("as it is", "as it is now"):
        await box.enqueue(ANN, text, keyboard=KEYBOARD, edits=9)
    await until(lambda: is_empty(database))
    assert telegram.edited == [(5, 9, "as it is now", KEYBOARD)]
    assert telegram.sent == []


async def test_a_digest_is_one_message_that_says_the_newest(database: Database, sending: TaskSupervisor) -> None:
    telegram = Telegram()
    telegram.answers.clear()
    box = opened(database, telegram, sending)
    for count in range(100):
        await box.enqueue_digest(ANN, "requests", f"{count} wait")
        if count == 50:
            await telegram.asked.wait()
    telegram.answers.set()
    await until(lambda: is_empty(database))
    assert len(telegram.sent) == 1
    assert len(telegram.edited) == 1
    assert telegram.edited[-1] == (5, 1, "99 wait", ())
    await box.enqueue(ANN, "meanwhile")
    await until(lambda: is_empty(database))
    assert telegram.texts()[-1] == "meanwhile"


async def test_a_digest_is_sent_anew_when_it_was_deleted_or_had_no_news_for_an_hour(
    database: Database, sending: TaskSupervisor, unix_time: FakeTime
) -> None:
    telegram = Telegram()
    box = opened(database, telegram, sending)
    for number, before in enumerate((0.0, 60.0, DIGEST_LIFETIME + 1)):
        unix_time.now += before
        await box.enqueue_digest(ANN, "requests", str(number))
        await until(lambda: is_empty(database))
    assert telegram.texts() == ["0", "2"]
    telegram.problems = [MessageNotFound("deleted")]
    await box.enqueue_digest(ANN, "requests", "3")
    await until(lambda: is_empty(database))
    assert telegram.texts() == ["0", "2", "3"]
    assert [text for _, _, text, _ in telegram.edited] == ["1"]


async def test_a_digest_that_a_dead_process_left_is_sent_by_the_next(
    database: Database, sending: TaskSupervisor
) -> None:
    dead, telegram = TaskSupervisor(), Telegram()
    telegram.answers.clear()
    await opened(database, telegram, dead).enqueue_digest(ANN, "requests", "7 wait")
    await telegram.asked.wait()
    await dead.close()
    telegram.answers.set()
    if database.shared:  # as if a minute had passed for the database
        async with database.transaction() as connection:
            await connection.execute(outbox.update().values(lease_until=0.0))
    await opened(database, telegram, sending).start()
    await until(lambda: is_empty(database))
    assert telegram.texts() == ["7 wait"]
