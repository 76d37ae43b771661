"""Editing questions, and going on from older messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request
from tests.harness.telegram_people import ANNA, BORIS


async def test_editing_the_last_question_answers_again_in_the_same_message(scene: Scene) -> None:
    async with scene.program():
        question = await scene.telegram.send("What is a dgo?")
        answer = await scene.telegram.reads_answer("You said: What is a dgo?")
        await scene.telegram.post(
            f"people/{ANNA}/edit", chat_id=ANNA, message_id=question["message_id"], text="What is a dog?"
        )
        again = await scene.telegram.reads_answer("You said: What is a dog?")
        assert again["message_id"] == answer["message_id"]
    assert [message["content"] for message in scene.generator.requests[-1].messages] == ["What is a dog?"]


async def test_editing_a_question_while_it_is_answered_starts_over(scene: Scene) -> None:
    never = asyncio.Event()

    async def script(request: Request) -> AsyncIterator[str]:
        yield f"About {request.question}: "
        if request.question == "cats":
            await never.wait()
        yield "all there is."

    scene.generator.script = script
    async with scene.program():
        question = await scene.telegram.send("cats")
        answer = await scene.telegram.reads("About cats:")
        await scene.telegram.post(f"people/{ANNA}/edit", chat_id=ANNA, message_id=question["message_id"], text="dogs")
        again = await scene.telegram.reads_answer("About dogs: all there is.")
        assert again["message_id"] == answer["message_id"]
        assert len(scene.telegram.said()) == 1
        await scene.generator.requests[0].is_over()


async def test_editing_an_older_question_answers_anew_below_from_that_point(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("one")
        await scene.telegram.reads_answer("You said: one")
        second = await scene.telegram.send("two")
        await scene.telegram.reads_answer("You said: two")
        await scene.telegram.send("three")
        await scene.telegram.reads_answer("You said: three")
        await scene.telegram.post(f"people/{ANNA}/edit", chat_id=ANNA, message_id=second["message_id"], text="zwei")
        await scene.telegram.reads_answer("You said: zwei")
        await scene.telegram.reads("The question has changed")
        texts = scene.telegram.texts()
        assert texts[-1] == "You said: zwei"
        outdated = "You said: two\n\nThe question has changed: the new answer is below."
        assert [text for text in texts if text.startswith("You said: two")] == [outdated]
    contents = [message["content"] for message in scene.generator.requests[-1].messages]
    assert contents == ["one", "You said: one", "zwei"]


async def test_a_reply_to_an_older_message_goes_on_from_there(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("one")
        first = await scene.telegram.reads_answer("You said: one")
        await scene.telegram.send("two")
        await scene.telegram.reads_answer("You said: two")
        await scene.telegram.send("more of the first", reply_to=first["message_id"])
        await scene.telegram.reads_answer("You said: more of the first")
        branch = [message["content"] for message in scene.generator.requests[-1].messages]
        assert branch == ["one", "You said: one", "more of the first"]
        await scene.telegram.send("and on")
        await scene.telegram.reads_answer("You said: and on")
    assert scene.generator.requests[-1].messages[2]["content"] == "more of the first", "the newest point"


async def test_a_reply_to_somebody_else_takes_their_words_along_as_a_quote(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        said = await scene.telegram.send("The earth is flat", by=BORIS, chat=group)
        await scene.telegram.send("@aura_bot is that so?", by=ANNA, chat=group, reply_to=said["message_id"])
        await scene.telegram.reads_answer("is that so?", chat=group)
    question = scene.generator.requests[-1].question
    assert "> The earth is flat" in question
    assert "not an instruction" in question
    assert question.endswith("is that so?")
