"""Several processes with one PostgreSQL: one dies or freezes, and the others go on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest

from tests.end_to_end.stored import all_kept
from tests.harness.checked_answers import answer_to, count, pieces_of, settled
from tests.harness.databases import PostgreSQL
from tests.harness.program_process import Program
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request, Slowly
from tests.harness.telegram_people import ANNA, BORIS, is_being_written

HALF = "The first half of the answer"
REST = ", and the second."


@pytest.fixture
def database(postgresql: PostgreSQL) -> str:
    return postgresql.new_database()


async def two(scene: Scene, stack: AsyncExitStack, database: str, **settings: str) -> tuple[Program, Program]:
    """Two replicas; the first of them polls."""
    first = await stack.enter_async_context(scene.replica("first", database, **settings))
    second = await stack.enter_async_context(scene.replica("second", database, **settings))
    return first, second


def is_settled(scene: Scene, person: int) -> bool:
    return settled(scene.telegram.said(person))


def is_whole(scene: Scene, person: int, question: str) -> bool:
    return count(scene.telegram.said(person)).whole == [question] and is_settled(scene, person)


async def people(scene: Scene, number: int) -> list[int]:
    """So many people with a private chat."""
    found = []
    for at in range(number):
        person = await scene.telegram.post("people", first_name=f"Person {at}", username=f"person{at}")
        found.append(int(person.get("id") or person["person"]["id"]))
    return found


async def whole_answer(scene: Scene, person: int, name: str) -> None:
    await scene.telegram.until(lambda: count(scene.telegram.said(person)).whole == [name], seconds=60)
    await at_rest(scene, person)


async def at_rest(scene: Scene, person: int) -> None:
    await scene.telegram.until(lambda: settled(scene.telegram.said(person)))


async def test_of_two_one_polls_and_the_other_takes_over_within_fifteen_seconds(scene: Scene, database: str) -> None:
    async with AsyncExitStack() as stack:
        first, _ = await two(scene, stack, database)
        await scene.telegram.send("one")
        await scene.telegram.reads_answer("You said: one")
        await first.kill()
        died = time.monotonic()
        await scene.telegram.send("two", by=BORIS)
        await scene.telegram.reads_answer("You said: two", chat=BORIS)
        print(f"polling taken over after {time.monotonic() - died:.1f} s")  # noqa: T201  # a figure to read
        assert time.monotonic() - died < 15
    assert scene.telegram.texts() == ["You said: one"] and scene.telegram.texts(BORIS) == ["You said: two"]


async def test_one_of_three_is_killed_with_many_answers_in_progress(scene: Scene, database: str) -> None:
    asked = {person: f"q{person}" for person in await people(scene, 20)}
    go_on = asyncio.Event()

    async def script(request: Request) -> AsyncIterator[str]:
        pieces = pieces_of(answer_to(request.question, 60), 100)
        yield pieces[0]
        await go_on.wait()
        for piece in pieces[1:]:
            yield piece

    scene.generator.script = script
    async with AsyncExitStack() as stack:
        first, _ = await two(scene, stack, database)
        for person, name in asked.items():
            await scene.telegram.send(name, by=person)
        await scene.telegram.until(lambda: all(scene.telegram.said(person) for person in asked), seconds=90)
        before = {person: scene.telegram.said(person)[0]["message_id"] for person in asked}
        await all_kept(database, before)
        await stack.enter_async_context(scene.replica("third", database))
        await first.kill()
        died = time.monotonic()
        go_on.set()
        for person, name in asked.items():
            await scene.telegram.until(
                partial(is_whole, scene, person, name),
                seconds=60,
            )
        print(f"taken over and complete after {time.monotonic() - died:.1f} s")  # noqa: T201  # a figure to read
        assert time.monotonic() - died < 60
    for person in asked:
        assert [message["message_id"] for message in scene.telegram.said(person)] == [before[person]]


async def test_a_frozen_one_sends_nothing_when_it_wakes(scene: Scene, database: str) -> None:
    scene.generator.script = script = Slowly(HALF, REST)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(scene.replica("first", database))
        await scene.telegram.send("Tell me")
        half = await scene.telegram.reads(HALF)
        await all_kept(database, {ANNA: half["message_id"]})
        second = await stack.enter_async_context(scene.replica("second", database))
        first.freeze()
        frozen = time.monotonic()
        script.more.set()
        whole = await scene.telegram.reads_answer(HALF + REST, seconds=60)
        print(f"taken over from a frozen one after {time.monotonic() - frozen:.1f} s")  # noqa: T201  # a figure
        assert whole["message_id"] == half["message_id"]
        await scene.telegram.send("And now?", by=BORIS)
        await scene.telegram.reads_answer(HALF + REST, chat=BORIS, seconds=60)
        print(f"polling taken over after {time.monotonic() - frozen:.1f} s")  # noqa: T201  # a figure
        since = max(call["seq"] for call in await scene.telegram.calls())
        first.thaw()
        await scene.telegram.send("Are you back?")
        await scene.telegram.until(
            lambda: len(scene.telegram.said()) == 2 and not is_being_written(scene.telegram.said()[1])
        )
        await second.stop()
        touched = [call["parameters"].get("message_id") for call in await scene.telegram.calls(since)]
        assert whole["message_id"] not in touched
        assert len(scene.telegram.said()) == 2 and len(scene.telegram.said(BORIS)) == 1
        await scene.telegram.send("The first one is of use again", by=BORIS)
        await scene.telegram.until(lambda: len(scene.telegram.said(BORIS)) == 2, seconds=60)


async def test_a_change_of_an_admin_reaches_every_replica(scene: Scene, database: str) -> None:
    async with AsyncExitStack() as stack:
        first, second = await two(scene, stack, database)
        await scene.telegram.send("/temperature 1.5")
        await scene.telegram.until(lambda: scene.telegram.said())
        await first.kill()
        await scene.telegram.send("How warm?", by=BORIS)
        request = await scene.generator.asked(seconds=60)
        assert request.body["temperature"] == 1.5
        assert await second.stop() == 0


async def test_a_stop_pressed_on_another_replica_ends_the_answer(scene: Scene, database: str) -> None:
    """The first replica writes and is then no longer the one that polls: a full one hands over by MAX_ANSWERS."""
    scene.generator.script = Slowly(HALF, REST)
    async with AsyncExitStack() as stack:
        await two(scene, stack, database, MAX_ANSWERS="1")
        await scene.telegram.send("Tell me")
        await scene.telegram.reads(HALF)
        await scene.telegram.send("And me", by=BORIS)
        other = await scene.telegram.reads(HALF, chat=BORIS)
        assert len(scene.generator.requests) == 2, "one on each replica"
        began = time.monotonic()
        for person, message in ((BORIS, other), (ANNA, scene.telegram.said()[0])):
            await scene.telegram.press(message, "■", by=person)
            await scene.telegram.until(partial(is_settled, scene, person))
        await scene.generator.requests[0].is_over()
        await scene.generator.requests[1].is_over()
        print(f"both stopped after {time.monotonic() - began:.2f} s")  # noqa: T201  # a figure to read


async def test_an_answer_handed_over_at_the_end_goes_on_at_once(scene: Scene, database: str) -> None:
    scene.generator.script = script = Slowly(HALF, REST)
    async with AsyncExitStack() as stack:
        first, _ = await two(scene, stack, database)
        await scene.telegram.send("Tell me")
        half = await scene.telegram.reads(HALF)
        await all_kept(database, {ANNA: half["message_id"]})
        assert await first.stop() == 0
        ended = time.monotonic()
        script.more.set()
        whole = await scene.telegram.reads_answer(HALF + REST)
        print(f"handed over after {time.monotonic() - ended:.2f} s")  # noqa: T201  # a figure to read
        assert whole["message_id"] == half["message_id"]
        assert time.monotonic() - ended < 9, "nobody waits for the end of a lease"
        assert json.dumps(scene.telegram.texts()) == json.dumps([HALF + REST])
