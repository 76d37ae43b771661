"""Whatever an answer can have works with another model, too: changes in its middle, retries, thoughts, personas."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.end_to_end.test_buttons import until_label
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Cut, Generator, Slowly, failing, running_generator
from tests.harness.telegram_people import labels


@pytest.fixture
async def spare() -> AsyncIterator[Generator]:
    """Another model's server."""
    async with running_generator() as generator:
        generator.says("Spare speaks.")
        yield generator


def models(scene: Scene, spare: Generator) -> dict[str, str]:
    """The settings with two models; the second answers where the first fails."""
    file = scene.folder / "models.toml"
    file.write_text(
        f'[main]\nname = "Main"\ngenerator = "aura"\naddress = "{scene.generator.url}"\nfallback = "spare"\n'
        f'[spare]\nname = "Spare"\ngenerator = "aura"\naddress = "{spare.url}"\n',
        encoding="utf-8",
    )
    return {"MODELS_FILE": str(file)}


async def test_an_answer_in_progress_ends_on_its_own_and_the_next_has_the_new_model(
    scene: Scene, spare: Generator
) -> None:
    slowly = scene.generator.script = Slowly("Main begins,", " and Main ends.")
    async with scene.program(**models(scene, spare)):
        await scene.telegram.send("One")
        await scene.telegram.reads("Main begins,")
        await scene.telegram.send("/model")
        menu = await scene.telegram.reads("Model: Main")
        await scene.telegram.press(menu, "Spare")
        await scene.telegram.reads("Model: Spare (set for this chat).")
        await scene.telegram.send("Two")
        slowly.more.set()
        await scene.telegram.reads_answer("Main begins, and Main ends.")
        await scene.telegram.reads_answer("Spare speaks.")
    assert len(scene.generator.requests) == len(spare.requests) == 1


async def test_another_model_answers_after_the_retries_and_its_thoughts_are_shown(
    scene: Scene, spare: Generator
) -> None:
    scene.generator.script = failing(Cut())
    spare.says("<think>Let me see.</think>", "Spare speaks.")
    async with scene.program(**models(scene, spare)):
        await scene.telegram.send("One")
        shown = await scene.telegram.reads_answer("Spare answered, because Main does not work just now.")
    assert "Let me see." in shown["text"]
    assert "expandable_blockquote" in {entity["type"] for entity in shown["entities"]}
    assert (len(scene.generator.requests), len(spare.requests)) == (3, 1)


async def test_a_persona_answers_with_its_own_model(scene: Scene, spare: Generator) -> None:
    personas = scene.folder / "mine.toml"
    personas.write_text('[pirate]\nname = "Pirate"\nprompt = "You are a pirate."\nmodel = "spare"\n')
    async with scene.program(PERSONAS_FILE=str(personas), **models(scene, spare)):
        await scene.telegram.send("/persona")
        await scene.telegram.press(await until_label(scene.telegram, "Pirate"), "Pirate")
        await scene.telegram.until(lambda: any("✓" in label for m in scene.telegram.said() for label in labels(m)))
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("Spare speaks.")
        assert spare.requests[-1].prompt == "You are a pirate."
        await scene.telegram.send("/model main")
        await scene.telegram.reads("Main answers from the next message on.")
    assert scene.generator.requests == []
