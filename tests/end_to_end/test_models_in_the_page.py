"""Two real llama.cpp servers and one that refuses every key, switched by buttons in the page; one is killed."""

from __future__ import annotations

import asyncio
import re
import subprocess
from typing import Any

import pytest

pytest.importorskip("selenium", reason="needs selenium, which `make install` brings")

from tests.harness.page_reader import CHROMEDRIVER, CHROMIUM, Page, chromium
from tests.harness.page_reader import MISSING as NO_CHROMIUM
from tests.harness.real_models import IS_THERE, MISSING, llama, stored, watched
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Refusal, failing
from tests.harness.telegram_people import ANNA, BORIS

pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason=NO_CHROMIUM),
    pytest.mark.skipif(not IS_THERE, reason=MISSING),
]

SLOW = 180
"""Seconds for whatever the packaged model has to write on a busy machine."""
SHORT = 12
"""Tokens of an answer that nobody has to wait for."""
LONG = 1500
"""Tokens of an answer that is killed long before its end."""


def reads(page: Page, text: str) -> None:
    """Wait for a message with this text in it."""
    page.wait(lambda: any(text in shown for shown in page.texts()), SLOW)


def lowest_button(page: Page, label: str) -> Any:  # what JavaScript returns
    """Find the lowest button with a label."""
    return page.js(
        "return [...document.querySelectorAll('.key')].filter(key => key.textContent.includes(arguments[0])).at(-1)",
        label,
    )


def see_button(page: Page, label: str) -> None:
    """Wait for a button."""
    page.wait(lambda: lowest_button(page, label), SLOW)


def press(page: Page, label: str) -> None:
    """Press the lowest button with a label."""

    def pressed() -> bool:
        lowest_button(page, label).click()
        return True

    see_button(page, label)
    page.wait(pressed)


def answers(page: Page) -> int:
    """Count the answers that are complete."""
    return int(
        page.js("return [...document.querySelectorAll('.key')].filter(key => /^↻/.test(key.textContent)).length")
    )


def ask(page: Page, text: str) -> str:
    """Ask, and give the answer once it is complete."""
    before = answers(page)
    page.write(text)
    page.wait(lambda: answers(page) > before, SLOW)
    return page.texts()[-1]


def begin(page: Page, person: int) -> None:
    """Open the bot's chat, and press Start."""
    page.open(person)
    page.see("#start").click()
    page.see(".message:not(.mine) .text")


def choose(page: Page, label: str, said: str) -> None:
    """Choose a model by its button in the message of /model."""
    page.write("/model")
    page.wait(lambda: page.texts()[-1].startswith(("Model:", "Модель:")))
    press(page, label)
    reads(page, said)


def play(page: Page, first: subprocess.Popen[str]) -> str:
    """Do what Anna does, who administers the bot. Gives what /usage says in the end."""
    begin(page, ANNA)
    page.write("Say hello")
    page.wait(lambda: answers(page) == 1, SLOW)

    choose(page, "Two", "Model: Two (set for this chat).")
    ask(page, "And you?")

    choose(page, "Bad", "Model: Bad (set for this chat).")
    assert ask(page, "And you?").endswith("Two answered, because Bad does not work just now.")

    choose(page, "One", "Model: One (set for this chat).")
    page.write(f"/maxtokens {LONG}")
    reads(page, f"Answers may be up to {LONG} tokens long")
    page.write("/new")
    page.wait(lambda: not page.texts()[-1].startswith("/"))
    page.write("Tell me a very long story of a dragon.")
    see_button(page, "■")
    first.kill()
    reads(page, "The answer broke off. ▸ continues it.")

    page.write(f"/maxtokens {SHORT}")
    reads(page, f"Answers may be up to {SHORT} tokens long")
    press(page, "▸ Go on")
    reads(page, "Two answered, because One does not work just now.")

    press(page, "⇄ Model")
    press(page, "↻ Two")
    see_button(page, "2/2")
    page.write("/usage")
    reads(page, "Everybody, this month, by model:")
    return page.texts()[-1]


def play_in_russian(page: Page) -> None:
    """Do what Boris does, whose app is Russian, while the first model is dead."""
    begin(page, BORIS)
    page.write("/model")
    reads(page, "Модель: One (по умолчанию).")
    assert ask(page, "Hello").endswith("Ответила Two: One сейчас не работает.")
    press(page, "⇄")
    press(page, "↻ Two")
    see_button(page, "2/2")
    page.write("/usage")
    reads(page, "сегодня")
    assert "по моделям" not in page.texts()[-1]


@pytest.mark.timeout(900)
async def test_models_are_switched_in_the_page_and_one_that_is_killed_is_stood_in_for(scene: Scene) -> None:
    scene.generator.script = failing(Refusal(401, "Incorrect API key provided"))
    with llama() as (one, process), llama() as (other, _):
        async with watched(other) as two:
            models = scene.folder / "models.toml"
            models.write_text(
                f'[one]\nname = "One"\naddress = "{one}"\nmodel = "m"\ncontext = 2048\nfallback = "two"\n'
                f'[two]\nname = "Two"\naddress = "{two.url}"\nmodel = "m"\ncontext = 2048\n'
                f'[bad]\nname = "Bad"\ngenerator = "aura"\naddress = "{scene.generator.url}"\nmodel = "m"\n'
                'fallback = "two"\n',
                encoding="utf-8",
            )
            settings = {"MODELS_FILE": str(models), "MAX_TOKENS": str(SHORT), "TEMPERATURE": "0"}
            async with scene.program(**settings):
                with chromium() as driver:
                    page = Page(driver, scene.telegram.url)
                    usage = await asyncio.to_thread(play, page, process)
                    counted = stored(scene.folder, "Two")
                    await asyncio.to_thread(play_in_russian, page)
                    assert page.complaints() == []
        assert counted == two.counted[: len(counted)]
    told = re.search(r"Two: (\d+) answers, (≈ )?([\d\s]+) tokens", usage)
    assert told is not None
    assert (int(told[1]), told[2]) == (len(counted), None)
    assert int("".join(told[3].split())) == sum(map(sum, counted))
