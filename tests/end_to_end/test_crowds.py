"""Many people ask in one group at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from tests.end_to_end.stored import eventually
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request
from tests.harness.telegram_people import BORIS

HEARD_WITHIN = 6.0
"""Seconds until each of them hears something: 0.4 on a quiet machine, 2 with five processes a core; 3 are promised."""


async def test_thirty_people_who_ask_at_once_are_heard_and_take_turns(scene: Scene) -> None:
    group = await scene.telegram.group()
    people = [await _newcomer(scene, group, number) for number in range(30)]
    go_on = asyncio.Event()

    async def slowly(request: Request) -> AsyncIterator[str]:
        await go_on.wait()
        yield f"Answer to {request.question}"

    scene.generator.script = slowly
    async with scene.program(CHAT_QUESTIONS_PER_MINUTE="0"):
        await _ask(scene, "flood 0", by=BORIS, group=group)
        await scene.generator.asked()
        asked = [await _ask(scene, f"flood {number}", by=BORIS, group=group) for number in range(1, 10)]
        for number, person in enumerate(people):
            asked.append(await _ask(scene, f"person {number}", by=person, group=group))
        refused, last = asked[5:9], asked[9:]  # one of Boris's is being answered, five wait
        await scene.telegram.until(
            lambda: any("Не приняты 4 сообщения" in text for text in scene.telegram.texts(group))
        )
        expected = {message for message, _, _ in [*asked[:5], *last]}

        async def all_heard() -> bool:
            return expected <= (await _heard(scene)).keys()

        await eventually(all_heard)
        heard = await _heard(scene)
        late = {text: heard[message] - at for message, text, at in [*asked[:5], *last]}
        assert {text: seconds for text, seconds in late.items() if seconds > HEARD_WITHIN} == {}
        assert [message for message, _, _ in refused if message in heard] == []
        go_on.set()
        await scene.generator.asked(8, seconds=120)
    order = [request.question.rpartition(": ")[2] for request in scene.generator.requests[:8]]
    assert order == ["flood 0", *(f"person {number}" for number in range(7))], "nobody waits for his second question"


async def _newcomer(scene: Scene, group: int, number: int) -> int:
    person = await scene.telegram.post("people", first_name=f"Person {number}", username=f"person_{number}")
    await scene.telegram.post(f"chats/{group}/join", user=person["id"])
    return int(person["id"])


async def _ask(scene: Scene, text: str, *, by: int, group: int) -> tuple[int, str, float]:
    """The message, what it says, and when it was sent."""
    at = time.monotonic()  # as the playground notes calls
    sent: dict[str, Any] = await scene.telegram.send(f"@aura_bot {text}", by=by, chat=group)
    return sent["message_id"], text, at


async def _heard(scene: Scene) -> dict[int, float]:
    """When each message got a reaction."""
    reactions = [call for call in await scene.telegram.calls() if call["method"] == "setMessageReaction"]
    return {
        int(call["parameters"]["message_id"]): call["time"]
        for call in reversed(reactions)
        if call["parameters"].get("reaction") not in (None, "[]", [])
    }
