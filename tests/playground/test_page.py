"""The chat page in a real Chromium, against the real playground, with the test itself as the bot: what people do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("selenium", reason="needs selenium, which `make install` brings")

from selenium.webdriver.common.keys import Keys

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


def test_what_is_typed_reaches_the_bot_and_its_answer_appears(reader: Reader, server: Server) -> None:
    me = server.person()
    reader.open(me)

    reader.see("#text").send_keys("Two lines", Keys.SHIFT + Keys.ENTER + Keys.NULL, "of text", Keys.ENTER)

    reader.see(".mine .text", "Two lines\nof text")
    assert server.update("message", me)["text"] == "Two lines\nof text"
    reader.wait(lambda: reader.see("#text").get_property("value") == "")
    server.bot("sendChatAction", chat_id=me, action="typing")
    reader.see("#chat-subtitle", "typing…")
    server.say(me, "An answer")
    reader.see(".message:not(.mine) .text", "An answer")
    reader.see("#chat-subtitle", "bot")
    reader.wait(lambda: reader.js("return document.getElementById('announcer').textContent") == "Aura: An answer")


def test_an_edit_grows_in_place_and_the_screen_follows(reader: Reader, server: Server) -> None:
    me = server.person()
    reader.open(me)
    answer = server.say(me, "word")
    bubble = reader.bubble(answer, ".bubble")

    for size in (20, 200, 700):
        server.bot("editMessageText", chat_id=me, message_id=answer, text="word " * size)
        reader.wait(lambda size=size: bubble.text.count("word") == size)  # type: ignore[misc]  # a default binds it

    assert "edited" in bubble.text, "it is still the same element"
    reader.wait(lambda: reader.js(AT_THE_END))


def test_the_screen_stays_where_somebody_reads_while_an_answer_grows(reader: Reader, server: Server) -> None:
    me = server.person()
    for number in range(30):
        server.say(me, f"line {number}\n" * 5)
    answer = server.say(me, "growing")
    reader.open(me)
    reader.bubble(answer)
    top = "return document.getElementById('scroller').scrollTop"
    reader.js("document.getElementById('scroller').scrollTop -= 1000")
    button = reader.see("#to-bottom")
    before = reader.js(top)

    server.bot("editMessageText", chat_id=me, message_id=answer, text="growing " * 300)
    server.say(me, "one more")

    reader.see("#to-bottom .badge", "1")
    assert reader.js(top) == before
    button.click()
    reader.see(".text", "one more")
    reader.gone("#to-bottom")


@pytest.mark.parametrize(
    "what_the_browser_does",
    [
        # A size in between, where the end was further up.
        "s.scrollTop -= 1000; dispatchEvent(new Event('resize'))",
        # Text that breaks anew before the page hears of the scrolling.
        "s.scrollTop -= 2; document.getElementById('messages').style.width = '300px'",
    ],
    ids=["resize", "reflow"],
)
def test_the_screen_stays_at_the_end_where_the_browser_scrolls_by_itself(
    reader: Reader, server: Server, what_the_browser_does: str
) -> None:
    me = server.person()
    for number in range(30):
        server.say(me, f"number {number}: {'a line that breaks elsewhere in a narrow window ' * 8}")
    last = server.say(me, "the end")
    reader.open(me)
    reader.bubble(last)
    reader.wait(lambda: reader.js(AT_THE_END))

    reader.js(
        f"const s = document.getElementById('scroller'); {what_the_browser_does};"
        "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )

    reader.wait(lambda: reader.js(AT_THE_END))
    assert not reader.all("#to-bottom")


def test_a_button_shows_its_answer_as_a_toast_or_a_dialog(reader: Reader, server: Server) -> None:
    me = server.person()
    reader.open(me)
    server.say(me, "Choose", reply_markup=BUTTONS)

    reader.see(".key", "Toast").click()
    reader.see(".key[aria-busy]", "Toast")
    query = server.update("callback_query", me)
    assert query["data"] == "toast"
    server.bot("answerCallbackQuery", callback_query_id=query["id"], text="Well done")
    reader.see("#toast", "Well done")
    reader.gone(".key[aria-busy]")

    reader.see(".key", "Alert").click()
    query = server.update("callback_query", me)
    server.bot("answerCallbackQuery", callback_query_id=query["id"], text="Read this", show_alert=True)
    reader.see("dialog", "Read this")
    reader.press(Keys.ENTER)
    reader.gone("dialog")


def test_everything_works_with_the_keyboard_alone(reader: Reader, server: Server) -> None:
    me = server.person()
    commands = [{"command": "new", "description": "Start over"}, {"command": "system", "description": "The prompt"}]
    server.bot("setMyCommands", commands=commands)
    reader.open(me)

    reader.press("/")
    reader.see("#choices [aria-selected=true]", "/new")
    reader.press(Keys.ARROW_DOWN, Keys.ENTER)
    assert server.update("message", me)["text"] == "/system"
    reader.press("/s", Keys.TAB, "be brief", Keys.ENTER)
    assert server.update("message", me)["text"] == "/system be brief"

    reader.see(".mine .text", "be brief")
    reader.press(Keys.ARROW_UP)
    reader.see(".bar", "Edit message")
    reader.press("!", Keys.ENTER)
    assert server.update("edited_message", me)["text"] == "/system be brief!"

    server.say(me, "Press", reply_markup=BUTTONS)
    reader.see(".key", "Toast")
    reader.js("document.activeElement.blur(); document.querySelector('.message[tabindex=\"0\"]').focus()")
    reader.press(Keys.TAB, Keys.ENTER)
    reader.see(".key[aria-busy]")
    server.bot("answerCallbackQuery", callback_query_id=server.update("callback_query", me)["id"], text="By keyboard")
    reader.see("#toast", "By keyboard")

    reader.js("document.querySelector('.message[tabindex=\"0\"]').focus()")
    reader.press(Keys.ARROW_UP, Keys.ENTER)
    reader.see(".menu")
    reader.press(Keys.ENTER, "An echo", Keys.ENTER)
    assert server.update("message", me)["reply_to_message"]["text"] == "/system be brief!"


def test_a_draft_grows_can_be_stopped_and_becomes_a_message(reader: Reader, server: Server) -> None:
    me = server.person()
    reader.open(me)

    server.bot("sendMessageDraft", chat_id=me, draft_id=5, text="", can_stop=True)
    reader.see(".draft", "Thinking…")
    server.bot("sendMessageDraft", chat_id=me, draft_id=5, text="So far", can_stop=True)
    reader.see(".draft .text", "So far")
    stop = reader.see(".draft .stop")
    server.bot("sendMessageDraft", chat_id=me, draft_id=5, text="So far, so good", can_stop=True)
    reader.see(".draft .text", "So far, so good")
    stop.click()  # the very button, as under a finger that is down already
    assert server.update("stopped_message_generation", me)["draft_id"] == 5
    reader.gone(".draft")
    server.say(me, "So far, and the rest")
    reader.see(".message .text", "and the rest")


def test_a_draft_that_no_message_takes_the_place_of_stays_as_a_ghost(reader: Reader, server: Server) -> None:
    me = server.person()
    reader.open(me)
    server.bot("sendMessageDraft", chat_id=me, draft_id=5, text="", can_stop=True)
    server.bot("sendMessageDraft", chat_id=me, draft_id=6, text="The answer", can_stop=True)
    reader.see("[data-draft-id='6']", "The answer")
    server.say(me, "The answer is 42.")
    reader.gone("[data-draft-id='6']")
    reader.see(".message .text", "is 42")
    reader.see("[data-draft-id='5'] .stop")
    server.bot("sendMessageDraft", chat_id=me, draft_id=7, text="Kept", can_stop=True, keep_on_stop=True)
    reader.see("[data-draft-id='7'] .stop").click()
    reader.gone("[data-draft-id='7'] .stop")
    server.bot("sendMessageDraft", chat_id=me, draft_id=7, text="Kept and more", can_stop=True)
    assert reader.see("[data-draft-id='7'] .text").text == "Kept"


def test_deleted_messages_vanish(reader: Reader, server: Server) -> None:
    me = server.person()
    answer = server.say(me, "To be deleted")
    mine = server.people(f"/people/{me}/send", chat_id=me, text="Mine too")["message"]["message_id"]
    reader.open(me)
    reader.bubble(answer)

    server.bot("deleteMessage", chat_id=me, message_id=answer)
    reader.gone(".text", "To be deleted")
    reader.menu(mine, "Delete")
    reader.gone(".text", "Mine too")


def test_a_group_shows_who_speaks_and_keeps_topics_and_readers_apart(reader: Reader, server: Server) -> None:
    carol, dmitri = server.person("Carol"), server.person("Дмитрий", "ru")
    group = server.people("/chats", type="supergroup", title="Garden", members=[carol, dmitri], is_forum=True)["id"]
    topic = server.people(f"/chats/{group}/topics", name="Roses")["id"]
    reader.open(carol, group)

    reader.see("#text").send_keys("@au")
    reader.see("#choices", "@aura_bot")
    reader.see("#text").send_keys(Keys.TAB, "hello", Keys.ENTER)
    asked = server.update("message", group)
    assert asked["text"] == "@aura_bot hello"
    server.say(group, "Hello Carol", reply_parameters={"message_id": asked["message_id"]})
    reader.see(".quote-bar", "@aura_bot hello")
    server.say(group, "About roses", message_thread_id=topic)
    reader.see("[role=tab] .badge", "1")
    assert "About roses" not in reader.texts()

    reader.see(f"[data-person='{dmitri}']").click()
    reader.see(".author", "Carol")
    reader.see("#chat-subtitle", "3 участника")
    reader.see(f"[data-topic='{topic}']").click()
    reader.see(".text", "About roses")
    reader.write("Спасибо")
    reader.see(".mine .text", "Спасибо")
    reader.see(f"[data-person='{carol}'] .badge")


def test_a_reply_a_quote_and_an_edit_are_sent_as_such(reader: Reader, server: Server) -> None:
    me = server.person()
    answer = server.say(me, "First. Second.")
    reader.open(me)

    reader.menu(answer, "Reply")
    reader.see(".bar", "Reply to Aura")
    reader.write("Why?")
    sent = server.update("message", me)
    assert sent["reply_to_message"]["message_id"] == answer

    reader.menu(sent["message_id"], "Edit")
    reader.press(" Really?", Keys.ENTER)
    assert server.update("edited_message", me)["text"] == "Why? Really?"
    reader.see(".mine .stamp", "edited")


def test_a_reply_in_a_group_shows_what_it_replies_to(reader: Reader, server: Server) -> None:
    me = server.person()
    group = server.people("/chats", type="supergroup", title="Crew", members=[me])["id"]
    first = server.say(group, "Who is on board?")
    reader.open(me, group)

    reader.menu(first, "Reply")
    reader.write("Me")

    assert "Who is on board?" in reader.see(".mine .quote-bar").text


def test_a_text_file_is_sent_with_its_question(reader: Reader, server: Server, tmp_path: Path) -> None:
    me = server.person()
    notes = tmp_path / "notes.md"
    notes.write_text("# Notes\nÄpfel", encoding="utf-8")
    reader.open(me)

    reader.js("return document.querySelector('input[type=file]')").send_keys(str(notes))
    reader.see(".bar", "notes.md")
    reader.write("What is this?")

    sent = server.update("message", me)
    assert (sent["document"]["file_name"], sent["caption"]) == ("notes.md", "What is this?")
    assert sent["document"]["file_size"] == notes.stat().st_size
    reader.see(".mine .file", "notes.md")
