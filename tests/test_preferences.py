"""What is in force, and where it comes from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.messages import ChatKey
from bot.people.personas import Persona
from bot.preference_readers import read_max_tokens, read_temperature
from bot.preferences import (
    EffectivePreferences,
    PreferenceName,
    Preferences,
    Source,
    Value,
    WrongValue,
    preference_table,
)
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.repositories.preferences import PreferenceRepository
from tests.harness.given_settings import given as given_settings

BOT = ChatKey(7, 0)
CHAT = ChatKey(7, 1001)
TOPIC = ChatKey(7, 1001, 5)
PERSONAS = {"pirate": Persona("pirate", {"en": "Pirate"}, {"en": "Talk like a pirate.", "ru": "Говорите как пират."})}


class Desk:
    """Preferences over a store, with any settings."""

    def __init__(self, database: Database) -> None:
        self.table = PreferenceRepository(database)

    def with_settings(self, **values: Any) -> Preferences:  # any setting
        return Preferences(given_settings(**values), self.table, PERSONAS, ("en", "ru"))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    tasks = TaskSupervisor()
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'preferences.db'}", start=tasks.start)
    await database.open()
    yield Desk(database)
    await database.close()
    await tasks.close()


async def test_the_nearest_value_wins(desk: Desk) -> None:
    preferences = desk.with_settings(temperature=0.4)
    assert (await preferences.effective(TOPIC)).temperature == Value(0.4, Source.ENVIRONMENT)
    for scope, text, source in ((BOT, "0.6", Source.BOT), (CHAT, "0.8", Source.CHAT), (TOPIC, "1", Source.TOPIC)):
        await preferences.set(scope, PreferenceName.TEMPERATURE, text)
        assert (await preferences.effective(TOPIC)).temperature == Value(float(text), source)
    assert (await preferences.effective(ChatKey(7, 1001, 6))).temperature.source is Source.CHAT
    await preferences.reset(TOPIC, PreferenceName.TEMPERATURE)
    assert (await preferences.effective(TOPIC)).temperature.source is Source.CHAT


async def test_defaults_are_told_apart_from_the_environment(desk: Desk) -> None:
    effective = await desk.with_settings(aura_model="mine").effective(CHAT)
    assert effective.model == Value("mine", Source.ENVIRONMENT)
    assert effective.max_tokens == Value(8192, Source.DEFAULT)
    assert effective.streaming == Value("edit", Source.DEFAULT)
    assert effective.language == Value("", Source.DEFAULT)
    assert effective.thoughts == Value("fold", Source.DEFAULT)


async def test_the_model_of_another_endpoint(desk: Desk) -> None:
    preferences = desk.with_settings(generator="openai", openai_base_url="http://127.0.0.1:1/v1")
    assert (await preferences.effective(CHAT)).model == Value("", Source.DEFAULT)
    preferences = desk.with_settings(generator="g4f.Provider:Name")
    assert (await preferences.effective(CHAT)).model == Value("", Source.DEFAULT)


async def test_no_proxy_at_all_wins_over_the_environments(desk: Desk) -> None:
    preferences = desk.with_settings(proxy="http://user:geheim@proxy.example:3128")
    effective = await preferences.effective(CHAT)
    assert effective.proxy.source is Source.ENVIRONMENT
    assert "geheim" not in repr(effective)
    await preferences.set(BOT, PreferenceName.PROXY, "OFF")
    assert (await preferences.effective(CHAT)).proxy == Value(None, Source.BOT)


async def test_a_system_prompt_of_ones_own_wins_over_the_persona_until_one_is_picked(desk: Desk) -> None:
    preferences = desk.with_settings()
    await preferences.set(CHAT, PreferenceName.PERSONA, "pirate:ru")
    effective = await preferences.effective(CHAT)
    assert (effective.system_prompt.value, effective.persona.value) == ("Говорите как пират.", "pirate")
    await preferences.set(CHAT, PreferenceName.SYSTEM_PROMPT, "Be brief.")
    effective = await preferences.effective(CHAT)
    assert (effective.system_prompt, effective.persona.value) == (Value("Be brief.", Source.CHAT), "")
    await preferences.set(CHAT, PreferenceName.PERSONA, "pirate:en")
    assert (await preferences.effective(CHAT)).system_prompt.value == "Talk like a pirate."


async def test_what_cannot_be_read_any_more_does_not_count(desk: Desk) -> None:
    await desk.table.put(CHAT, PreferenceName.PERSONA, "gone:en")
    await desk.table.put(CHAT, PreferenceName.TEMPERATURE, "tropical")
    await desk.table.put(CHAT, PreferenceName.PROXY, "not a proxy")
    effective = await desk.with_settings().effective(CHAT)
    assert effective.temperature.source is Source.DEFAULT
    assert effective.persona == Value("", Source.DEFAULT)
    assert effective.proxy == Value(None, Source.DEFAULT)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (PreferenceName.TEMPERATURE, "2.01"),
        (PreferenceName.TEMPERATURE, "inf"),
        (PreferenceName.MAX_TOKENS, "0"),
        (PreferenceName.MAX_TOKENS, "1000001"),
        (PreferenceName.MAX_TOKENS, "٣"),
        (PreferenceName.MODEL, ""),
        (PreferenceName.MODEL, "a\nb"),
        (PreferenceName.PROXY, "proxy.example:1080"),
        (PreferenceName.SYSTEM_PROMPT, " "),
        (PreferenceName.SYSTEM_PROMPT, "a" * 8001),
        (PreferenceName.PERSONA, "nobody:en"),
        (PreferenceName.STREAMING, "fast"),
        (PreferenceName.THOUGHTS, "shout"),
        (PreferenceName.LANGUAGE, "tlh"),
    ],
)
async def test_a_wrong_value_is_refused_by_name(desk: Desk, name: PreferenceName, text: str) -> None:
    with pytest.raises(WrongValue) as caught:
        await desk.with_settings().set(CHAT, name, text)
    assert caught.value.details == {"name": name.value}
    assert await desk.table.scopes(CHAT) == {}


def test_every_preference_is_one_row_and_one_field() -> None:
    rows = preference_table(PERSONAS, ("en", "ru"))
    assert list(rows) == list(PreferenceName)
    derived = {"model_label", "sees_pictures"}
    names = {field.name for field in fields(EffectivePreferences)}
    assert {row.name.value for row in rows.values()} | derived == names


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        (PreferenceName.TEMPERATURE, "0,70", "0.7"),
        (PreferenceName.MAX_TOKENS, "2 000", "2000"),
        (PreferenceName.MODEL, " gpt-4 ", "gpt-4"),
        (PreferenceName.PROXY, " OFF", "off"),
        (PreferenceName.PROXY, "http://user:word@proxy.example:3128", "http://user:word@proxy.example:3128"),
        (PreferenceName.SYSTEM_PROMPT, " Be brief. ", "Be brief."),
        (PreferenceName.PERSONA, "pirate:ru", "pirate:ru"),
        (PreferenceName.STREAMING, "draft", "draft"),
        (PreferenceName.THOUGHTS, "hide", "hide"),
        (PreferenceName.LANGUAGE, "ru", "ru"),
    ],
)
async def test_a_value_is_stored_in_one_form(desk: Desk, name: PreferenceName, text: str, stored: str) -> None:
    await desk.with_settings().set(CHAT, name, text)
    assert await desk.table.scopes(CHAT) == {CHAT: {name.value: stored}}


@given(st.text(max_size=20))
@settings(deadline=None)
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    for read, least, most in ((read_temperature, 0, 2), (read_max_tokens, 1, 1_000_000)):
        try:
            assert least <= read(text) <= most
        except ValueError:
            continue
