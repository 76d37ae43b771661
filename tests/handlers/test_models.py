"""`/model`: buttons in one message; what is chosen counts for the next answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import methods

from bot.preferences import PreferenceName, Source
from tests.harness.bot_scene import ANNA, BORIS, FORUM, GROUP, OWNER, Harness, open_harness

ECHO = 'generator = "tests.harness.actors:EchoThroughProxies"\n'
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


async def test_whoever_administers_a_forum_chooses_for_a_topic_by_its_buttons(models: Harness) -> None:
    here = {"message_thread_id": 7, "is_topic_message": True}
    await models.press(BORIS, "mdl:use:here:0:near", 1, chat=FORUM, **here)
    assert models.toasts[-1] == models.texts.get("ru", "only-group-admins")
    await models.message(OWNER, "/model", chat=FORUM, **here)
    await models.press(OWNER, "mdl:use:here:0:near", 1, chat=FORUM, **here)
    topic, other = [await models.preferences.effective(models.key(FORUM, number)) for number in (7, 8)]
    assert (topic.model_label, topic.model.source, other.model_label) == ("Near", Source.TOPIC, "Fast")


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
    assert models.last == "Fast writes my answers."
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


async def test_the_model_inside_the_program_answers_to_no_other_name(folder: Path) -> None:
    async with open_harness(folder, local_model=folder / "own.gguf") as harness:
        for command in ("/model gpt-4", "/model"):
            await harness.message(OWNER, command)
            assert harness.last == (
                "own is the only model here: it runs inside this program. The README shows how to connect another one."
            )
        await harness.preferences.set(harness.key(0), PreferenceName.MODEL, "gpt-4")
        await harness.message(ANNA, "/settings")
        assert "gpt-4" not in harness.last, "and an old choice is not said to answer"


async def test_a_persona_brings_its_own_model_until_the_chat_chooses_one(folder: Path) -> None:
    models, personas = folder / "models.toml", folder / "mine.toml"
    models.write_text(f"[fast]\n{ECHO}[near]\n{ECHO}", encoding="utf-8")
    personas.write_text('[pirate]\nname = "Pirate"\nprompt = "Arr."\nmodel = "near"\n', encoding="utf-8")
    async with open_harness(folder, models_file=models, personas_file=personas) as harness:
        await harness.preferences.set(harness.key(), PreferenceName.PERSONA, "pirate:en")
        assert await label(harness) == "near"
        await harness.preferences.set(harness.key(), PreferenceName.MODEL, "@fast")
        assert await label(harness) == "fast"


async def test_every_way_to_change_the_model_is_on_record(models: Harness) -> None:
    await models.message(OWNER, "/model@aura_bot")
    await models.press(OWNER, "mdl:use:here:0:near", 1, chat=GROUP)
    await models.press(OWNER, "mdl:use:here:0:", 1, chat=GROUP)
    await models.press(ANNA, "mdl:use:here:0:near", 1)
    await models.press(OWNER, "mdl:use:bot:0:clever", 1)
    await models.message(OWNER, "/model near")
    await models.message(OWNER, "/model echo-7b")
    await models.press(OWNER, "mdl:who:admins", 1)
    await models.message(OWNER, "/model reset")
    await models.message(OWNER, "/audit")
    changes = [line.split(" Olga ")[-1] for line in models.last.splitlines()[2:]]
    assert changes == [
        "reset the model",
        "set who chooses the model to admins",
        "set the model to echo-7b",
        "set the model to Near",
        "set the model to Clever",
        "reset the model in Friends",
        "set the model to Near in Friends",
    ], "and a choice in somebody's private chat is their own"


async def answer_to(harness: Harness, text: str, chat: int = ANNA.id) -> tuple[int, int]:
    """Ask, and give the answer's id and the Telegram message that shows it."""
    count = len(harness.paths)
    await harness.message(ANNA, text if chat > 0 else f"@aura_bot {text}", chat=chat)
    await harness.answered(count + 1)
    answer = await harness.conversations.newest(harness.key(chat))
    assert answer is not None
    return answer, harness.answer_ids()[-1]


