"""`/stats` of the whole program, at a server that knows no photos: the numbers come alone."""

from __future__ import annotations

from tests.end_to_end.stored import eventually, states
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Refusal, echo, failing
from tests.harness.telegram_people import BORIS


async def test_answered_and_failed_questions_are_counted(scene: Scene) -> None:
    async with scene.program():
        scene.generator.script = echo
        await scene.telegram.send("Hello", by=BORIS)
        await scene.telegram.reads("You said: Hello", chat=BORIS)
        scene.generator.script = failing(Refusal(404, "no such model"))
        await scene.telegram.send("Once more", by=BORIS)
        await scene.telegram.reads("(ошибка", chat=BORIS)
        await eventually(lambda: states(scene.folder) == ["done", "failed"])
        await scene.telegram.send("/stats")
        numbers = (await scene.telegram.reads("The last 30 days"))["caption"]
        assert "1 · Requests a day (questions, ↻ and ▸): 2 in all" in numbers
        assert "failed answers: 1 (50.0 %)" in numbers
        assert "2 · People a day: 1 in all" in numbers
