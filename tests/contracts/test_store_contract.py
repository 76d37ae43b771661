from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy.exc import DBAPIError

from bot.errors import StorageUnavailable
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.errors import StorageTrouble
from bot.storage.schema import people


async def test_an_update_is_new_once(database: Database) -> None:
    assert await database.first_time(1, 100)
    assert not await database.first_time(1, 100)
    assert await database.first_time(2, 100), "another bot counts for itself"


async def test_what_a_failed_transaction_did_is_undone(database: Database) -> None:
    async def change_of_mind() -> None:
        async with database.transaction():
            assert await database.first_time(1, 100)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_of_mind()
    assert await database.first_time(1, 100)


async def test_an_inner_transaction_belongs_to_the_outer_one(database: Database) -> None:
    async def outer() -> None:
        async with database.transaction():
            async with database.transaction():
                await database.first_time(1, 100)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await outer()
    assert await database.first_time(1, 100)


async def test_a_swallowed_failure_of_the_inner_half_is_not_committed(database: Database) -> None:
    async def inner() -> None:
        async with database.transaction():
            raise StorageUnavailable("in the middle")

    async def outer() -> None:
        async with database.transaction():
            await database.first_time(1, 100)
            with suppress(StorageUnavailable):
                await inner()

    with pytest.raises(StorageUnavailable):
        await outer()
    assert await database.first_time(1, 100)


@pytest.mark.parametrize(
    ("id_", "name"), [(2**63, "Anna"), (-(2**70), "Anna"), (1, "An\0na")], ids=["large", "small", "NUL"]
)
async def test_what_no_column_holds_is_no_outage_that_would_pass(
    database: Database, id_: int, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An update that holds such a value would come again and again, and nothing else of its chat would come."""
    troubles: list[StorageTrouble | None] = []
    database.on_trouble(troubles.append)
    with suppress(DBAPIError, OverflowError):  # SQLite holds a NUL
        async with database.transaction() as connection:
            await connection.execute(people.insert().values(bot=1, id=id_, name=name, username="", language=""))
    assert await database.first_time(1, 100), "and the next one is stored"
    assert (troubles, caplog.records) == ([], [])


async def test_effects_come_after_the_outermost_commit(database: Database) -> None:
    happened: list[str] = []
    async with database.transaction():
        async with database.transaction():
            database.after_commit(lambda: happened.append("inner"))
        database.after_commit(lambda: happened.append("outer"))
        assert happened == []
    assert happened == ["inner", "outer"]


async def test_effects_never_come_after_a_rollback(database: Database) -> None:
    happened: list[str] = []

    async def change_of_mind() -> None:
        async with database.transaction():
            database.after_commit(lambda: happened.append("never"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_of_mind()
    assert happened == []


async def test_effects_outside_a_transaction_come_at_once(database: Database) -> None:
    happened: list[str] = []
    database.after_commit(lambda: happened.append("now"))
    assert happened == ["now"]


async def test_many_writers_wait_for_each_other(database: Database) -> None:
    async def write(number: int) -> bool:
        async with database.transaction():
            first = await database.first_time(1, number)
            await asyncio.sleep(0)
            return first

    assert all(await asyncio.gather(*(write(number) for number in range(50))))


async def test_a_transaction_sees_what_it_wrote_and_others_do_not(database: Database) -> None:
    tasks, seen = TaskSupervisor(), asyncio.Event()

    async def elsewhere() -> None:
        await database.ping()
        seen.set()

    async with database.transaction():
        assert await database.first_time(1, 1)
        assert not await database.first_time(1, 1)
        await tasks.start(elsewhere(), name="read beside it")
        assert seen.is_set(), "a reader does not wait for a writer"
    await tasks.close()


async def test_cancelled_writers_leave_the_store_usable(database: Database) -> None:
    tasks = TaskSupervisor()

    async def write(number: int) -> None:
        async with database.transaction():
            for step in range(20):
                await database.first_time(number, step)

    for number in range(30):
        task = tasks.start(write(number), name="write", awaited=True)
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    assert await database.first_time(99, 1)
    await tasks.close()


async def test_what_is_told_is_heard_after_the_commit(database: Database) -> None:
    heard: list[str] = []
    database.listen("news", heard.append)
    async with database.transaction():
        await database.notify("news", "hello")
        assert heard == []
    assert heard == ["hello"]


async def test_a_broken_listener_hinders_no_other(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def broken(_payload: str) -> None:
        raise ValueError("broken")

    database.listen("news", broken)
    database.listen("news", heard.append)
    await database.notify("news", "hello")
    assert heard == ["hello"]
    assert "A listener on news failed" in caplog.text


async def test_old_update_ids_are_forgotten(database: Database) -> None:
    await database.first_time(1, 100)
    await database.forget_updates(before=database.clock() + 1)
    assert await database.first_time(1, 100)
