"""`/settings` and `/persona`: everything by buttons."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from aiogram import methods
from hypothesis import given
from hypothesis import strategies as st

from bot.preferences import Source
from bot.texts import LOCALES, Texts
from handlers.support.callback_data import SettingsCallback
from tests.harness.bot_scene import ANNA, BORIS, FORUM, GROUP, OWNER, Actor, Harness, open_harness


async def test_settings_say_what_is_in_force_and_where_it_comes_from(harness: Harness) -> None:
    await harness.message(OWNER, "/temperature 0.7")
    await harness.message(ANNA, "/settings")
    assert "Temperature: 0.7 (set for the whole bot)" in harness.last
    assert "Language: each person's own (the default)" in harness.last
    assert "Proxy" not in harness.last
    assert list(harness.buttons()) == ["Language", "Temperature", "Streaming", "Thoughts", "Persona"]
    await harness.message(OWNER, "/settings")
    assert "Proxy to the model: none (the default)" in harness.last


async def test_every_change_is_shown_at_once_and_back_leads_back(harness: Harness) -> None:
    await harness.press(ANNA, "set:temperature", 9)
    await harness.press(ANNA, harness.buttons()["1"], 9)
    assert "Temperature: 1 (set for this chat)" in harness.redrawn
    assert "✓ 1" in harness.buttons()
    await harness.press(ANNA, harness.buttons()["+ 0.1"], 9)
    assert "Temperature: 1.1" in harness.redrawn
    await harness.press(ANNA, harness.buttons()["The usual value"], 9)
    assert "Temperature: 0.5 (the default)" in harness.redrawn
    await harness.press(ANNA, harness.buttons()["‹ Back"], 9)
    assert harness.redrawn.startswith("Settings of this chat")
    assert harness.toasts == [""] * 5


async def test_the_temperatures_fit_the_width_of_a_phone(harness: Harness) -> None:
    await harness.press(ANNA, "set:temperature", 9)
    assert [[button.text for button in row] for row in harness.rows()[:2]] == [
        ["0", "0.3", "✓ 0.5"],
        ["0.7", "1", "1.5"],
    ]


async def test_the_language_changes_the_keyboard_too(harness: Harness) -> None:
    await harness.press(ANNA, "set:language:ru", 9)
    assert "✓ Русский" in harness.buttons()
    assert harness.redrawn.startswith("На каком языке")
    await harness.message(ANNA, "/stop")
    assert harness.last == "Сейчас ничего не пишется."
    await harness.press(ANNA, "set:language:-", 9)
    assert harness.redrawn.startswith("In which language")


async def test_a_language_that_is_added_as_a_file_is_offered_and_spoken(folder: Path) -> None:
    shutil.copytree(LOCALES, folder / "locales")
    klingon = (LOCALES / "en.ftl").read_text(encoding="utf-8")
    klingon = klingon.replace("= English", "= Klingon").replace(" = en\n", " = tlh\n")
    klingon = klingon.replace("nothing-to-stop = ", "nothing-to-stop = pagh: ")
    (folder / "locales" / "tlh.ftl").write_text(klingon, encoding="utf-8")
    async with open_harness(folder, texts=Texts(folder / "locales")) as harness:
        await harness.press(ANNA, "set:language", 9)
        assert {"Klingon", "English", "Русский"} <= set(harness.buttons())
        await harness.press(ANNA, harness.buttons()["Klingon"], 9)
        assert "✓ Klingon" in harness.buttons()
        await harness.message(ANNA, "/stop")
        assert harness.last.startswith("pagh: ")
        await harness.message(ANNA, "/settings")
        assert "Language: Klingon (set for this chat)" in harness.last
        await harness.message(Actor(1009, "Jutta", language="tlh"), "/stop")
        assert harness.last.startswith("pagh: ")


async def test_streaming_and_thoughts(harness: Harness) -> None:
    await harness.press(ANNA, "set:streaming:draft", 9)
    await harness.press(ANNA, "set:thoughts:hide", 9)
    effective = await harness.preferences.effective(harness.key())
    assert (effective.streaming.value, effective.thoughts.value) == ("draft", "hide")
    assert "✓ Hidden" in harness.buttons()


async def test_drafts_are_offered_in_private_alone(harness: Harness) -> None:
    await harness.press(OWNER, "set:streaming", 9)
    assert list(harness.buttons()) == [
        "✓ As it is written",
        "Smoothly, Telegram's own way (private chats)",
        "All at once",
        "‹ Back",
    ]
    await harness.press(OWNER, "set:streaming:draft", 9, chat=GROUP)
    assert list(harness.buttons()) == ["✓ As it is written", "All at once", "‹ Back"]


async def test_a_persona_answers_and_replaces_ones_own_prompt(harness: Harness) -> None:
    await harness.message(BORIS, "/system Отвечайте в рифму.")
    await harness.message(BORIS, "/persona")
    assert harness.last.endswith("Роль: свой системный промпт (задано для этого чата)")
    assert "Переводчик" in harness.buttons()
    await harness.press(BORIS, harness.buttons()["Переводчик"], 9)
    assert "✓ Переводчик" in harness.buttons()
    assert "свой системный промпт" not in harness.redrawn
    effective = await harness.preferences.effective(harness.key(BORIS.id))
    assert effective.system_prompt.value.startswith("Вы — переводчик.")
    await harness.press(BORIS, harness.buttons()["Нет"], 9)
    effective = await harness.preferences.effective(harness.key(BORIS.id))
    assert effective.system_prompt.source is Source.DEFAULT


async def test_a_number_is_written_with_the_decimal_mark_of_the_language(harness: Harness) -> None:
    for who, shown in ((BORIS, "Температура: 0,4"), (ANNA, "Temperature: 0.4")):
        await harness.message(who, f"/temperature chat {shown.rpartition(' ')[-1]}")
        await harness.press(who, "set:temperature", 9)
        assert shown in harness.redrawn
        await harness.message(who, "/settings")
        assert shown in harness.last


async def test_a_persona_belongs_to_its_topic(harness: Harness) -> None:
    await harness.press(OWNER, "set:persona:brief:en", 9, chat=FORUM, message_thread_id=5, is_topic_message=True)
    here, elsewhere = [await harness.preferences.effective(harness.key(FORUM, topic)) for topic in (5, 6)]
    assert (here.persona.value, elsewhere.persona.value) == ("brief", "")


async def test_a_member_sees_the_values_and_a_press_tells_who_may(harness: Harness) -> None:
    await harness.message(BORIS, "/settings", chat=GROUP)
    assert harness.last.startswith("Настройки этого чата")
    await harness.press(BORIS, "set:temperature:2", 9, chat=GROUP)
    assert harness.toasts == ["Это может менять только администратор группы."]
    assert (await harness.preferences.effective(harness.key(GROUP))).temperature.source is Source.DEFAULT


async def test_what_no_keyboard_offers_is_refused(harness: Harness) -> None:
    await harness.press(ANNA, "set:temperature:9", 9)
    await harness.press(ANNA, "set:persona:nobody:en", 9)
    await harness.press(ANNA, "set:nothing:1", 9)
    assert harness.toasts == [
        "The temperature is a number from 0 to 2, for example /temperature 0.7",
        "That value is not possible here.",
        "",
    ]


async def test_a_made_up_button_does_nothing(harness: Harness) -> None:
    await harness.press(ANNA, "set:home:1", 9)
    assert harness.toasts == [""]


@given(st.text(max_size=64))
def test_any_callback_data_is_read_without_failing(data: str) -> None:
    step = SettingsCallback.parse(data)
    assert step is None or data.startswith("set:")


@pytest.mark.parametrize("named", ["translator", "Translator", "переводчик"])
async def test_a_persona_can_be_named(harness: Harness, named: str) -> None:
    await harness.message(ANNA, f"/persona {named}")
    assert harness.last == "From the next message on, my persona here is “Translator”."
    effective = await harness.preferences.effective(harness.key())
    assert effective.persona.value == "translator"


async def test_an_unknown_persona_is_said_to_be_one_and_the_others_are_offered(harness: Harness) -> None:
    await harness.message(ANNA, "/persona bogus")
    assert harness.last.startswith("I have no persona called “bogus”.")
    assert "Translator" in harness.buttons()


async def test_members_of_a_group_read_the_settings_and_get_no_buttons_that_refuse_them(harness: Harness) -> None:
    await harness.message(ANNA, "/settings", chat=GROUP)
    assert harness.last.endswith("Only an administrator of this group can change that.")
    assert harness.recording.made(methods.SendMessage)[-1].reply_markup is None
    await harness.message(ANNA, "/persona", chat=GROUP)
    assert harness.last == "Only an administrator of this group can change that."
    await harness.message(OWNER, "/settings", chat=GROUP)
    assert "Language" in harness.buttons()


TOPIC = {"message_thread_id": 5, "is_topic_message": True}


@pytest.mark.parametrize("command", ["/system Answer like a pirate.", "/persona teacher"])
@pytest.mark.parametrize(
    ("who", "counts", "of_group", "source"),
    [
        (
            OWNER,
            "It counts in every topic that has none of its own.",
            "Settings of this group.",
            "(set for all topics)",
        ),
        (
            Actor(OWNER.id, "Ольга", language="ru"),
            "Это действует во всех темах, где нет своего.",
            "Настройки этой группы.",
            "(задано для всех тем)",
        ),
    ],
)
async def test_what_is_set_in_the_general_topic_is_said_to_count_in_all(
    harness: Harness, command: str, who: Actor, counts: str, of_group: str, source: str
) -> None:
    await harness.message(who, command, chat=FORUM)
    assert harness.last.endswith(counts)
    await harness.message(who, "/settings", chat=FORUM)
    assert harness.last.startswith(of_group)
    await harness.press(who, "set:persona", 9, chat=FORUM)
    assert harness.redrawn.endswith(counts)
    await harness.message(who, "/settings", chat=FORUM, **TOPIC)
    assert harness.last.startswith(("Settings of this topic.", "Настройки этой темы."))
    assert source in harness.last
    await harness.message(who, command, chat=FORUM, **TOPIC)
    assert counts not in harness.last
    await harness.message(who, command, chat=GROUP)
    assert counts not in harness.last
