"""`make run` on a machine without a token: the page in a real browser, the bot behind it, the real model's answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.harness.page_reader import CHROMEDRIVER, CHROMIUM, MISSING, PATIENCE, chromium
from tests.harness.program_process import Program, running_program
from tests.harness.real_models import SLOW
from tests.harness.telegram_people import Json, Telegram, is_being_written, watched

PASSING = (NoSuchElementException, StaleElementReferenceException)
QUESTION = "Write a story about a lighthouse."


@pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason=MISSING)
@pytest.mark.timeout(900)
async def test_a_person_chats_in_the_page_and_the_history_outlives_a_restart(tmp_path: Path) -> None:
    settings = {"PLAYGROUND_LISTEN": "127.0.0.1:0", "TEMPERATURE": "0", "MAX_TOKENS": "100"}
    async with running_program(tmp_path, settings) as program, watched(await _page_of(program)) as telegram:
        await asyncio.to_thread(_asks_in_the_page, telegram.url)
        answer = await telegram.until(lambda: _answer(telegram), seconds=SLOW)
        states = [seen for seen in telegram.history if seen.message.get("message_id") == answer["message_id"]]
        assert len(states) > 1, "the answer grew by edits"
        assert await program.stop() == 0
    async with running_program(tmp_path, settings) as program, watched(await _page_of(program)) as telegram:
        assert telegram.texts()[-1] == answer["text"], "the chat is still there"
        await telegram.send("/export")
        await telegram.until(lambda: any("document" in message for message in telegram.said()))


async def _page_of(program: Program) -> str:
    return (await program.says("The playground: open ")).split("open ")[1].split()[0]


def _asks_in_the_page(url: str) -> None:
    with chromium() as driver:

        def shown(selector: str) -> list[str]:
            return [element.text for element in driver.find_elements(By.CSS_SELECTOR, selector)]

        see = WebDriverWait(driver, PATIENCE, poll_frequency=0.05, ignored_exceptions=PASSING).until
        driver.get(f"{url}/#1001/1001")
        see(lambda _: driver.find_element(By.ID, "start").is_displayed())
        driver.find_element(By.ID, "start").click()
        see(lambda _: any("SmolLM2" in text for text in shown(".text")))
        driver.find_element(By.ID, "text").send_keys(QUESTION, Keys.ENTER)
        see(lambda _: QUESTION in shown(".mine .text"))
        see(lambda _: len(shown(".message:not(.mine) .text")) > 1)


def _answer(telegram: Telegram) -> Json | None:
    """The whole answer, below the greeting."""
    said = telegram.said()
    return said[1] if len(said) > 1 and not is_being_written(said[1]) else None
