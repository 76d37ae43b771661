"""`/model`: buttons in one message; what is chosen counts for the next answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.preferences import PreferenceName, Source
from tests.harness.bot_scene import ANNA, GROUP, OWNER, Harness, open_harness

ECHO = 'generator = "tests.harness.bot_scene:EchoThroughProxies"\n'
DEAD = ECHO + 'proxy = "socks5://dead.example:1080"\n'


@pytest.fixture
async def models(folder: Path) -> AsyncIterator[Harness]:
    file = folder / "models.toml"
    file.write_text(
        f'[fast]\nname = "Fast"\n{ECHO}[clever]\nname = "Clever"\nusers = "admins"\n{ECHO}'
        f'[near]\nname = "Near"\n{ECHO}',
        encoding="utf-8",
    )
    async with open_harness(folder, models_file=file) as harness:
        yield harness


async def label(harness: Harness, chat: int = ANNA.id) -> str:
    return (await harness.preferences.effective(harness.key(chat))).model_label


async def test_the_models_are_offered_in_one_message_and_the_one_in_force_is_ticked(models: Harness) -> None:
    await models.message(ANNA, "/model")
    assert models.last.startswith("Model: Fast (the default).")
    assert list(models.buttons()) == ["✓ Fast", "Near"]


async def test_a_press_chooses_for_this_chat_and_redraws_the_message(models: Harness) -> None:
    await models.message(ANNA, "/model")
    await models.press(ANNA, models.buttons()["Near"], 1)
    assert models.redrawn.startswith("Model: Near (set for this chat).")
    assert list(models.buttons()) == ["Fast", "✓ Near", "The usual value"]
    assert await label(models) == "Near"
    assert await label(models, OWNER.id) == "Fast"
    await models.press(ANNA, models.buttons()["The usual value"], 1)
    assert await label(models) == "Fast"


async def test_a_topic_has_a_model_of_its_own(models: Harness) -> None:
    await models.preferences.set(models.key(GROUP, 7), PreferenceName.MODEL, "@near")
    effective = await models.preferences.effective(models.key(GROUP, 7))
    assert (effective.model_label, effective.model.source) == ("Near", Source.TOPIC)
    assert await label(models, GROUP) == "Fast"


async def test_a_model_for_admins_is_offered_to_them_alone(models: Harness) -> None:
    await models.message(OWNER, "/model")
    assert list(models.buttons()) == ["✓ Fast", "Clever", "Near", "For the whole bot …"]
    await models.press(ANNA, "mdl:use:here:0:clever", 1)
    assert await label(models) == "Fast"


async def test_an_admin_chooses_the_default_of_the_whole_bot(models: Harness) -> None:
    await models.message(OWNER, "/model")
    await models.press(OWNER, models.buttons()["For the whole bot …"], 1)
    await models.press(OWNER, models.buttons()["Near"], 1)
    assert await label(models) == "Near"
    assert "✓ Near" in models.buttons()


async def test_an_admin_says_who_may_choose(models: Harness) -> None:
    await models.press(OWNER, "mdl:page:bot", 1)
    assert "✓ Everybody chooses" in models.buttons()
    await models.press(OWNER, models.buttons()["Admins choose"], 1)
    await models.message(ANNA, "/model")
    assert models.last == "My answers come from the model Fast."
    await models.press(ANNA, "mdl:use:here:0:near", 1)
    assert await label(models) == "Fast"


@pytest.mark.parametrize("data", ["mdl:use:bot:0:near", "mdl:page:bot", "mdl:who:admins"])
async def test_the_whole_bot_is_changed_by_admins_alone(models: Harness, data: str) -> None:
    await models.press(ANNA, data, 1)
    effective = await models.preferences.effective(models.key())
    assert (effective.model_label, effective.model_choice.value) == ("Fast", "everyone")


async def test_a_name_chooses_too(models: Harness) -> None:
    await models.message(ANNA, "/model near")
    assert models.last == "Near answers here from the next answer on."
    await models.message(OWNER, "/model Clever")
    assert models.last == "Clever answers from the next message on."
    assert await label(models, GROUP) == "Clever"


async def test_a_model_that_is_gone_is_said_to_be_gone(models: Harness) -> None:
    await models.press(ANNA, "mdl:use:here:0:lost", 1)
    assert "That model is not there any more. /model shows what there is." in [*models.toasts, *models.said]


async def test_a_choice_that_went_away_shows_the_default(models: Harness) -> None:
    await models.preferences.set(models.key(), PreferenceName.MODEL, "@lost")
    await models.message(ANNA, "/model")
    assert models.last.startswith("Model: Fast")


async def test_many_models_are_paged(folder: Path) -> None:
    file = folder / "models.toml"
    file.write_text("".join(f"[m{n}]\n{ECHO}" for n in range(20)), encoding="utf-8")
    async with open_harness(folder, models_file=file) as harness:
        await harness.message(ANNA, "/model")
        assert [len(row) for row in harness.rows()] == [1] * 8 + [2]
        await harness.press(ANNA, harness.buttons()["›"], 1)
        await harness.press(ANNA, harness.buttons()["›"], 1)
        assert [button.text for button in harness.rows()[-1]] == ["‹", "3/3"]
        assert "m19" in harness.buttons()


async def test_a_name_that_the_server_does_not_know_is_refused_and_nothing_changes(folder: Path) -> None:
    file = folder / "models.toml"
    file.write_text(f"[a]\n{DEAD}", encoding="utf-8")
    async with open_harness(folder, models_file=file) as harness:
        await harness.message(OWNER, "/model gpt-99")
        assert harness.said[-2] == "Asking gpt-99 …"
        assert harness.last.startswith("gpt-99 does not answer, so everything stays as it was.")
        assert (await harness.preferences.effective(harness.key())).model.value == ""


async def test_a_persona_brings_its_own_model_until_the_chat_chooses_one(folder: Path) -> None:
    models, personas = folder / "models.toml", folder / "mine.toml"
    models.write_text(f"[fast]\n{ECHO}[near]\n{ECHO}", encoding="utf-8")
    personas.write_text('[pirate]\nname = "Pirate"\nprompt = "Arr."\nmodel = "near"\n', encoding="utf-8")
    async with open_harness(folder, models_file=models, personas_file=personas) as harness:
        await harness.preferences.set(harness.key(), PreferenceName.PERSONA, "pirate:en")
        assert await label(harness) == "near"
        await harness.preferences.set(harness.key(), PreferenceName.MODEL, "@fast")
        assert await label(harness) == "fast"
