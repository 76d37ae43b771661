"""The page when something is in the way: a lost connection, a refusal, an edit that comes too late."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("selenium", reason="needs selenium, which `make install` brings")

from selenium.webdriver.common.keys import Keys

from tests.harness.local_proxy import reserved_port
from tests.harness.page_reader import CHROMEDRIVER, CHROMIUM, MISSING, Reader, Server

BUTTONS: Final = {
    "inline_keyboard": [
        [{"text": "Toast", "callback_data": "toast"}, {"text": "Alert", "callback_data": "alert"}],
        [{"text": "Odd", "url": "javascript:alert(1)"}],
    ]
}
AT_THE_END: Final = (
    "const s = document.getElementById('scroller'); return s.scrollHeight - s.scrollTop - s.clientHeight < 2"
)

pytestmark = pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason=MISSING)


def test_the_page_goes_on_after_the_server_was_away(browser: Reader, tmp_path: Path) -> None:
    with reserved_port() as port:
        first = Server(keep=tmp_path / "world.db", port=port)
        reader = Reader(browser.driver, first)
        reader.look()
        me = first.person()
        first.say(me, "Before")
        reader.open(me)
        reader.see(".text", "Before")

        first.stop()
        reader.see("#trouble", "does not answer")
        second = Server(keep=tmp_path / "world.db", port=port)
        second.say(me, "After")

        try:
            reader.see(".text", "After")
            reader.gone("#trouble")
            assert reader.texts() == ["/start", "Before", "After"]
            second.say(me, "And live again")
            reader.see(".text", "And live again")
        finally:
            reader.driver.get("about:blank")
            reader.complaints()
            second.stop()


def test_a_refused_action_is_one_line_and_the_text_stays(reader: Reader, server: Server) -> None:
    me = server.person()
    reader.open(me)
    server.people(f"/people/{me}/block")
    reader.see("#start", "Unblock the bot").click()
    reader.see("#text")
    gone = server.say(me, "Soon gone")
    reader.menu(gone, "Reply")
    server.bot("deleteMessage", chat_id=me, message_id=gone)

    reader.write("Too late")

    reader.see("#trouble", "no such message to reply to")
    reader.wait(lambda: reader.see("#text").get_property("value") == "Too late")
    assert len(reader.complaints()) == 1
    reader.see(".bar button").click()
    reader.press(Keys.ENTER)
    reader.see(".mine .text", "Too late")
    reader.gone("#trouble")


def test_a_start_link_to_the_bot_starts_it_here(reader: Reader, server: Server) -> None:
    me = server.person()
    reader.open(me)
    server.say(me, "Open https://t.me/aura_bot?start=abc-1")

    reader.see(".text a").click()
    assert server.update("message", me)["text"] == "/start abc-1"

    server.people("/links", url="https://t.me/aura_bot?start=owner")
    reader.see("#about a").click()
    assert server.update("message", me)["text"] == "/start owner"
    assert len(reader.driver.window_handles) == 1


def test_what_happens_while_the_page_connects_is_taken_up_without_beginning_anew(
    reader: Reader, server: Server
) -> None:
    me = server.person()
    meanwhile = f"""
    const Stream = EventSource;
    window.EventSource = class extends Stream {{
      constructor(url) {{
        const request = new XMLHttpRequest();
        request.open('POST', '/people/{me}/send', false);
        request.send(JSON.stringify({{chat_id: {me}, text: 'meanwhile'}}));
        super(url);
      }}
    }}"""
    added = reader.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": meanwhile})
    try:
        reader.open(me)
        reader.see(".text", "meanwhile")
        server.say(me, "And live")
        reader.see(".text", "And live")
    finally:
        reader.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    assert reader.texts() == ["/start", "meanwhile", "And live"]


def test_what_was_being_typed_is_not_lost_to_a_command_or_an_edit(reader: Reader, server: Server) -> None:
    me = server.person()
    asked = server.people(f"/people/{me}/send", chat_id=me, text="Asked")["message"]["message_id"]
    server.say(me, "See /help")
    reader.open(me)
    box = reader.see("#text")
    box.send_keys("Half a thought")

    reader.see(".text .inline", "/help").click()
    reader.see(".mine .text", "/help")
    assert box.get_property("value") == "Half a thought"
    reader.menu(asked, "Edit")
    reader.wait(lambda: box.get_property("value") == "Asked")
    reader.press(" again", Keys.ENTER)
    reader.see(".mine .text", "Asked again")
    assert box.get_property("value") == "Half a thought"


@pytest.mark.parametrize(
    ("language", "edit", "trouble"),
    [("en", "Edit", "no such message"), ("ru", "Изменить", "Этого сообщения больше нет.")],
)
def test_an_edit_that_comes_too_late_is_one_line_and_the_text_stays(
    reader: Reader, server: Server, language: str, edit: str, trouble: str
) -> None:
    me = server.person(language=language)
    asked = server.people(f"/people/{me}/send", chat_id=me, text="Asked")["message"]["message_id"]
    reader.open(me)
    reader.menu(asked, edit)
    server.people(f"/people/{me}/delete", chat_id=me, message_id=asked)
    reader.gone(".mine .text", "Asked")

    reader.press(" again", Keys.ENTER)

    reader.see("#trouble", trouble)
    reader.wait(lambda: reader.see("#text").get_property("value") == "Asked again")
    assert len(reader.complaints()) == 1
