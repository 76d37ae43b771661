"""What everyone can do by command."""

from __future__ import annotations

from pathlib import Path

from aiogram import methods

import handlers
from bot.preferences import Source
from handlers.support.bot_commands import declared_commands
from tests.handlers.scene import ANNA, BORIS, FORUM, GROUP, OWNER, Scene, scene


async def test_start_says_which_model_answers_and_how_to_connect_a_real_one(stage: Scene) -> None:
    await stage.message(ANNA, "/start")
    assert "I'm Aura" in stage.last
    assert "SmolLM2, English only" in stage.last
    assert "AURA_URL=" in stage.last


async def test_start_names_a_connected_model(folder: Path) -> None:
    async with scene(folder, aura_url="http://127.0.0.1:1", aura_model="openchat_3.6") as stage:
        await stage.message(BORIS, "/start")
        assert stage.last.endswith("Отвечает модель openchat_3.6.")


async def test_start_names_a_model_of_ones_own(folder: Path) -> None:
    async with scene(folder, local_model=Path("openchat.Q4.gguf")) as stage:
        await stage.message(ANNA, "/start")
        assert "runs on the bot's own computer: openchat.Q4" in stage.last


async def test_help_names_what_works_for_this_person(stage: Scene) -> None:
    await stage.message(ANNA, "/help")
    assert "/system:" in stage.last
    assert "/proxy" not in stage.last
    await stage.message(OWNER, "/help")
    for command in {one.name for one in declared_commands(handlers.routers())} - {"start"}:
        assert f"/{command}:" in stage.last
    await stage.message(ANNA, "/help", chat=GROUP)
    assert "@Aura_Bot" in stage.last
    assert "/system:" not in stage.last
    stage.recording.administrators.add((GROUP, ANNA.id))
    stage.now += 61
    await stage.message(ANNA, "/help", chat=GROUP)
    assert "/system:" in stage.last


async def test_new_begins_a_new_conversation(stage: Scene) -> None:
    await stage.message(ANNA, "One")
    await stage.answered(1)
    await stage.message(ANNA, "/new")
    await stage.message(ANNA, "Two")
    await stage.answered(2)
    assert [message.text for message in stage.paths[-1]] == ["Two"]


async def test_new_names_the_persona_in_force(stage: Scene) -> None:
    await stage.press(BORIS, "set:persona:teacher:ru", 1)
    await stage.message(BORIS, "/new")
    assert stage.last == "Начинаем новый разговор, персона — «Терпеливый учитель». О чём поговорим?"


async def test_a_system_prompt_of_several_lines_is_set_shown_and_reset(stage: Scene) -> None:
    await stage.message(ANNA, "/system Answer in rhymes.\nAlways.")
    assert stage.last == "This is the system prompt of this chat now."
    effective = await stage.preferences.effective(stage.key())
    assert effective.system_prompt.value == "Answer in rhymes.\nAlways."
    await stage.message(ANNA, "/system")
    assert "(set for this chat)" in stage.last
    assert "Answer in rhymes.\nAlways." in stage.last
    await stage.message(ANNA, "/system reset")
    assert "You are Aura" in stage.last


async def test_where_there_is_no_system_prompt_that_is_said(folder: Path) -> None:
    async with scene(folder, system_prompt="") as stage:
        await stage.message(ANNA, "/system")
        assert "None: the model answers in its own way." in stage.last
        await stage.message(BORIS, "/system reset")
        assert "Никакого: модель отвечает по-своему." in stage.last


async def test_a_topic_has_a_system_prompt_of_its_own(stage: Scene) -> None:
    await stage.message(OWNER, "/system Only here.", chat=FORUM, message_thread_id=5, is_topic_message=True)
    assert stage.last == "This is the system prompt of this topic now."
    here, elsewhere = [await stage.preferences.effective(stage.key(FORUM, topic)) for topic in (5, 6)]
    assert here.system_prompt.source is Source.TOPIC
    assert elsewhere.system_prompt.source is Source.DEFAULT


async def test_an_endless_system_prompt_is_refused_and_a_long_one_shown_in_part(stage: Scene) -> None:
    await stage.message(ANNA, "/system " + "a" * 8001)
    assert stage.last == "A system prompt has 1 to 8000 characters, for example /system Answer in rhymes."
    await stage.message(ANNA, "/system " + "🦊" * 4000)
    await stage.message(ANNA, "/system")
    assert len(stage.last.encode("utf-16-le")) // 2 < 4096


async def test_what_changes_a_group_needs_its_administrator(stage: Scene) -> None:
    await stage.message(BORIS, "/system Be rude.", chat=GROUP)
    assert stage.last == "Это может менять только администратор группы."
    await stage.message(BORIS, "/new", chat=GROUP)
    await stage.message(BORIS, "/temperature chat 1", chat=GROUP)
    await stage.message(BORIS, "/forget", chat=GROUP)
    assert stage.said[-3:] == ["Это может менять только администратор группы."] * 3
    stage.recording.administrators.add((GROUP, BORIS.id))
    stage.now += 61
    await stage.message(BORIS, "/system Be kind.", chat=GROUP)
    assert stage.last == "Теперь это системный промпт этого чата."


async def test_telegram_is_asked_once_a_minute_who_administers(stage: Scene) -> None:
    for _ in range(3):
        await stage.message(BORIS, "/new", chat=GROUP)
    assert [type(call).__name__ for call in stage.recording.calls].count("GetChatMember") == 1


async def test_answers_to_commands_in_groups_are_attached_and_stay_in_their_topic(stage: Scene) -> None:
    command = await stage.message(ANNA, "/help@AURA_bot", chat=FORUM, message_thread_id=5, is_topic_message=True)
    sent = stage.recording.made(methods.SendMessage)[-1]
    assert sent.message_thread_id == 5
    assert sent.reply_parameters is not None
    assert sent.reply_parameters.message_id == command
