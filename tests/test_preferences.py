"""What is in force, and where it comes from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.tasks import Tasks
from bot.conversation.messages import ChatKey
from bot.people.personas import Persona
from bot.preferences import Name, Preferences, Source, Value, WrongValue, read_max_tokens, read_temperature
from bot.storage.preferences import PreferenceTable
from bot.storage.store import Store
from tests.given_settings import given as given_settings

BOT = ChatKey(7, 0)
CHAT = ChatKey(7, 1001)
TOPIC = ChatKey(7, 1001, 5)
PERSONAS = {"pirate": Persona("pirate", {"en": "Pirate"}, {"en": "Talk like a pirate.", "ru": "Говорите как пират."})}


class Desk:
    """Preferences over a store, with any settings."""

    def __init__(self, store: Store) -> None:
        self.table = PreferenceTable(store)

    def with_settings(self, **values: Any) -> Preferences:  # any setting
        return Preferences(given_settings(**values), self.table, PERSONAS)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    tasks = Tasks()
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'preferences.db'}", start=tasks.start)
    await store.open()
    yield Desk(store)
    await store.close()
    await tasks.close()


async def test_the_nearest_value_wins(desk: Desk) -> None:
    preferences = desk.with_settings(temperature=0.4)
    assert (await preferences.in_force(TOPIC)).temperature == Value(0.4, Source.ENVIRONMENT)
    for scope, text, source in ((BOT, "0.6", Source.BOT), (CHAT, "0.8", Source.CHAT), (TOPIC, "1", Source.TOPIC)):
        await preferences.set(scope, Name.TEMPERATURE, text)
        assert (await preferences.in_force(TOPIC)).temperature == Value(float(text), source)
    assert (await preferences.in_force(ChatKey(7, 1001, 6))).temperature.source is Source.CHAT
    await preferences.reset(TOPIC, Name.TEMPERATURE)
    assert (await preferences.in_force(TOPIC)).temperature.source is Source.CHAT


async def test_defaults_are_told_apart_from_the_environment(desk: Desk) -> None:
    in_force = await desk.with_settings(aura_model="mine").in_force(CHAT)
    assert in_force.model == Value("mine", Source.ENVIRONMENT)
    assert in_force.max_tokens == Value(8192, Source.DEFAULT)
    assert in_force.streaming == Value("edit", Source.DEFAULT)
    assert in_force.language == Value("", Source.DEFAULT)
    assert in_force.thoughts == Value("fold", Source.DEFAULT)


async def test_the_model_of_another_endpoint(desk: Desk) -> None:
    preferences = desk.with_settings(generator="openai", openai_base_url="http://127.0.0.1:1/v1")
    assert (await preferences.in_force(CHAT)).model == Value("", Source.DEFAULT)
    preferences = desk.with_settings(generator="g4f.Provider:Name")
    assert (await preferences.in_force(CHAT)).model == Value("", Source.DEFAULT)


async def test_no_proxy_at_all_wins_over_the_environments(desk: Desk) -> None:
    preferences = desk.with_settings(proxy="http://user:geheim@proxy.example:3128")
    in_force = await preferences.in_force(CHAT)
    assert in_force.proxy.source is Source.ENVIRONMENT
    assert "geheim" not in repr(in_force)
    await preferences.set(BOT, Name.PROXY, "OFF")
    assert (await preferences.in_force(CHAT)).proxy == Value(None, Source.BOT)


async def test_a_system_prompt_of_ones_own_wins_over_the_persona_until_one_is_picked(desk: Desk) -> None:
    preferences = desk.with_settings()
    await preferences.set(CHAT, Name.PERSONA, "pirate:ru")
    in_force = await preferences.in_force(CHAT)
    assert (in_force.system_prompt.value, in_force.persona.value) == ("Говорите как пират.", "pirate")
    await preferences.set(CHAT, Name.SYSTEM_PROMPT, "Be brief.")
    in_force = await preferences.in_force(CHAT)
    assert (in_force.system_prompt, in_force.persona.value) == (Value("Be brief.", Source.CHAT), "")
    await preferences.set(CHAT, Name.PERSONA, "pirate:en")
    assert (await preferences.in_force(CHAT)).system_prompt.value == "Talk like a pirate."


async def test_what_cannot_be_read_any_more_does_not_count(desk: Desk) -> None:
    await desk.table.put(CHAT, Name.PERSONA, "gone:en")
    await desk.table.put(CHAT, Name.TEMPERATURE, "tropical")
    await desk.table.put(CHAT, Name.PROXY, "not a proxy")
    in_force = await desk.with_settings().in_force(CHAT)
    assert in_force.temperature.source is Source.DEFAULT
    assert in_force.persona == Value("", Source.DEFAULT)
    assert in_force.proxy == Value(None, Source.DEFAULT)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (Name.TEMPERATURE, "2.01"),
        (Name.TEMPERATURE, "inf"),
        (Name.MAX_TOKENS, "0"),
        (Name.MAX_TOKENS, "1000001"),
        (Name.MAX_TOKENS, "٣"),
        (Name.MODEL, ""),
        (Name.MODEL, "a\nb"),
        (Name.PROXY, "proxy.example:1080"),
        (Name.SYSTEM_PROMPT, " "),
        (Name.SYSTEM_PROMPT, "a" * 8001),
        (Name.PERSONA, "nobody:en"),
        (Name.STREAMING, "fast"),
        (Name.THOUGHTS, "shout"),
        (Name.LANGUAGE, "tlh"),
    ],
)
async def test_a_wrong_value_is_refused_by_name(desk: Desk, name: Name, text: str) -> None:
    with pytest.raises(WrongValue) as caught:
        await desk.with_settings().set(CHAT, name, text)
    assert caught.value.details == {"name": name.value}
    assert await desk.table.scopes(CHAT) == {}


@given(st.text(max_size=20))
@settings(deadline=None)
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    for read, least, most in ((read_temperature, 0, 2), (read_max_tokens, 1, 1_000_000)):
        try:
            assert least <= read(text) <= most
        except ValueError:
            continue
