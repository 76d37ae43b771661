"""Who may talk, how much, and how groups are treated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tests.end_to_end.stored import eventually, states
from tests.end_to_end.test_buttons import until_label
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request
from tests.harness.telegram_people import ANNA, BORIS, Json


async def test_a_newcomer_waits_until_an_admin_approves(scene: Scene) -> None:
    async with scene.program(ACCESS="approved"):
        await scene.telegram.post(f"people/{ANNA}/start")
        await scene.telegram.until(lambda: scene.telegram.said(ANNA))
        await scene.telegram.send("Hello", by=BORIS)
        await scene.telegram.until(lambda: scene.telegram.said(BORIS), why="(told to wait)")
        request = await until_label(scene.telegram, "Approve")
        assert scene.generator.requests == []
        await scene.telegram.press(request, "Approve")
        await scene.telegram.reads("Вас впустили", chat=BORIS)
        await scene.telegram.send("Hello again", by=BORIS)
        await scene.telegram.reads_answer("Hello again", chat=BORIS)


async def test_a_newcomer_who_is_declined_hears_so_and_then_silence(scene: Scene) -> None:
    async with scene.program(ACCESS="approved"):
        await scene.telegram.post(f"people/{ANNA}/start")
        await scene.telegram.send("Привет", by=BORIS)
        await scene.telegram.press(await until_label(scene.telegram, "Decline"), "Decline")
        await scene.telegram.reads("администраторы вас не впустили", chat=BORIS)
        await scene.telegram.send("Но почему?", by=BORIS)
        await scene.telegram.send("Hello", by=ANNA)
        await scene.telegram.reads_answer("You said: Hello")
        assert len(scene.telegram.said(BORIS)) == 2
    assert [request.question for request in scene.generator.requests] == ["Hello"]


async def test_open_access_is_named_in_the_log(scene: Scene) -> None:
    async with scene.program(ACCESS="open") as program:
        await program.says("ACCESS=open: everybody on Telegram may talk to this bot")


async def test_an_unapproved_group_gets_one_line_and_silence_until_it_is_allowed(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program(ACCESS="approved"):
        await scene.telegram.send("@aura_bot hello", by=BORIS, chat=group)
        await scene.telegram.until(lambda: scene.telegram.said(group))
        await scene.telegram.send("@aura_bot hello?", by=BORIS, chat=group)
        await scene.telegram.send("/allow@aura_bot", by=ANNA, chat=group)
        await scene.telegram.until(lambda: len(scene.telegram.said(group)) == 2)
        await scene.telegram.send("@aura_bot now", by=BORIS, chat=group)
        await scene.telegram.reads_answer("You said: Борис: now", chat=group)
        assert len(scene.telegram.said(group)) == 3


async def test_who_asks_too_much_hears_when_it_works_again(scene: Scene) -> None:
    async with scene.program(QUESTIONS_PER_MINUTE="2"):
        for number in range(3):
            await scene.telegram.send(f"question {number}", by=BORIS)
        await scene.telegram.until(lambda: len(scene.telegram.said(BORIS)) == 3)
        assert len(scene.generator.requests) == 2
        for number in range(3):
            await scene.telegram.send(f"question {number}", by=ANNA)
        await scene.telegram.reads_answer("question 2", chat=ANNA)


async def test_a_group_is_greeted_once_and_told_about_privacy_mode(scene: Scene) -> None:
    async with scene.program():
        greeting = await greeting_of_a_new_group(scene)
        assert "@aura_bot" in greeting
        assert "rivacy" in greeting


async def greeting_of_a_new_group(scene: Scene, *, as_admin: bool = False) -> str:
    """Make a group with the bot in it and wait for what it says."""
    group = (await scene.telegram.post("chats", title="New", members=[ANNA, BORIS], admin=as_admin))["id"]
    greeting: Json = await scene.telegram.until(lambda: next(iter(scene.telegram.said(group)), None))
    return str(greeting["text"])


async def test_where_the_bot_administers_the_group_nothing_is_said_of_privacy_mode(scene: Scene) -> None:
    async with scene.program():
        greeting = await greeting_of_a_new_group(scene, as_admin=True)
        assert "@aura_bot" in greeting
        assert "rivacy" not in greeting


async def test_where_the_bot_reads_everything_nothing_is_said_of_privacy_mode(scene: Scene) -> None:
    await scene.telegram.post("bot", can_read_all_group_messages=True)
    async with scene.program():
        greeting = await greeting_of_a_new_group(scene)
        assert "@aura_bot" in greeting
        assert "rivacy" not in greeting


async def test_a_group_that_becomes_a_supergroup_keeps_its_conversation(scene: Scene) -> None:
    created = await scene.telegram.post("chats", type="group", title="Small", members=[ANNA, BORIS])
    group = created.get("chat", created)["id"]
    async with scene.program():
        await scene.telegram.post(f"chats/{group}/add_bot", by=ANNA)
        await scene.telegram.send("@aura_bot remember apple", by=ANNA, chat=group)
        await scene.telegram.reads_answer("remember apple", chat=group)
        migrated = await scene.telegram.post(f"chats/{group}/migrate")
        bigger = migrated.get("chat", migrated)["id"]
        await scene.telegram.send("@aura_bot which fruit?", by=ANNA, chat=bigger)
        await scene.telegram.reads_answer("which fruit?", chat=bigger)
    assert any("apple" in message["content"] for message in scene.generator.requests[-1].messages)


async def test_a_bot_that_was_removed_makes_no_errors_and_works_when_it_is_back(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program() as program:
        await scene.telegram.post(f"chats/{group}/remove_bot", by=ANNA)
        await scene.telegram.post(f"chats/{group}/add_bot", by=ANNA)
        await scene.telegram.send("@aura_bot are you there?", by=ANNA, chat=group)
        await scene.telegram.reads_answer("are you there?", chat=group)
        assert "ERROR" not in program.log


async def test_an_answer_cut_by_the_removal_of_the_bot_goes_on_once_it_is_back(scene: Scene) -> None:
    more = asyncio.Event()

    async def script(_request: Request) -> AsyncIterator[str]:
        if len(scene.generator.requests) > 1:
            yield "was told to the end."
            return
        yield "The beginning of a tale "
        await more.wait()
        yield "that nobody hears "
        await asyncio.Event().wait()

    scene.generator.script = script
    group = await scene.telegram.group()
    async with scene.program() as program:
        await scene.telegram.send("@aura_bot tell a tale", by=ANNA, chat=group)
        cut = await scene.telegram.reads("The beginning of a tale", chat=group)
        await scene.telegram.post(f"chats/{group}/remove_bot", by=ANNA)
        more.set()
        await eventually(lambda: states(scene.folder) == ["failed"])
        await scene.telegram.post(f"chats/{group}/add_bot", by=ANNA)
        pressed = await scene.telegram.press(cut, "Stop", by=ANNA, chat=group)
        assert "could not write here" in pressed["text"]
        await scene.telegram.press(await until_label(scene.telegram, "▸ Go on", group), "▸", by=ANNA, chat=group)
        whole = await scene.telegram.reads("was told to the end.", chat=group)
        assert (whole["message_id"], whole["text"].startswith("The beginning")) == (cut["message_id"], True)
        assert "ERROR" not in program.log


async def test_a_press_where_the_bot_may_not_write_says_so(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        await scene.telegram.send("@aura_bot hello", by=BORIS, chat=group)
        answer = await scene.telegram.reads_answer("hello", chat=group)
        await scene.telegram.post(f"chats/{group}/restrict_bot", by=ANNA, can_send=False)
        pressed = await scene.telegram.press(answer, "↻", by=BORIS, chat=group)
        assert pressed["text"] == "Сейчас боту нельзя здесь писать."
        await scene.telegram.post(f"chats/{group}/restrict_bot", by=ANNA, can_send=True)
        await scene.telegram.press(answer, "↻", by=BORIS, chat=group)
        await until_label(scene.telegram, "2/2", group)
    assert len(scene.generator.requests) == 2


async def test_a_group_hears_of_a_limit_once_however_often_somebody_asks_on(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program(QUESTIONS_PER_MINUTE="1"):
        for number in range(4):
            await scene.telegram.send(f"@aura_bot question {number}", by=BORIS, chat=group)
        await scene.telegram.reads_answer("question 0", chat=group)
        await scene.telegram.send("@aura_bot of an admin", by=ANNA, chat=group)
        await scene.telegram.reads_answer("of an admin", chat=group)
        await scene.telegram.until(lambda: len(scene.telegram.said(group)) >= 3)
        assert len(scene.telegram.said(group)) == 3, "two answers, and one line about the limit"


async def test_questions_beyond_those_that_may_wait_are_refused_with_one_line(scene: Scene) -> None:
    go_on = asyncio.Event()

    async def script(request: Request) -> AsyncIterator[str]:
        yield f"About {request.question}"
        await go_on.wait()

    scene.generator.script = script
    async with scene.program(QUESTIONS_WAITING="2"):
        for question in ("one", "two", "three", "four"):
            await scene.telegram.send(question, by=BORIS)
        await scene.telegram.reads("About one", chat=BORIS)
        await scene.telegram.until(lambda: len(scene.telegram.said(BORIS)) == 2, why="(the refusal)")
        go_on.set()
        await scene.telegram.reads_answer("About three", chat=BORIS)
    assert [request.question for request in scene.generator.requests] == ["one", "two", "three"]


async def test_an_admin_is_made_by_replying_in_a_group(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        said = await scene.telegram.send("@aura_bot hello", by=BORIS, chat=group)
        await scene.telegram.reads_answer("hello", chat=group)
        await scene.telegram.send("/admin@aura_bot add", by=ANNA, chat=group, reply_to=said["message_id"])
        await scene.telegram.reads("is an admin of the bot now", chat=group)
        await scene.telegram.send("/maxtokens 500", by=BORIS)
        await scene.telegram.reads("500", chat=BORIS)


async def test_an_admin_is_removed_by_replying_in_a_group(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        await scene.telegram.send("Hello", by=BORIS)
        await scene.telegram.reads_answer("Hello", chat=BORIS)
        await scene.telegram.send(f"/admin add {BORIS}")
        await scene.telegram.reads("is an admin of the bot now")
        said = await scene.telegram.send("Good morning", by=BORIS, chat=group)
        await scene.telegram.send("/admin@aura_bot remove", by=ANNA, chat=group, reply_to=said["message_id"])
        await scene.telegram.reads("is no longer an admin of the bot", chat=group)
        await scene.telegram.send("/maxtokens 500", by=BORIS)
        await scene.telegram.reads("Это может делать только администратор бота.", chat=BORIS)


async def test_the_limit_of_a_day_says_when_it_works_again(scene: Scene) -> None:
    async with scene.program(QUESTIONS_PER_DAY="1"):
        await scene.telegram.send("first", by=BORIS)
        await scene.telegram.reads_answer("first", chat=BORIS)
        await scene.telegram.send("second", by=BORIS)
        await scene.telegram.reads("24", chat=BORIS)
    assert len(scene.generator.requests) == 1


async def test_a_whole_chat_has_a_limit_of_its_own(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program(CHAT_QUESTIONS_PER_MINUTE="1"):
        await scene.telegram.send("@aura_bot first", by=BORIS, chat=group)
        await scene.telegram.reads_answer("first", chat=group)
        await scene.telegram.send("@aura_bot second", by=BORIS, chat=group)
        await scene.telegram.reads("В этом чате сейчас очень много вопросов.", chat=group)
        await scene.telegram.send("An own chat has its own count", by=BORIS)
        await scene.telegram.reads_answer("An own chat", chat=BORIS)


async def test_what_somebody_asked_before_being_let_in_is_answered_once_they_are(scene: Scene) -> None:
    async with scene.program(ACCESS="approved"):
        await scene.telegram.send("What is a quark?", by=BORIS)
        await scene.telegram.until(lambda: scene.telegram.said(BORIS), why="(told to wait)")
        await scene.telegram.post(f"people/{ANNA}/start")  # she had not opened the bot when it asked her
        asked = await scene.telegram.reads("waiting to be let in")
        await scene.telegram.press(asked, "Let Борис in")
        await scene.telegram.reads_answer("What is a quark?", chat=BORIS)
    assert [request.question for request in scene.generator.requests] == ["What is a quark?"]


async def test_a_group_is_taken_out_and_left_from_the_private_chat(scene: Scene) -> None:
    async with scene.program(ACCESS="approved"):
        group = (await scene.telegram.post("chats", title="Chess", members=[ANNA, BORIS], admin=False))["id"]
        await scene.telegram.until(lambda: scene.telegram.said(group))
        await scene.telegram.send("/groups", by=ANNA)
        listed = await scene.telegram.reads("Chess")
        await scene.telegram.press(listed, "Leave Chess")
        await scene.telegram.press(await until_label(scene.telegram, "‹ Back"), "Leave Chess")
        await scene.telegram.reads("I'm in no group that I know of.")