def menu(harness: Harness) -> dict[str, str]:
    """The buttons that a press has put under an answer: text → data."""
    markup = harness.recording.made(methods.EditMessageReplyMarkup)[-1].reply_markup
    assert markup is not None
    return {button.text: button.callback_data or "" for row in markup.inline_keyboard for button in row}


async def test_another_model_is_chosen_under_an_answer_for_that_answer_alone(models: Harness) -> None:
    answer, shown = await answer_to(models, "One")
    await models.press(ANNA, f"with:{answer}", shown)
    assert list(menu(models)) == ["↻ Fast", "↻ Near", "‹ Back"]
    await models.press(ANNA, menu(models)["↻ Near"], shown)
    await models.answered(2)
    assert models.turns_written[-1].model == "@near"
    assert await label(models) == "Fast", "the chat keeps its model"


async def test_back_shows_the_usual_buttons_again(models: Harness) -> None:
    answer, shown = await answer_to(models, "One")
    await models.press(ANNA, f"with:{answer}", shown)
    await models.press(ANNA, menu(models)["‹ Back"], shown)
    assert list(menu(models)) == ["↻ Again", "⇄ Model"]


@pytest.mark.parametrize("data", ["use:{}:clever", "use:{}:lost", "use:{}:near/00000000"])
async def test_a_model_that_is_not_offered_answers_nothing(models: Harness, data: str) -> None:
    answer, shown = await answer_to(models, "One")
    await models.press(ANNA, data.format(answer), shown)
    await models.answered(1)
    assert len(models.paths) == 1
    assert "That model is not there any more. /model shows what there is." in [*models.toasts, *models.said]


async def test_an_admin_may_answer_again_with_a_model_for_admins(models: Harness) -> None:
    answer, shown = await answer_to(models, "One", GROUP)
    await models.press(OWNER, f"with:{answer}", shown, chat=GROUP)
    assert list(menu(models)) == ["↻ Fast", "↻ Clever", "↻ Near", "‹ Back"]


async def test_only_who_asked_and_administrators_choose_another_model(models: Harness) -> None:
    answer, shown = await answer_to(models, "One", GROUP)
    for data in (f"with:{answer}", f"use:{answer}:near"):
        await models.press(BORIS, data, shown, chat=GROUP)
        assert models.toasts[-1] == models.texts.get("ru", "press-not-yours")
    assert models.recording.made(methods.EditMessageReplyMarkup) == []
    assert len(models.paths) == 1


async def test_where_admins_choose_nobody_else_is_offered_another_model(models: Harness) -> None:
    await models.preferences.set(models.key(0), PreferenceName.MODEL_CHOICE, "admins")
    answer, shown = await answer_to(models, "One")
    await models.press(ANNA, f"use:{answer}:near", shown)
    assert len(models.paths) == 1


async def test_many_models_are_paged_under_an_answer(folder: Path) -> None:
    file = folder / "models.toml"
    file.write_text("".join(f"[m{n}]\n{ECHO}" for n in range(8)), encoding="utf-8")
    async with open_harness(folder, models_file=file) as harness:
        answer, shown = await answer_to(harness, "One")
        await harness.press(ANNA, f"with:{answer}", shown)
        assert list(menu(harness))[-3:] == ["‹ Back", "1/2", "›"]
        await harness.press(ANNA, menu(harness)["›"], shown)
        assert list(menu(harness)) == ["↻ m6", "↻ m7", "‹ Back", "‹", "2/2"]


async def test_an_answer_in_progress_keeps_its_stop_button(models: Harness) -> None:
    answer, shown = await answer_to(models, "One")
    models.may_write.clear()
    await models.press(ANNA, f"again:{answer}", shown)
    await models.written_to(2)
    await models.press(ANNA, f"with:{answer}", shown)
    assert models.recording.made(methods.EditMessageReplyMarkup) == []
    models.may_write.set()
    await models.answered(2)
