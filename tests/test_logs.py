"""What the log never holds."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import pytest

from bot.logs import LogThrottle, blotted, set_up_logging
from bot.runtime.log_context import log_fields
from bot.runtime.task_supervisor import TaskSupervisor

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
    assert blotted(line, {"a-secret-key"}) == (
        "POST https://api.telegram.org/bot***/getMe by socks5://user:***@proxy.example with ***"
    )


@pytest.mark.usefixtures("_set_up")
@pytest.mark.parametrize("name", CHATTY)
def test_what_others_write_of_each_request_cookies_included_stays_out(name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


def test_keys_that_a_server_repeats_are_blotted_out() -> None:
    refusal = "Incorrect API key provided: sk-proj-****************c123, or sk-ant-api03-AbCdEfGh_1; see sk-learn"
    assert blotted(refusal, ()) == "Incorrect API key provided: ***, or ***; see sk-learn"


@pytest.mark.usefixtures("_set_up")
def test_json_lines_name_their_zone(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(level="INFO", form="json", secrets=())
    logging.getLogger("scene").info("Hello")
    line = json.loads(capsys.readouterr().err)
    assert datetime.fromisoformat(line["asctime"]).utcoffset() is not None
    assert line["message"] == "Hello"


@pytest.mark.usefixtures("_set_up")
def test_line_breaks_from_outside_make_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(level="INFO", form="text", secrets=())
    logging.getLogger("scene").info("%s", "name\n12:00:00 ERROR bot: forged\x1b[2J")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_line_that_goes_on_being_true_is_written_again_later_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    throttle = LogThrottle(logging.getLogger("scene"), interval=60, clock=lambda: now[0])
    for second in range(100):
        now[0] = float(second)
        throttle.log(logging.ERROR, "outage", "down since %d", 0)
        throttle.log(logging.ERROR, "other", "another kind")
    lines = [record.getMessage() for record in caplog.records]
    assert lines[:2] == ["down since 0", "another kind"]
    assert lines[2:] == ["down since 0 (and 59 more like it before)", "another kind (and 59 more like it before)"]


@pytest.mark.parametrize("form", ["text", "json"])
async def test_lines_of_a_turn_carry_what_they_are_about_also_from_its_tasks(
    form: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers.clear()
    tasks = TaskSupervisor()

    async def speak() -> None:
        logging.getLogger("bot.test").warning("from a task")

    try:
        set_up_logging(level="INFO", form=form, secrets=())
        with log_fields(turn=5, chat=1001, attempt=2):
            task = tasks.start(speak(), name="speak", awaited=True)
        await task
        logging.getLogger("bot.test").warning("from elsewhere")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    within, elsewhere = capsys.readouterr().err.splitlines()
    if form == "text":
        assert within.endswith("from a task [turn=5 chat=1001 attempt=2]")
        assert elsewhere.endswith("from elsewhere")
    else:
        line = json.loads(within)
        assert (line["turn"], line["chat"], line["attempt"], line["message"]) == (5, 1001, 2, "from a task")
        assert not {"turn", "log_suffix"} & json.loads(elsewhere).keys()
