"""Several processes keep within one chat's budget: one writes the answers, another may hear the commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.harness.databases import PostgreSQL
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request
from tests.harness.telegram_people import ANNA, BORIS, is_being_written

QUESTION = "@aura_bot Count"


@pytest.fixture
def database(postgresql: PostgreSQL) -> str:
    return postgresql.new_database()


async def eight_seconds(_request: Request) -> AsyncIterator[str]:
    for number in range(160):
        yield f"{number} "
        await asyncio.sleep(0.05)
    yield "done."


async def refused(scene: Scene) -> list[str]:
    return [str(call["method"]) for call in await scene.telegram.calls() if call["error_code"] == 429]


@pytest.mark.parametrize("person", [ANNA, BORIS])
async def test_commands_during_an_answer_stay_within_the_chats_budget(scene: Scene, database: str, person: int) -> None:
    scene.generator.script = eight_seconds
    async with AsyncExitStack() as stack:
        for name in ("first", "second"):
            await stack.enter_async_context(scene.replica(name, database))
        await scene.telegram.send("Count", by=person)
        await scene.telegram.reads("0 1", chat=person)
        for number in range(6):
            await scene.telegram.send("/persona" if number % 2 else "/system", by=person)
        await scene.telegram.reads_answer("done.", chat=person)
        await scene.telegram.until(lambda: len(scene.telegram.said(person)) == 7)
        assert await refused(scene) == []


async def test_answers_in_topics_and_commands_share_a_groups_budget(scene: Scene, database: str) -> None:
    scene.generator.script = eight_seconds
    group = await scene.telegram.group()
    world = await scene.telegram.world()
    topic = next(chat for chat in world["chats"] if chat["id"] == group)["topics"][-1]["id"]

    def answers() -> int:
        said = scene.telegram.said(group)
        return sum("done." in message.get("text", "") and not is_being_written(message) for message in said)

    async with AsyncExitStack() as stack:
        for name in ("first", "second", "third"):
            await stack.enter_async_context(scene.replica(name, database))
        await scene.telegram.send(QUESTION, chat=group)
        await scene.telegram.send(QUESTION, chat=group, topic=topic)
        await scene.telegram.reads("0 1", chat=group)
        for number in range(5):
            command = "/persona" if number % 2 else "/system"  # the same one again is answered once
            await scene.telegram.send(f"{command}@aura_bot", chat=group, topic=topic)
        await scene.telegram.until(lambda: answers() == 2)
        await scene.telegram.until(lambda: len(scene.telegram.said(group)) == 7)
        assert await refused(scene) == []
