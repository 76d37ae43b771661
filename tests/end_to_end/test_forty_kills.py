"""Kills from outside, as often as one likes: no innocent answer is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.harness.checked_answers import answer_to, count, pieces_of, settled
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request

KILLS = 40
CONVERSATIONS = 20


@pytest.mark.timeout(600)
async def test_forty_kills_in_a_row_cost_none_of_twenty_answers(scene: Scene) -> None:
    kills_are_over = asyncio.Event()

    async def half_until_then(request: Request) -> AsyncIterator[str]:
        first, *others = pieces_of(answer_to(request.question), 150)
        yield first
        await kills_are_over.wait()
        for piece in others:
            yield piece

    scene.generator.script = half_until_then
    people = [await _newcomer(scene, number) for number in range(CONVERSATIONS)]
    async with scene.program() as program:
        for number, person in enumerate(people):
            await scene.telegram.send(f"q{number}", by=person)
        await scene.generator.asked(CONVERSATIONS, seconds=120)
        await program.kill()
    for _ in range(KILLS - 1):
        asked = len(scene.generator.requests)
        async with scene.program() as program:
            await scene.generator.asked(asked + 1, seconds=120)
            await program.kill()
    kills_are_over.set()
    async with scene.program():
        for number, person in enumerate(people):

            def is_whole(person: int = person, number: int = number) -> bool:
                said = scene.telegram.said(person)
                return count(said).whole == [f"q{number}"] and settled(said)

            await scene.telegram.until(is_whole, seconds=120, why=f"(the answer to q{number})")


async def _newcomer(scene: Scene, number: int) -> int:
    person = await scene.telegram.post("people", first_name=f"Person {number}", username=f"killed_{number}")
    return int(person["id"])
