"""What everyone can do by command."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiogram import methods

import handlers
from bot.preferences import Source
from handlers.support.addressee_filter import PASTE_SPLIT_DELAY
from handlers.support.bot_commands import declared_commands
from tests.harness.bot_scene import ANNA, BORIS, FORUM, GROUP, OWNER, Actor, Harness, open_harness


async def test_start_says_which_model_answers_and_how_to_connect_a_real_one(harness: Harness) -> None:
    await harness.message(OWNER, "/start")
    assert "I'm Aura" in harness.last
    assert "SmolLM2, English only" in harness.last
    assert "AURA_URL=" in harness.last


@pytest.mark.parametrize(("who", "chat"), [(ANNA, None), (ANNA, GROUP), (OWNER, GROUP)])
async def test_nobody_but_an_admin_in_private_reads_how_to_set_the_bot_up(
    harness: Harness, who: Actor, chat: int | None
) -> None:
    await harness.message(who, "/start", chat=chat)
    assert "SmolLM2, English only" in harness.last
    assert ".env" not in harness.last


async def test_start_names_a_connected_model(folder: Path) -> None:
    async with open_harness(folder, aura_url="http://127.0.0.1:1", aura_model="openchat_3.6") as harness:
        await harness.message(BORIS, "/start")
        assert harness.last.endswith("Отвечает модель openchat_3.6.")


async def test_start_names_a_model_of_ones_own(folder: Path) -> None:
    async with open_harness(folder, local_model=Path("openchat.Q4.gguf")) as harness:
        await harness.message(ANNA, "/start")
        assert "openchat.Q4 writes my answers, on the same computer as the bot." in harness.last


async def test_help_names_what_works_for_this_person(harness: Harness) -> None:
    await harness.message(ANNA, "/help")
    assert "/system:" in harness.last
    assert "/proxy" not in harness.last
    await harness.message(OWNER, "/help")
    for command in {one.name for one in declared_commands(handlers.routers())} - {"start", "allow"}:
        assert f"/{command}:" in harness.last
    await harness.message(ANNA, "/help", chat=GROUP)
    assert "@Aura_Bot" in harness.last
    assert "/system:" not in harness.last
    harness.recording.administrators.add((GROUP, ANNA.id))
    harness.now += 61
    await harness.message(ANNA, "/help", chat=GROUP)
    assert "/system:" in harness.last


IN_PRIVATE = {"people", "groups", "audit", "stats", "trouble", "hold", "broadcast"}


async def test_help_in_a_group_names_what_a_bot_admin_can_use_there(harness: Harness) -> None:
    await harness.message(OWNER, "/help", chat=GROUP)
    for command in ("system", "proxy", "maxtokens", "block", "admin"):
        assert f"/{command}:" in harness.last
    assert [name for name in IN_PRIVATE if f"/{name}:" in harness.last] == []
    for command in sorted(IN_PRIVATE):
        await harness.message(OWNER, f"/{command}", chat=GROUP)
        assert "private" in harness.last
    await harness.message(ANNA, "/help", chat=GROUP)
    assert "/proxy" not in harness.last


async def test_help_tells_members_all_that_administrators_of_the_group_can_change(harness: Harness) -> None:
    said = "/new, /temperature, /persona, /model, /system, /forget"
    await harness.message(ANNA, "/help", chat=GROUP)
    assert f"Group administrators can also change this chat, with {said} and the buttons of /settings." in harness.last
    await harness.message(BORIS, "/help", chat=GROUP)
    assert f"Администраторам группы доступны ещё {said} и кнопки в /settings." in harness.last


@pytest.mark.parametrize("access", ["open", "approved"])
async def test_help_says_how_somebody_who_was_blocked_is_let_in_again(folder: Path, access: str) -> None:
    async with open_harness(folder, access=access) as harness:
        await harness.message(OWNER, "/help")
        assert "/block: stop answering somebody; /allow @name lets them in again" in harness.last
        await harness.message(OWNER, "/block")
        assert harness.last.endswith("/allow and the same name lets them in again.")
        await harness.message(Actor(OWNER.id, "Ольга", language="ru"), "/block")
        assert harness.last.endswith("Впустить снова: /allow и то же имя.")


async def test_system_tells_only_those_who_may_change_it_how(harness: Harness) -> None:
    await harness.message(ANNA, "/system", chat=GROUP)
    assert harness.last.endswith("Only an administrator of this group can change it.")
    assert "send /system" not in harness.last
    await harness.message(BORIS, "/system", chat=GROUP)
    assert harness.last.endswith("Сменить его может только администратор группы.")
    await harness.message(OWNER, "/system", chat=GROUP)
    assert "To change it, send /system" in harness.last
    await harness.message(BORIS, "/system")
    assert "Чтобы его сменить, отправьте /system" in harness.last


@pytest.mark.parametrize("access", ["open", "approved"])
async def test_help_names_what_lets_people_in_only_where_admins_do(folder: Path, access: str) -> None:
    async with open_harness(folder, access=access) as harness:
        await harness.message(OWNER, "/help")
        assert ("/allow:" in harness.last) is (access == "approved")


async def test_new_begins_a_new_conversation(harness: Harness) -> None:
    await harness.message(ANNA, "One")
    await harness.answered(1)
    await harness.message(ANNA, "/new")
    await harness.message(ANNA, "Two")
    await harness.answered(2)
    assert [message.text for message in harness.paths[-1]] == ["Two"]


async def test_new_names_the_persona_in_force(harness: Harness) -> None:
    await harness.press(BORIS, "set:persona:teacher:ru", 1)
    await harness.message(BORIS, "/new")
    assert harness.last == "Начинаем новый разговор, роль — «Терпеливый учитель». О чём поговорим?"


async def test_a_system_prompt_of_several_lines_is_set_shown_and_reset(harness: Harness) -> None:
    await harness.message(ANNA, "/system Answer in rhymes.\nAlways.")
    assert harness.last == "This is the system prompt of this chat now."
    effective = await harness.preferences.effective(harness.key())
    assert effective.system_prompt.value == "Answer in rhymes.\nAlways."
    await harness.message(ANNA, "/system")
    assert "(set for this chat)" in harness.last
    assert "Answer in rhymes.\nAlways." in harness.last
    await harness.message(ANNA, "/system reset")
    assert "You are Aura" in harness.last


async def test_where_there_is_no_system_prompt_that_is_said(folder: Path) -> None:
    async with open_harness(folder, system_prompt="") as harness:
        await harness.message(ANNA, "/system")
        assert "(none: I give the model no instructions; it may have some of its own)" in harness.last
        await harness.message(BORIS, "/system reset")
        assert "(нет: от меня модель указаний не получает; у неё могут быть свои)" in harness.last


async def test_a_persona_without_a_prompt_takes_the_usual_one_away(folder: Path) -> None:
    library = folder / "mine.toml"
    library.write_text('[bare]\nname = "Bare"\nprompt = ""\n')
    async with open_harness(folder, personas_file=library) as harness:
        await harness.message(ANNA, "/persona bare")
        effective = await harness.preferences.effective(harness.key())
        assert (effective.persona.value, effective.system_prompt.value) == ("bare", "")
        await harness.message(ANNA, "/system")
        assert "(none: I give the model no instructions" in harness.last


async def test_a_topic_has_a_system_prompt_of_its_own(harness: Harness) -> None:
    await harness.message(OWNER, "/system Only here.", chat=FORUM, message_thread_id=5, is_topic_message=True)
    assert harness.last == "This is the system prompt of this topic now."
    assert harness.last == "This is the system prompt of this topic now."
    here, elsewhere = [await harness.preferences.effective(harness.key(FORUM, topic)) for topic in (5, 6)]
    assert here.system_prompt.source is Source.TOPIC
    assert elsewhere.system_prompt.source is Source.DEFAULT


async def test_a_system_prompt_that_fills_the_model_is_refused_and_the_old_one_stays(harness: Harness) -> None:
    await harness.message(ANNA, "/system Answer in rhymes.")
    await harness.message(ANNA, "/system " + "x. " * 1320)
    assert harness.last.startswith("That prompt leaves the model no room for a question: it reads 2048 tokens")
    effective = await harness.preferences.effective(harness.key())
    assert effective.system_prompt.value == "Answer in rhymes."


async def test_a_system_prompt_that_the_app_splits_is_refused_and_its_rest_is_no_question(harness: Harness) -> None:
    await harness.message(ANNA, "/system Answer in rhymes.")
    await harness.message(ANNA, "/system " + "a" * 4088)
    await harness.message(ANNA, "b" * 4096)
    await harness.message(ANNA, "the end of it")
    assert harness.last.startswith("That does not fit into one Telegram message")
    assert len(harness.said) == 2
    assert harness.paths == []
    effective = await harness.preferences.effective(harness.key())
    assert effective.system_prompt.value == "Answer in rhymes."
    await harness.message(ANNA, "a question")
    await harness.answered()


async def test_what_comes_a_moment_later_or_from_somebody_else_is_no_rest(harness: Harness) -> None:
    await harness.message(ANNA, "/system " + "a" * 4088)
    await harness.message(BORIS, "mine")
    await harness.answered(1)
    harness.now += PASTE_SPLIT_DELAY + 0.1
    await harness.message(ANNA, "a question")
    await harness.answered(2)


async def test_a_long_system_prompt_is_shown_in_part(harness: Harness) -> None:
    await harness.message(ANNA, "/system " + "🦊" * 1900)
    await harness.message(ANNA, "/system")
    assert len(harness.last.encode("utf-16-le")) // 2 < 4096


async def test_what_changes_a_group_needs_its_administrator(harness: Harness) -> None:
    await harness.message(BORIS, "/system Be rude.", chat=GROUP)
    assert harness.last == "Это может менять только администратор группы."
    await harness.message(BORIS, "/new", chat=GROUP)
    await harness.message(BORIS, "/temperature chat 1", chat=GROUP)
    await harness.message(BORIS, "/forget", chat=GROUP)
    assert harness.said[-3:] == ["Это может менять только администратор группы."] * 3
    harness.recording.administrators.add((GROUP, BORIS.id))
    harness.now += 61
    await harness.message(BORIS, "/system Be kind.", chat=GROUP)
    assert harness.last == "Теперь это системный промпт этого чата."


async def test_telegram_is_asked_once_a_minute_who_administers(harness: Harness) -> None:
    for _ in range(3):
        await harness.message(BORIS, "/new", chat=GROUP)
    assert [type(call).__name__ for call in harness.recording.calls].count("GetChatMember") == 1


async def test_answers_to_commands_in_groups_are_attached_and_stay_in_their_topic(harness: Harness) -> None:
    command = await harness.message(ANNA, "/help@AURA_bot", chat=FORUM, message_thread_id=5, is_topic_message=True)
    sent = harness.recording.made(methods.SendMessage)[-1]
    assert sent.message_thread_id == 5
    assert sent.reply_parameters is not None
    assert sent.reply_parameters.message_id == command
