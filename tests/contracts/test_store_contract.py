from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from bot.answering.tasks import Tasks
from bot.errors import StorageUnavailable
from bot.storage.store import Store


async def test_an_update_is_new_once(store: Store) -> None:
    assert await store.first_time(1, 100)
    assert not await store.first_time(1, 100)
    assert await store.first_time(2, 100), "another bot counts for itself"


async def test_what_a_failed_transaction_did_is_undone(store: Store) -> None:
    async def change_of_mind() -> None:
        async with store.transaction():
            assert await store.first_time(1, 100)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_of_mind()
    assert await store.first_time(1, 100)


async def test_an_inner_transaction_belongs_to_the_outer_one(store: Store) -> None:
    async def outer() -> None:
        async with store.transaction():
            async with store.transaction():
                await store.first_time(1, 100)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await outer()
    assert await store.first_time(1, 100)


async def test_a_swallowed_failure_of_the_inner_half_is_not_committed(store: Store) -> None:
    async def inner() -> None:
        async with store.transaction():
            raise StorageUnavailable("in the middle")

    async def outer() -> None:
        async with store.transaction():
            await store.first_time(1, 100)
            with suppress(StorageUnavailable):
                await inner()

    with pytest.raises(StorageUnavailable):
        await outer()
    assert await store.first_time(1, 100)


async def test_effects_come_after_the_outermost_commit(store: Store) -> None:
    happened: list[str] = []
    async with store.transaction():
        async with store.transaction():
            store.after_commit(lambda: happened.append("inner"))
        store.after_commit(lambda: happened.append("outer"))
        assert happened == []
    assert happened == ["inner", "outer"]


async def test_effects_never_come_after_a_rollback(store: Store) -> None:
    happened: list[str] = []

    async def change_of_mind() -> None:
        async with store.transaction():
            store.after_commit(lambda: happened.append("never"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_of_mind()
    assert happened == []


async def test_effects_outside_a_transaction_come_at_once(store: Store) -> None:
    happened: list[str] = []
    store.after_commit(lambda: happened.append("now"))
    assert happened == ["now"]


async def test_many_writers_wait_for_each_other(store: Store) -> None:
    async def write(number: int) -> bool:
        async with store.transaction():
            first = await store.first_time(1, number)
            await asyncio.sleep(0)
            return first

    assert all(await asyncio.gather(*(write(number) for number in range(50))))


async def test_a_transaction_sees_what_it_wrote_and_others_do_not(store: Store) -> None:
    tasks, seen = Tasks(), asyncio.Event()

    async def elsewhere() -> None:
        await store.ping()
        seen.set()

    async with store.transaction():
        assert await store.first_time(1, 1)
        assert not await store.first_time(1, 1)
        await tasks.start(elsewhere(), name="read beside it")
        assert seen.is_set(), "a reader does not wait for a writer"
    await tasks.close()


async def test_cancelled_writers_leave_the_store_usable(store: Store) -> None:
    tasks = Tasks()

    async def write(number: int) -> None:
        async with store.transaction():
            for step in range(20):
                await store.first_time(number, step)

    for number in range(30):
        task = tasks.start(write(number), name="write", awaited=True)
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    assert await store.first_time(99, 1)
    await tasks.close()


async def test_what_is_told_is_heard_after_the_commit(store: Store) -> None:
    heard: list[str] = []
    store.listen("news", heard.append)
    async with store.transaction():
        await store.notify("news", "hello")
        assert heard == []
    assert heard == ["hello"]


async def test_a_broken_listener_hinders_no_other(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def broken(_payload: str) -> None:
        raise ValueError("broken")

    store.listen("news", broken)
    store.listen("news", heard.append)
    await store.notify("news", "hello")
    assert heard == ["hello"]
    assert "A listener on news failed" in caplog.text


async def test_old_update_ids_are_forgotten(store: Store) -> None:
    await store.first_time(1, 100)
    await store.forget_updates(before=store.clock() + 1)
    assert await store.first_time(1, 100)
