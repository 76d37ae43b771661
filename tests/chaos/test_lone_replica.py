"""A process that can send and cannot store: what it sends then is sent again by whoever goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from bot.storage.turn_queue.leases import LEASE_DURATION
from tests.chaos.database_trouble import full_disk
from tests.chaos.partition import partition
from tests.harness.databases import PostgreSQL
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request

ANSWER = "The answer that stands there once"


class Waiting:
    """A generator that says nothing until the scene lets it."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def __call__(self, _request: Request) -> AsyncIterator[str]:
        await self.go_on.wait()
        yield ANSWER


async def test_a_replica_without_its_database_sends_nothing_that_another_sends_again(
    scene: Scene, postgresql: PostgreSQL
) -> None:
    scene.generator.script = script = Waiting()
    database = postgresql.new_database()
    async with AsyncExitStack() as stack:
        way = await stack.enter_async_context(partition(database))
        await stack.enter_async_context(scene.replica("first", way.url(database)))
        await scene.telegram.send("Tell me")
        await scene.generator.asked()
        await stack.enter_async_context(scene.replica("second", database))
        stalling = asyncio.create_task(way.stall(LEASE_DURATION + 10))
        await asyncio.sleep(2)  # nothing is under way any more
        script.go_on.set()
        await stalling
        await scene.telegram.reads_answer(ANSWER)
    assert scene.telegram.texts().count(ANSWER) == 1


async def test_a_process_without_its_disk_sends_nothing_that_it_sends_again_after_a_kill(scene: Scene) -> None:
    scene.generator.script = script = Waiting()
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        await scene.generator.asked()
        await asyncio.sleep(1)  # nothing is under way any more
        with full_disk(program.process.pid):
            script.go_on.set()
            await asyncio.sleep(4)  # longer than the second in which a kill may leave a message twice
            await program.kill()
    async with scene.program():
        await scene.telegram.reads_answer(ANSWER)
    assert scene.telegram.texts().count(ANSWER) == 1
