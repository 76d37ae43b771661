"""Documents, from the person who sends them to the model that reads them."""

from __future__ import annotations

import base64

from tests.attachments.hostile import pdf_bomb
from tests.attachments.samples import pdf
from tests.end_to_end.stored import eventually
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, Json


def file(name: str, content: bytes) -> Json:
    return {
        "file_name": name,
        "mime_type": "application/octet-stream",
        "content_base64": base64.b64encode(content).decode(),
    }


async def send(scene: Scene, document: Json, **more: str) -> None:
    await scene.telegram.post(f"people/{ANNA}/send", chat_id=ANNA, document=document, **more)


async def test_a_pdf_is_read_with_its_question(scene: Scene) -> None:
    async with scene.program():
        await send(scene, file("paper.pdf", pdf(["Quarks", "Leptons"])), caption="What is it about?")
        request = await scene.generator.asked()
    assert "Document paper.pdf:" in request.question
    assert "Leptons" in request.question
    assert request.question.endswith("What is it about?")


async def test_a_hostile_file_costs_one_line_and_the_bot_goes_on(scene: Scene) -> None:
    async with scene.program() as program:
        await send(scene, file("bomb.pdf", pdf_bomb()))
        await scene.telegram.reads("I can't read bomb.pdf")
        await scene.telegram.send("What is a quark?")
        await scene.telegram.reads_answer("You said: What is a quark?")
        assert "Traceback" not in program.log
    assert len(scene.telegram.said()) == 2


async def test_killed_while_a_document_is_fetched_it_comes_again_and_is_answered_once(scene: Scene) -> None:
    async def fetching() -> bool:
        return any(call["method"] == "getFile" for call in await scene.telegram.calls())

    await scene.telegram.fault(kind="stall", method="getFile")
    async with scene.program() as program:
        await send(scene, file("paper.pdf", pdf(["Quarks"])), caption="What is it about?")
        await eventually(fetching)
        await program.kill()
    assert scene.generator.requests == []
    async with scene.program():
        request = await scene.generator.asked()
        await scene.telegram.until(lambda: scene.telegram.said())
        await scene.telegram.send("And then?")
        await scene.telegram.reads_answer("You said: And then?")
    assert "Quarks" in request.question
    assert len(scene.generator.requests) == len(scene.telegram.said()) == 2
