"""One playground a scene; one browser and its playground for all scenes of a file about the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.playground.local_telegram import LocalTelegram, local_telegram

if TYPE_CHECKING:
    from tests.harness.page_reader import Reader, Server


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with local_telegram() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Reader]:
    from tests.harness.page_reader import somebody_reading  # noqa: PLC0415  # Selenium may not be installed

    with somebody_reading() as reader:
        yield reader


@pytest.fixture
def server(browser: Reader) -> Server:
    return browser.server


@pytest.fixture
def reader(browser: Reader) -> Iterator[Reader]:
    browser.look()
    browser.complaints()
    yield browser
    assert browser.complaints() == []
