"""What the log never holds."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.logs import set_up_logging, without_secrets

TOKEN = "123456789:AAEhBOweik9ai2o01Jxv9Yp3xTfRvU3m0xQ"
CHATTY = ("selenium.webdriver.remote.remote_connection", "urllib3.connectionpool", "httpx", "aiohttp.access")


@pytest.fixture
def _set_up() -> Iterator[None]:
    """Logging as the program sets it up at its most talkative; afterwards as it was."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers.clear()  # else `force` would close pytest's
    try:
        set_up_logging(level="DEBUG", form="text", secrets=())
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def test_secrets_tokens_and_passwords_in_addresses_are_blotted_out() -> None:
    line = f"POST https://api.telegram.org/bot{TOKEN}/getMe by socks5://user:geheim@proxy.example with a-secret-key"
    assert without_secrets(line, {"a-secret-key"}) == (
        "POST https://api.telegram.org/bot***/getMe by socks5://user:***@proxy.example with ***"
    )


@pytest.mark.usefixtures("_set_up")
@pytest.mark.parametrize("name", CHATTY)
def test_what_others_write_of_each_request_cookies_included_stays_out(name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
