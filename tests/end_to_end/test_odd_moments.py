"""Blocked people, admins made in the chat, drafts, older answers, topics and rights that go away, odd senders."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest

from tests.end_to_end.test_buttons import numbered, until_label
from tests.harness.program_process import TOKEN
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request
from tests.harness.telegram_people import ANNA, BORIS, Json


async def test_a_blocked_person_gets_silence_until_unblocked(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("Hello", by=BORIS)
        await scene.telegram.reads_answer("You said: Hello", chat=BORIS)
        await scene.telegram.send("/people")
        people = await until_label(scene.telegram, "Block Борис")
        await scene.telegram.press(people, "Block Борис")
        await until_label(scene.telegram, "Let Борис in")
        await scene.telegram.send("Are you there?", by=BORIS)
        await scene.telegram.until_confirmed(TOKEN)  # updates of two chats are handled side by side
        await scene.telegram.press(scene.telegram.said()[0], "Let Борис in")
        await until_label(scene.telegram, "Block Борис")
        await scene.telegram.send("And now?", by=BORIS)
        await scene.telegram.reads_answer("And now?", chat=BORIS)
    assert [request.question for request in scene.generator.requests] == ["Hello", "And now?"]


async def test_an_admin_makes_another_by_id(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("Hello", by=BORIS)
        await scene.telegram.reads_answer("You said: Hello", chat=BORIS)
        await scene.telegram.send(f"/admin add {BORIS}")
        await scene.telegram.reads("is an admin of the bot now")
        await scene.telegram.send("/temperature 0.9", by=BORIS)
        await scene.telegram.reads("0,9", chat=BORIS)
        await scene.telegram.send(f"/admin remove {BORIS}")
        await scene.telegram.reads("is no longer an admin of the bot")


async def test_telegrams_own_stop_ends_an_answer_that_is_shown_as_a_draft(scene: Scene) -> None:
    async def script(_request: Request) -> AsyncIterator[str]:
        yield "A draft grows here, word by word."
        await asyncio.Event().wait()

    scene.generator.script = script
    async with scene.program(STREAMING="draft"):
        await scene.telegram.send("Go")
        await scene.telegram.until(lambda: "A draft grows" in scene.telegram.drafts.get((ANNA, 0), {}).get("text", ""))
        assert scene.telegram.said() == []
        await scene.telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA)
        await scene.telegram.reads_answer("A draft grows here, word by word.")
        assert len(scene.telegram.said()) == 1


async def test_again_on_an_older_answer_comes_as_a_new_reply(scene: Scene) -> None:
    scene.generator.script = numbered("Version")
    async with scene.program():
        question = await scene.telegram.send("first question")
        first = await scene.telegram.reads_answer("Version number 1")
        await scene.telegram.send("second question")
        await scene.telegram.reads_answer("Version number 2")
        await scene.telegram.press(first, "↻")
        again = await scene.telegram.reads_answer("Version number 3")
        assert again["message_id"] > first["message_id"]
        assert again["reply_to_message"]["message_id"] == question["message_id"]
    assert [message["content"] for message in scene.generator.requests[-1].messages] == ["first question"]


@pytest.mark.parametrize("what", ["close", "delete"])
async def test_a_topic_that_goes_away_during_an_answer_makes_no_error(scene: Scene, what: str) -> None:
    group = await scene.telegram.group()
    world = await scene.telegram.world()
    topic = next(chat for chat in world["chats"] if chat["id"] == group)["topics"][-1]["id"]
    go_on = asyncio.Event()

    async def script(request: Request) -> AsyncIterator[str]:
        if "closing" in request.question:
            await go_on.wait()
        yield f"You said: {request.question}"

    scene.generator.script = script
    async with scene.program() as program:
        await scene.telegram.send("@aura_bot closing", by=ANNA, chat=group, topic=topic)
        await scene.generator.asked()
        await scene.telegram.post(f"chats/{group}/topics/{topic}/{what}")
        go_on.set()
        await scene.telegram.send("@aura_bot elsewhere", by=ANNA, chat=group)
        await scene.telegram.reads_answer("elsewhere", chat=group)
        assert "Traceback" not in program.log


async def test_a_bot_that_may_not_write_is_silent_and_answers_when_it_may_again(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program() as program:
        await scene.telegram.post(f"chats/{group}/restrict_bot", can_send=False)
        await scene.telegram.send("@aura_bot quiet", by=ANNA, chat=group)
        await scene.telegram.post(f"chats/{group}/restrict_bot", can_send=True)
        await scene.telegram.send("@aura_bot aloud", by=ANNA, chat=group)
        await scene.telegram.reads_answer("aloud", chat=group)
        assert "Traceback" not in program.log


async def test_a_person_who_blocks_the_bot_during_an_answer_costs_no_retries(scene: Scene) -> None:
    go_on = asyncio.Event()

    async def script(request: Request) -> AsyncIterator[str]:
        yield f"The answer to {request.question} begins"
        if request.question == "one":
            await go_on.wait()
        yield " and ends."

    scene.generator.script = script
    async with scene.program() as program:
        await scene.telegram.send("one", by=BORIS)
        await scene.telegram.reads("The answer to one begins", chat=BORIS)
        await scene.telegram.post(f"people/{BORIS}/block")
        go_on.set()
        await scene.telegram.send("two", by=ANNA)
        await scene.telegram.reads_answer("The answer to two begins and ends.", chat=ANNA)
        await scene.telegram.post(f"people/{BORIS}/unblock")
        await scene.telegram.send("three", by=BORIS)
        await scene.telegram.reads_answer("The answer to three begins and ends.", chat=BORIS)
        assert "Traceback" not in program.log


async def test_an_anonymous_administrator_may_ask_and_change_the_chat(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        await scene.telegram.send("/system@aura_bot Be brief.", by=ANNA, chat=group, sender_chat="anonymous")
        await scene.telegram.until(lambda: scene.telegram.said(group))
        await scene.telegram.send("@aura_bot hello", by=ANNA, chat=group, sender_chat="anonymous")
        await scene.telegram.reads_answer("hello", chat=group)
    assert scene.generator.requests[-1].prompt == "Be brief."


async def test_anonymous_administrators_and_channels_hear_the_language_of_the_group(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        await scene.telegram.send("@aura_bot привет", by=BORIS, chat=group)
        await scene.telegram.reads_answer("привет", chat=group)
        await scene.telegram.send("/nothing@aura_bot", by=ANNA, chat=group, sender_chat="anonymous")
        await scene.telegram.reads("Такой команды нет", chat=group)
        await scene.telegram.send("/nothing@aura_bot", by=ANNA, chat=group, sender_chat="channel")
        await scene.telegram.until(lambda: len(scene.telegram.said(group)) == 3)
        assert "Такой команды нет" in scene.telegram.texts(group)[-1]


async def test_a_channel_may_ask_and_linked_posts_bots_and_via_bot_messages_are_left_alone(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program() as program:
        await scene.telegram.send("@aura_bot a post", chat=group, sender_chat="linked_channel")
        await scene.telegram.send("@aura_bot by way of a bot", chat=group, via_bot="gif")
        await scene.telegram.post(f"chats/{group}/title", title="Other name")
        await scene.telegram.send("@aura_bot a channel asks", chat=group, sender_chat="channel")
        await scene.telegram.reads_answer("a channel asks", chat=group)
        assert "Traceback" not in program.log
    assert len(scene.generator.requests) == 1


async def test_a_long_document_is_cut_with_a_clear_line(scene: Scene) -> None:
    lines = "".join(f"line {number} of the log, with some words in it\n" for number in range(2000))
    document: Json = {"file_name": "app.log", "mime_type": "text/plain", "content": lines}
    async with scene.program(CONTEXT_TOKENS="2048"):
        await scene.telegram.post(f"people/{ANNA}/send", chat_id=ANNA, document=encoded(document))
        await scene.telegram.reads("app.log is too long to read in full")
        request = await scene.generator.asked()
    assert "line 3 of the log" in request.question
    assert "line 1999 of the log" not in request.question


async def test_a_document_that_comes_slowly_holds_up_its_own_chat_alone(scene: Scene) -> None:
    document: Json = {"file_name": "slow.txt", "mime_type": "text/plain", "content": "a slow document"}
    async with scene.program():
        await scene.telegram.fault(kind="delay", method="getFile", seconds=15)
        await scene.telegram.post(f"people/{ANNA}/send", chat_id=ANNA, document=encoded(document))
        await scene.telegram.send("after the document", by=ANNA)
        await scene.telegram.send("meanwhile", by=BORIS)
        await scene.telegram.reads_answer("meanwhile", chat=BORIS)
        await scene.telegram.reads_answer("after the document", chat=ANNA)
    asked = [request.question for request in scene.generator.requests]
    assert (asked[0], "a slow document" in asked[1], asked[2]) == ("meanwhile", True, "after the document")


def encoded(document: Json) -> Json:
    content = base64.b64encode(document["content"].encode()).decode()
    return {"file_name": document["file_name"], "mime_type": document["mime_type"], "content_base64": content}
