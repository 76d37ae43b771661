"""A failed answer shows a reference; an admin reads its reason by it, and hears once of what needs somebody."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

from tests.harness.scene import Scene
from tests.harness.scripted_generator import Cut, Refusal, Request, echo, failing
from tests.harness.telegram_people import ANNA, BORIS

SECRET = "My doctor says that I have gout"


async def refuses_and_quotes(request: Request) -> AsyncIterator[str]:
    if request.question:
        raise Refusal(401, f"Unauthorized: {request.question}")
    yield ""


def reference_in(text: str) -> str:
    found = re.search(r"\((?:error|ошибка) (\w+)\)", text)
    assert found is not None, text
    return found[1]


async def anna_has_opened_the_bot(scene: Scene) -> None:
    """A bot cannot begin a conversation."""
    await scene.telegram.send("/help")
    await scene.telegram.reads("For you, as an admin")


async def boris_has_read(scene: Scene, messages: int) -> None:
    await scene.telegram.until(lambda: len(scene.telegram.said(BORIS)) == messages)


async def test_the_reason_is_found_by_the_reference_and_holds_no_words(scene: Scene) -> None:
    scene.generator.script = refuses_and_quotes
    async with scene.program(LOG_FORMAT="json") as program:
        await scene.telegram.send(SECRET, by=BORIS)
        failed = await scene.telegram.reads("(ошибка", chat=BORIS)
        reference = reference_in(failed["text"])
        await scene.telegram.send(f"/trouble {reference.lower()}")
        shown = await scene.telegram.reads("In the log")
        assert f"{reference}: GeneratorRefused: 401 Unauthorized" in shown["text"]
        assert str(BORIS) in shown["text"]
        await scene.telegram.send("/trouble")
        listed = await scene.telegram.reads("What failed lately")
        assert reference in listed["text"]
        everything = "\n".join(scene.telegram.texts(ANNA))
        assert "gout" not in everything
        line = json.loads(await program.says(f"reference {reference}"))
    assert (line["turn"], line["chat"], line["attempt"]) == (1, BORIS, 1)


async def test_an_admin_reads_the_servers_reason_in_the_private_chat_and_nobody_else_does(scene: Scene) -> None:
    reason = "Incorrect API key provided: sk-SECRET123SECRET123SECRET <b>x</b>"
    scene.generator.script = failing(Refusal(401, reason))
    group = await scene.telegram.group()
    async with scene.program():
        await scene.telegram.send("Hello")
        failed = await scene.telegram.reads("(error")
        plain, _, below = failed["text"].partition("\n")
        assert plain.startswith("The model does not accept the bot's settings")
        assert below.startswith("For you as an admin: 401 Incorrect API key provided: ***")
        assert "SECRET" not in below
        assert below.endswith("<b>x</b>")
        assert [entity["type"] for entity in failed["entities"]] == ["italic"]
        await scene.telegram.send("Hello", by=BORIS)
        theirs = await scene.telegram.reads("(ошибка", chat=BORIS)
        await scene.telegram.send("@aura_bot hello", chat=group)
        everybodys = await scene.telegram.reads("(error", chat=group)
    assert not any("401" in message["text"] or "API" in message["text"] for message in (theirs, everybodys))


async def test_trouble_is_for_admins_and_in_private(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/trouble", by=BORIS)
        await scene.telegram.until(lambda: scene.telegram.said(BORIS))
        assert "администратор" in scene.telegram.texts(BORIS)[0]
        await scene.telegram.send("/trouble")
        await scene.telegram.reads("Nothing failed lately")
        await scene.telegram.send("/trouble 2A7")
        await scene.telegram.reads("no failure 2A7")
        group = await scene.telegram.group()
        await scene.telegram.send("/trouble@aura_bot", chat=group)
        await scene.telegram.reads("in our private chat", chat=group)


async def test_nothing_of_it_is_left_after_forget(scene: Scene) -> None:
    scene.generator.script = failing(Refusal(401, "Unauthorized"))
    async with scene.program():
        await scene.telegram.send("One", by=BORIS)
        await scene.telegram.reads("(ошибка", chat=BORIS)
        await scene.telegram.send("/forget", by=BORIS)
        question = await scene.telegram.until(
            lambda: (
                next((m for m in scene.telegram.said(BORIS) if m.get("reply_markup")), None)
                if len(scene.telegram.said(BORIS)) > 1
                else None
            )
        )
        asked = scene.telegram.said(BORIS)[-1]
        assert question
        await scene.telegram.press(asked, "тереть", by=BORIS)
        await scene.telegram.until(lambda: "тереть" not in str(scene.telegram.said(BORIS)[-1].get("reply_markup", "")))
        await scene.telegram.send("/trouble")
        await scene.telegram.reads("Nothing failed lately")


async def test_an_admin_hears_once_of_a_refused_key_and_once_that_it_is_over(scene: Scene) -> None:
    scene.generator.script = failing(Refusal(401, "Unauthorized"))
    async with scene.program() as program:
        await anna_has_opened_the_bot(scene)
        for number in (1, 2):
            await scene.telegram.send(f"Question {number}", by=BORIS)
            await boris_has_read(scene, number)
        await scene.telegram.reads("refuses the bot's settings")
        await program.stop()
    scene.generator.script = echo
    async with scene.program():  # an earlier run has told of it
        await scene.telegram.send("Question 3", by=BORIS)
        await scene.telegram.reads_answer("Question 3", chat=BORIS)
        await scene.telegram.reads("accepts the bot's settings again")
        await scene.telegram.send("Question 4", by=BORIS)
        await scene.telegram.reads_answer("Question 4", chat=BORIS)
    assert len(scene.telegram.said(ANNA)) == 3


async def test_one_answer_that_broke_off_alarms_nobody_but_three_in_a_row_do(scene: Scene) -> None:
    async def breaks_off(_request: Request) -> AsyncIterator[str]:
        yield "The first words of the answer"
        await boris_has_read(scene, len(scene.generator.requests))
        raise Cut

    scene.generator.script = breaks_off
    async with scene.program():
        await anna_has_opened_the_bot(scene)
        for number in (1, 2, 3):
            assert len(scene.telegram.said(ANNA)) == 1
            await scene.telegram.send(f"Question {number}", by=BORIS)
            await boris_has_read(scene, number)
        await scene.telegram.reads("does not answer")
    assert len(scene.telegram.said(ANNA)) == 2
