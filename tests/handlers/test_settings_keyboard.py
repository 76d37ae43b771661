"""`/settings` and `/persona`: everything by buttons."""

from __future__ import annotations

import shutil
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.preferences import Source
from bot.texts import LOCALES, Texts
from handlers.support.callback_data import SettingsCallback
from tests.handlers.scene import ANNA, BORIS, FORUM, GROUP, OWNER, Actor, Scene, scene


async def test_settings_say_what_is_in_force_and_where_it_comes_from(stage: Scene) -> None:
    await stage.message(OWNER, "/temperature 0.7")
    await stage.message(ANNA, "/settings")
    assert "Temperature: 0.7 (set for the whole bot)" in stage.last
    assert "Language: each person's own (the default)" in stage.last
    assert "Proxy" not in stage.last
    assert list(stage.buttons()) == ["Language", "Temperature", "Streaming", "Thoughts", "Persona"]
    await stage.message(OWNER, "/settings")
    assert "Proxy to the model: none (the default)" in stage.last


async def test_every_change_is_shown_at_once_and_back_leads_back(stage: Scene) -> None:
    await stage.press(ANNA, "set:temperature", 9)
    await stage.press(ANNA, stage.buttons()["1"], 9)
    assert "Temperature: 1 (set for this chat)" in stage.redrawn
    assert "✓ 1" in stage.buttons()
    await stage.press(ANNA, stage.buttons()["+ 0.1"], 9)
    assert "Temperature: 1.1" in stage.redrawn
    await stage.press(ANNA, stage.buttons()["The usual one"], 9)
    assert "Temperature: 0.5 (the default)" in stage.redrawn
    await stage.press(ANNA, stage.buttons()["‹ Back"], 9)
    assert stage.redrawn.startswith("Settings of this chat")
    assert stage.toasts == [""] * 5


async def test_the_temperatures_fit_the_width_of_a_phone(stage: Scene) -> None:
    await stage.press(ANNA, "set:temperature", 9)
    assert [[button.text for button in row] for row in stage.rows()[:2]] == [["0", "0.3", "✓ 0.5"], ["0.7", "1", "1.5"]]


async def test_the_language_changes_the_keyboard_too(stage: Scene) -> None:
    await stage.press(ANNA, "set:language:ru", 9)
    assert "✓ Русский" in stage.buttons()
    assert stage.redrawn.startswith("На каком языке")
    await stage.message(ANNA, "/stop")
    assert stage.last == "Сейчас ничего не пишется."
    await stage.press(ANNA, "set:language:-", 9)
    assert stage.redrawn.startswith("In which language")


async def test_a_language_that_is_added_as_a_file_is_offered_and_spoken(folder: Path) -> None:
    shutil.copytree(LOCALES, folder / "locales")
    german = (
        (LOCALES / "en.ftl").read_text(encoding="utf-8").replace("= English", "= Deutsch").replace(" = en\n", " = de\n")
    )
    german = german.replace("nothing-to-stop = ", "nothing-to-stop = Nichts: ")
    (folder / "locales" / "de.ftl").write_text(german, encoding="utf-8")
    async with scene(folder, texts=Texts(folder / "locales")) as stage:
        await stage.press(ANNA, "set:language", 9)
        assert list(stage.buttons())[:3] == ["Deutsch", "English", "Русский"]
        await stage.press(ANNA, stage.buttons()["Deutsch"], 9)
        assert "✓ Deutsch" in stage.buttons()
        await stage.message(ANNA, "/stop")
        assert stage.last.startswith("Nichts: ")
        await stage.message(ANNA, "/settings")
        assert "Language: Deutsch (set for this chat)" in stage.last
        await stage.message(Actor(1009, "Jutta", language="de-AT"), "/stop")
        assert stage.last.startswith("Nichts: ")


async def test_streaming_and_thoughts(stage: Scene) -> None:
    await stage.press(ANNA, "set:streaming:draft", 9)
    await stage.press(ANNA, "set:thoughts:hide", 9)
    effective = await stage.preferences.effective(stage.key())
    assert (effective.streaming.value, effective.thoughts.value) == ("draft", "hide")
    assert "✓ Hidden" in stage.buttons()


async def test_a_persona_answers_and_replaces_ones_own_prompt(stage: Scene) -> None:
    await stage.message(BORIS, "/system Отвечайте в рифму.")
    await stage.message(BORIS, "/persona")
    assert "Переводчик" in stage.buttons()
    await stage.press(BORIS, stage.buttons()["Переводчик"], 9)
    assert "✓ Переводчик" in stage.buttons()
    effective = await stage.preferences.effective(stage.key(BORIS.id))
    assert effective.system_prompt.value.startswith("Вы — переводчик.")
    await stage.press(BORIS, stage.buttons()["Как обычно"], 9)
    effective = await stage.preferences.effective(stage.key(BORIS.id))
    assert effective.system_prompt.source is Source.DEFAULT


async def test_a_persona_belongs_to_its_topic(stage: Scene) -> None:
    await stage.press(OWNER, "set:persona:brief:en", 9, chat=FORUM, message_thread_id=5, is_topic_message=True)
    here, elsewhere = [await stage.preferences.effective(stage.key(FORUM, topic)) for topic in (5, 6)]
    assert (here.persona.value, elsewhere.persona.value) == ("brief", "")


async def test_a_member_sees_the_values_and_a_press_tells_who_may(stage: Scene) -> None:
    await stage.message(BORIS, "/settings", chat=GROUP)
    assert stage.last.startswith("Настройки этого чата")
    await stage.press(BORIS, "set:temperature:2", 9, chat=GROUP)
    assert stage.toasts == ["Это может менять только администратор группы."]
    assert (await stage.preferences.effective(stage.key(GROUP))).temperature.source is Source.DEFAULT


async def test_what_no_keyboard_offers_is_refused(stage: Scene) -> None:
    await stage.press(ANNA, "set:temperature:9", 9)
    await stage.press(ANNA, "set:persona:nobody:en", 9)
    await stage.press(ANNA, "set:nothing:1", 9)
    assert stage.toasts == [
        "The temperature is a number from 0 to 2, for example /temperature 0.7",
        "That value is not possible here.",
        "",
    ]


async def test_a_made_up_button_does_nothing(stage: Scene) -> None:
    await stage.press(ANNA, "set:home:1", 9)
    assert stage.toasts == [""]


@given(st.text(max_size=64))
def test_any_callback_data_is_read_without_failing(data: str) -> None:
    step = SettingsCallback.parse(data)
    assert step is None or data.startswith("set:")
