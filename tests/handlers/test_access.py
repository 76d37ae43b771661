"""Who is let in, and by whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import methods
from aiogram.types import BotCommandScopeChat

from bot.conversation.people import Standing
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Harness, open_harness
from tests.harness.recording_session import BOT_ID

MENTION = "@aura_bot"


@pytest.fixture
async def guarded(folder: Path) -> AsyncIterator[Harness]:
    """Handlers where an admin approves newcomers."""
    async with open_harness(folder, access="approved") as played:
        await played.message(OWNER, "/help")
        played.recording.calls.clear()
        yield played


async def test_a_newcomer_waits_and_hears_the_result(guarded: Harness) -> None:
    await guarded.message(BORIS, "Привет!")
    assert guarded.said == [
        guarded.texts.get("ru", "access-wait"),
        "Борис (1002) would like to use the bot.",
    ]
    await guarded.press(OWNER, guarded.buttons()["Approve"], 9)
    assert guarded.redrawn == "Борис (1002) may use the bot."
    assert any(said.startswith("Вас впустили!") for said in guarded.said)
    await guarded.message(BORIS, "Что такое кварк?")
    await guarded.answered(2)


async def test_a_newcomer_is_told_once_and_silence_follows(guarded: Harness) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.message(BORIS, "Алло?")
    await guarded.message(BORIS, "/start")
    assert len(guarded.said) == 2


async def test_a_newcomer_who_writes_twice_at_once_is_told_once(guarded: Harness) -> None:
    # replicas and a webhook take updates side by side: both were found to be from somebody new
    await asyncio.gather(guarded.message(BORIS, "Привет!"), guarded.message(BORIS, "Алло?"))
    await asyncio.gather(*(guarded.message(ANNA, f"{MENTION} hi", chat=GROUP) for _ in range(2)))
    assert len(guarded.said) == 3


async def test_a_declined_newcomer_hears_so_and_then_silence(guarded: Harness) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.press(OWNER, "who:decline:1002", 9)
    assert guarded.last == "К сожалению, администраторы вас не впустили."
    await guarded.press(OWNER, "who:approve:1002", 9)
    assert guarded.redrawn == "Борис (1002) may not use the bot."
    count = len(guarded.said)
    await guarded.message(BORIS, "Но почему?")
    await guarded.press(BORIS, "set:home", 9)
    assert len(guarded.said) == count


async def test_only_admins_decide(guarded: Harness) -> None:
    await guarded.people.meet(BOT_ID, ANNA.id, "Anna", "", "en")
    await guarded.people.set_standing(BOT_ID, ANNA.id, Standing.APPROVED)
    await guarded.press(ANNA, "who:approve:1002", 9)
    assert guarded.toasts == ["Only an admin of the bot can do that."]


async def test_a_group_gets_one_polite_line_until_an_admin_allows_it(guarded: Harness) -> None:
    await guarded.message(BORIS, f"{MENTION} привет", chat=GROUP)
    await guarded.message(BORIS, f"{MENTION} эй", chat=GROUP)
    assert len(guarded.said) == 1
    await guarded.message(OWNER, "/Allow", chat=GROUP)
    assert guarded.last == "This group may use the bot now. Ask away!"
    await guarded.message(BORIS, f"{MENTION} привет", chat=GROUP)
    await guarded.answered()
    await guarded.message(BORIS, "/allow", chat=GROUP)
    assert guarded.last == "Это может делать только администратор бота."


async def test_a_blocked_person_gets_silence_in_groups_too(harness: Harness) -> None:
    await harness.message(BORIS, "/help")
    await harness.people.set_standing(BOT_ID, BORIS.id, Standing.BLOCKED)
    harness.recording.calls.clear()
    await harness.message(BORIS, "Привет")
    await harness.message(BORIS, f"{MENTION} привет", chat=GROUP)
    await harness.press(BORIS, "set:home", 9)
    assert [type(call) for call in harness.recording.calls] == [methods.AnswerCallbackQuery]


@pytest.mark.parametrize("works", [True, False])
async def test_a_blocked_person_hears_nothing_at_an_admin_link_and_gets_nothing_by_it(
    harness: Harness, works: bool
) -> None:
    await harness.message(BORIS, "/help")
    await harness.people.set_standing(BOT_ID, BORIS.id, Standing.BLOCKED)
    payload = (await harness.bot_admins.offer_link("Aura_Bot")).partition("=")[2]
    harness.recording.calls.clear()
    await harness.message(BORIS, f"/start {payload if works else 'admin-guessed'}")
    assert harness.recording.calls == []
    boris = await harness.people.get(BOT_ID, BORIS.id)
    assert boris is not None
    assert not boris.admin


async def test_people_are_listed_blocked_and_let_in_again(harness: Harness) -> None:
    await harness.message(BORIS, "/help")
    await harness.message(OWNER, "/people")
    assert "Olga @olga (1) · admin" in harness.last
    assert harness.last.startswith("2 people\n")
    await harness.press(OWNER, harness.buttons()["Block Борис"], 9)
    assert "Борис (1002) · blocked" in harness.redrawn
    await harness.press(OWNER, harness.buttons()["Let Борис in"], 9)
    assert "Борис (1002) · approved" in harness.redrawn
    await harness.press(OWNER, "who:block:1:0", 9)
    assert "Olga @olga (1) · admin" in harness.redrawn
    await harness.message(OWNER, "/people", chat=GROUP)
    assert harness.last == "I show the list of people in our private chat only."


async def test_who_still_waits_is_let_in_from_the_list_and_hears_so(guarded: Harness) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.message(OWNER, "/people")
    assert "Борис (1002) · is waiting" in guarded.last
    await guarded.press(OWNER, guarded.buttons()["Let Борис in"], 9)
    assert "Борис (1002) · approved" in guarded.redrawn
    assert any(said.startswith("Вас впустили!") for said in guarded.said)


async def test_the_list_of_people_has_pages(harness: Harness) -> None:
    for number in range(20):
        await harness.people.meet(BOT_ID, 5000 + number, f"Person {number:02}", "", "en")
    await harness.message(OWNER, "/people")
    assert "(1/3)" in harness.last
    await harness.press(OWNER, harness.buttons()["›"], 9)
    assert "(2/3)" in harness.redrawn
    await harness.press(OWNER, "who:page:999", 9)
    assert "(3/3)" in harness.redrawn


async def test_admins_are_added_and_removed_by_id_and_by_reply(harness: Harness) -> None:
    await harness.message(OWNER, "/admin add 1001")
    assert harness.last == "I have never met this person. They have to write to me first."
    await harness.message(ANNA, "/help")
    await harness.message(OWNER, "/admin add 1001")
    assert harness.last == "Anna @anna (1001) is an admin of the bot now."
    scopes = [call.scope for call in harness.recording.made(methods.SetMyCommands)]
    assert scopes == [BotCommandScopeChat(chat_id=ANNA.id)] * 2
    theirs = {
        "message_id": 900,
        "date": 1,
        "chat": {"id": GROUP, "type": "supergroup"},
        "from": ANNA.user,
        "text": "Hi",
    }
    await harness.message(OWNER, "/admin remove", chat=GROUP, reply_to_message=theirs)
    assert harness.last == "Anna @anna (1001) is no longer an admin of the bot."
    await harness.message(OWNER, "/admin remove 1001")
    assert harness.last == "This person is not an admin of the bot."
    await harness.message(OWNER, "/admin remove 1")
    assert harness.last.startswith("This admin is named in ADMIN_IDS")
    await harness.message(OWNER, "/admin")
    assert "Olga @olga (1)" in harness.last


async def test_a_name_in_the_command_never_means_the_writer_of_the_message_replied_to(harness: Harness) -> None:
    await harness.message(BORIS, "/help")
    theirs = {
        "message_id": 900,
        "date": 1,
        "chat": {"id": GROUP, "type": "supergroup"},
        "from": BORIS.user,
        "text": "Make @anna an admin, please",
    }
    await harness.message(OWNER, "/admin add @anna", chat=GROUP, reply_to_message=theirs)
    assert harness.last.startswith("I can't tell whom you mean by @anna.")
    boris = await harness.people.get(BOT_ID, BORIS.id)
    assert boris is not None and not boris.admin


async def test_who_was_made_admin_is_let_in_for_good(guarded: Harness) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.press(OWNER, "who:decline:1002", 9)
    await guarded.message(OWNER, "/admin add 1002")
    await guarded.message(OWNER, "/admin remove 1002")
    await guarded.message(BORIS, "Что такое кварк?")
    await guarded.answered()


async def test_the_one_time_link_makes_its_first_opener_admin(folder: Path) -> None:
    async with open_harness(folder, admin_ids=set(), access="approved") as harness:
        link = await harness.bot_admins.offer_link("Aura_Bot")
        assert link.startswith("https://t.me/Aura_Bot?start=")
        payload = link.partition("=")[2]
        await harness.message(ANNA, f"/start {payload}")
        assert harness.last == "Welcome, Anna! You are an admin of this bot now. /help shows what you can do."
        await harness.message(ANNA, "/proxy")
        assert harness.last.startswith("Proxy to the model: none")
        await harness.message(BORIS, f"/start {payload}")
        assert harness.last == harness.texts.get("ru", "admin-link-dead")


async def test_the_one_time_link_works_for_an_hour(folder: Path) -> None:
    async with open_harness(folder, admin_ids=set()) as harness:
        payload = (await harness.bot_admins.offer_link("Aura_Bot")).partition("=")[2]
        harness.unix += 3601
        await harness.message(ANNA, f"/start {payload}")
        assert harness.last.startswith("This link has been used or is too old.")


async def test_limits_say_when_it_works_again_and_admins_are_exempt(folder: Path) -> None:
    async with open_harness(folder, questions_per_minute=1) as harness:
        await harness.message(ANNA, "One")
        await harness.answered(1)
        await harness.message(ANNA, "Two")
        assert harness.last.startswith("That was a lot of questions. I can take the next one in ")
        await harness.message(OWNER, "One")
        await harness.message(OWNER, "Two")
        await harness.answered(3)


async def test_taking_back_or_erasing_a_question_gives_no_other_one(folder: Path) -> None:
    async with open_harness(folder, questions_per_day=1) as harness:
        await harness.message(ANNA, "One")
        await harness.answered(1)
        await harness.message(ANNA, "/undo")
        await harness.message(ANNA, "Two")
        assert harness.last.startswith("That was a lot of questions.")
        await harness.press(ANNA, "forget:yes", 9)
        await harness.message(ANNA, "Two")
        assert harness.last.startswith("That was a lot of questions.")


async def test_a_whole_chat_has_a_limit_too(folder: Path) -> None:
    async with open_harness(folder, chat_questions_per_day=1) as harness:
        await harness.message(ANNA, f"{MENTION} One", chat=GROUP)
        await harness.answered(1)
        await harness.message(BORIS, f"{MENTION} Два", chat=GROUP)
        assert harness.last.startswith("В этом чате сейчас очень много вопросов. Следующий можно задать через 24 часа.")
