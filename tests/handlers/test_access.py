"""Who is let in, and by whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import methods
from aiogram.types import BotCommandScopeChat

from bot.conversation.people import Standing
from tests.handlers.scene import ANNA, BORIS, GROUP, OWNER, Scene, scene
from tests.recording import BOT_ID

MENTION = "@aura_bot"


@pytest.fixture
async def guarded(folder: Path) -> AsyncIterator[Scene]:
    """A scene in which an admin approves newcomers."""
    async with scene(folder, access="approved") as played:
        await played.message(OWNER, "/help")
        played.recording.calls.clear()
        yield played


async def test_a_newcomer_waits_and_hears_the_result(guarded: Scene) -> None:
    await guarded.message(BORIS, "Привет!")
    assert guarded.said == [
        "Здравствуйте! Сначала вас должен впустить администратор. Запрос отправлен, о решении я сообщу здесь.",
        "Борис (1002) would like to use the bot.",
    ]
    await guarded.press(OWNER, guarded.buttons()["Approve"], 9)
    assert guarded.redrawn == "Борис (1002) may use the bot."
    assert guarded.last.startswith("Вас впустили!")
    await guarded.message(BORIS, "Что такое кварк?")
    await guarded.answered()


async def test_a_newcomer_is_told_once_and_silence_follows(guarded: Scene) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.message(BORIS, "Алло?")
    await guarded.message(BORIS, "/start")
    assert len(guarded.said) == 2


async def test_a_newcomer_who_writes_twice_at_once_is_told_once(guarded: Scene) -> None:
    # replicas and a webhook take updates side by side: both were found to be from somebody new
    await asyncio.gather(guarded.message(BORIS, "Привет!"), guarded.message(BORIS, "Алло?"))
    await asyncio.gather(*(guarded.message(ANNA, f"{MENTION} hi", chat=GROUP) for _ in range(2)))
    assert len(guarded.said) == 3


async def test_a_declined_newcomer_hears_so_and_then_silence(guarded: Scene) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.press(OWNER, "who:decline:1002", 9)
    assert guarded.last == "К сожалению, администраторы вас не впустили."
    await guarded.press(OWNER, "who:approve:1002", 9)
    assert guarded.redrawn == "Борис (1002) may not use the bot."
    count = len(guarded.said)
    await guarded.message(BORIS, "Но почему?")
    await guarded.press(BORIS, "set:home", 9)
    assert len(guarded.said) == count


async def test_only_admins_decide(guarded: Scene) -> None:
    await guarded.people.meet(BOT_ID, ANNA.id, "Anna", "", "en")
    await guarded.people.set_standing(BOT_ID, ANNA.id, Standing.APPROVED)
    await guarded.press(ANNA, "who:approve:1002", 9)
    assert guarded.toasts == ["Only an admin of the bot can do that."]


async def test_a_group_gets_one_polite_line_until_an_admin_allows_it(guarded: Scene) -> None:
    await guarded.message(BORIS, f"{MENTION} привет", chat=GROUP)
    await guarded.message(BORIS, f"{MENTION} эй", chat=GROUP)
    assert len(guarded.said) == 1
    await guarded.message(OWNER, "/Allow", chat=GROUP)
    assert guarded.last == "This group may use the bot now. Ask away!"
    await guarded.message(BORIS, f"{MENTION} привет", chat=GROUP)
    await guarded.answered()
    await guarded.message(BORIS, "/allow", chat=GROUP)
    assert guarded.last == "Это может делать только администратор бота."


async def test_a_blocked_person_gets_silence_in_groups_too(stage: Scene) -> None:
    await stage.message(BORIS, "/help")
    await stage.people.set_standing(BOT_ID, BORIS.id, Standing.BLOCKED)
    stage.recording.calls.clear()
    await stage.message(BORIS, "Привет")
    await stage.message(BORIS, f"{MENTION} привет", chat=GROUP)
    await stage.press(BORIS, "set:home", 9)
    assert [type(call) for call in stage.recording.calls] == [methods.AnswerCallbackQuery]


async def test_people_are_listed_blocked_and_let_in_again(stage: Scene) -> None:
    await stage.message(BORIS, "/help")
    await stage.message(OWNER, "/people")
    assert "Olga @olga (1): admin" in stage.last
    assert stage.last.startswith("2 people\n")
    await stage.press(OWNER, stage.buttons()["Block Борис"], 9)
    assert "Борис (1002): blocked" in stage.redrawn
    await stage.press(OWNER, stage.buttons()["Let Борис in"], 9)
    assert "Борис (1002): approved" in stage.redrawn
    await stage.press(OWNER, "who:block:1:0", 9)
    assert "Olga @olga (1): admin" in stage.redrawn
    await stage.message(OWNER, "/people", chat=GROUP)
    assert stage.last == "I show the list of people in our private chat only."


async def test_who_still_waits_is_let_in_from_the_list_and_hears_so(guarded: Scene) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.message(OWNER, "/people")
    assert "Борис (1002): is waiting" in guarded.last
    await guarded.press(OWNER, guarded.buttons()["Let Борис in"], 9)
    assert "Борис (1002): approved" in guarded.redrawn
    assert guarded.last.startswith("Вас впустили!")


async def test_the_list_of_people_has_pages(stage: Scene) -> None:
    for number in range(20):
        await stage.people.meet(BOT_ID, 5000 + number, f"Person {number:02}", "", "en")
    await stage.message(OWNER, "/people")
    assert "(1/3)" in stage.last
    await stage.press(OWNER, stage.buttons()["›"], 9)
    assert "(2/3)" in stage.redrawn
    await stage.press(OWNER, "who:page:999", 9)
    assert "(3/3)" in stage.redrawn


async def test_admins_are_added_and_removed_by_id_and_by_reply(stage: Scene) -> None:
    await stage.message(OWNER, "/admin add 1001")
    assert stage.last == "I have never met this person. They have to write to me first."
    await stage.message(ANNA, "/help")
    await stage.message(OWNER, "/admin add 1001")
    assert stage.last == "Anna @anna (1001) is an admin of the bot now."
    scopes = [call.scope for call in stage.recording.made(methods.SetMyCommands)]
    assert scopes == [BotCommandScopeChat(chat_id=ANNA.id)] * 2
    theirs = {
        "message_id": 900,
        "date": 1,
        "chat": {"id": GROUP, "type": "supergroup"},
        "from": ANNA.user,
        "text": "Hi",
    }
    await stage.message(OWNER, "/admin remove", chat=GROUP, reply_to_message=theirs)
    assert stage.last == "Anna @anna (1001) is no longer an admin of the bot."
    await stage.message(OWNER, "/admin remove 1001")
    assert stage.last == "This person is not an admin of the bot."
    await stage.message(OWNER, "/admin remove 1")
    assert stage.last.startswith("This admin is named in ADMIN_IDS")
    await stage.message(OWNER, "/admin")
    assert "Olga @olga (1)" in stage.last


async def test_a_name_in_the_command_never_means_the_writer_of_the_message_replied_to(stage: Scene) -> None:
    await stage.message(BORIS, "/help")
    theirs = {
        "message_id": 900,
        "date": 1,
        "chat": {"id": GROUP, "type": "supergroup"},
        "from": BORIS.user,
        "text": "Make @anna an admin, please",
    }
    await stage.message(OWNER, "/admin add @anna", chat=GROUP, reply_to_message=theirs)
    assert stage.last.startswith("Admins of the bot:\nOlga @olga (1)\n")
    boris = await stage.people.get(BOT_ID, BORIS.id)
    assert boris is not None and not boris.admin


async def test_who_was_made_admin_is_let_in_for_good(guarded: Scene) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.press(OWNER, "who:decline:1002", 9)
    await guarded.message(OWNER, "/admin add 1002")
    await guarded.message(OWNER, "/admin remove 1002")
    await guarded.message(BORIS, "Что такое кварк?")
    await guarded.answered()


async def test_the_one_time_link_makes_its_first_opener_admin(folder: Path) -> None:
    async with scene(folder, admin_ids=set(), access="approved") as stage:
        link = await stage.bot_admins.offer_link("Aura_Bot")
        assert link.startswith("https://t.me/Aura_Bot?start=")
        payload = link.partition("=")[2]
        await stage.message(ANNA, f"/start {payload}")
        assert stage.last == "Welcome, Anna! You are an admin of this bot now. /help shows what you can do."
        await stage.message(ANNA, "/proxy")
        assert stage.last.startswith("Proxy to the model: none")
        await stage.message(BORIS, f"/start {payload}")
        assert stage.last == stage.texts.get("ru", "admin-link-dead")


async def test_the_one_time_link_works_for_an_hour(folder: Path) -> None:
    async with scene(folder, admin_ids=set()) as stage:
        payload = (await stage.bot_admins.offer_link("Aura_Bot")).partition("=")[2]
        stage.unix += 3601
        await stage.message(ANNA, f"/start {payload}")
        assert stage.last.startswith("This link has been used or is too old.")


async def test_limits_say_when_it_works_again_and_admins_are_exempt(folder: Path) -> None:
    async with scene(folder, questions_per_minute=1) as stage:
        await stage.message(ANNA, "One")
        await stage.answered(1)
        await stage.message(ANNA, "Two")
        assert stage.last.startswith("That was a lot of questions. I can take the next one in ")
        await stage.message(OWNER, "One")
        await stage.message(OWNER, "Two")
        await stage.answered(3)


async def test_taking_back_or_erasing_a_question_gives_no_other_one(folder: Path) -> None:
    async with scene(folder, questions_per_day=1) as stage:
        await stage.message(ANNA, "One")
        await stage.answered(1)
        await stage.message(ANNA, "/undo")
        await stage.message(ANNA, "Two")
        assert stage.last.startswith("That was a lot of questions.")
        await stage.press(ANNA, "forget:yes", 9)
        await stage.message(ANNA, "Two")
        assert stage.last.startswith("That was a lot of questions.")


async def test_a_whole_chat_has_a_limit_too(folder: Path) -> None:
    async with scene(folder, chat_questions_per_day=1) as stage:
        await stage.message(ANNA, f"{MENTION} One", chat=GROUP)
        await stage.answered(1)
        await stage.message(BORIS, f"{MENTION} Два", chat=GROUP)
        assert stage.last.startswith("В этом чате сейчас очень много вопросов. Следующий можно задать через 24 часа.")
