"""What happens to groups, as the chat page shows it in a real Chromium: service lines, supergroups, bots."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("selenium", reason="needs selenium, which `make install` brings")

from PIL import Image
from selenium.webdriver.common.keys import Keys

from playground.media.ogg import ogg_of_opus
from playground.media.webm import OpusRecording
from tests.harness.page_reader import CHROMEDRIVER, CHROMIUM, MISSING, Reader, Server

SERVICE_LINES: Final = {
    "en": [
        "Topic “Roses” was created",
        "The name is now “Tulips”",
        "Topic “Tulips” was closed",
        "Topic “Tulips” was opened again",
        "Topic “Tulips” was changed",
        "Service message",
    ],
    "ru": [
        "Тема «Roses» создана",
        "Новое название: «Tulips»",
        "Тема «Tulips» закрыта",
        "Тема «Tulips» снова открыта",
        "Тема «Tulips» изменена",
        "Служебное сообщение",
    ],
}
MIGRATED: Final = {
    "en": ("Turn into a supergroup", "Carol turned the group into a supergroup"),
    "ru": ("Превратить в супергруппу", "Carol: группа преобразована в супергруппу"),
}

pytestmark = pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason=MISSING)


def service_lines(reader: Reader) -> Any:  # what JavaScript returns
    return reader.js("return [...document.querySelectorAll('.service .bubble')].map(line => line.textContent)")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_follows_a_group_into_its_supergroup(reader: Reader, server: Server, language: str) -> None:
    me = server.person(language=language)
    group = server.people("/chats", type="group", title="Crew", members=[me])["id"]
    entry, line = MIGRATED[language]
    reader.open(me, group)

    reader.see("#chat-menu").click()
    reader.see(".menu [role=menuitem]", entry).click()

    reader.see(".service .bubble", line)
    reader.see("#chat-title", "Crew")
    reader.wait(lambda: int(reader.js("return location.hash").split("/")[1]) < -1_000_000_000_000)
    reader.write("Still here")
    reader.see(".mine .text", "Still here")
    assert len(reader.all("[data-chat]")) == 2, "the private chat and one group"
    reader.open(me, group)
    reader.see(".mine .text", "Still here")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_service_lines_say_what_has_happened(reader: Reader, server: Server, language: str) -> None:
    me = server.person(language=language)
    group = server.people("/chats", type="supergroup", title="Garden", members=[me], is_forum=True)["id"]
    topic = server.people(f"/chats/{group}/topics", name="Roses")["id"]
    reader.open(me, group)
    reader.see(f"[data-topic='{topic}']").click()
    reader.see(".service .bubble", SERVICE_LINES[language][0])

    server.people(f"/chats/{group}/topics/{topic}/rename", name="Tulips")
    server.people(f"/chats/{group}/topics/{topic}/close")
    reader.see("[data-chat] .preview", SERVICE_LINES[language][2])
    server.people(f"/chats/{group}/topics/{topic}/reopen")
    server.people(f"/chats/{group}/service", topic=topic, fields={"forum_topic_edited": {"icon_custom_emoji_id": "1"}})
    server.people(f"/chats/{group}/service", topic=topic, fields={"chat_background_set": {"type": {}}})

    reader.wait(lambda: service_lines(reader) == SERVICE_LINES[language])
    assert not reader.all(".mine")
    reader.wait(lambda: reader.see(f"[data-chat='{group}'] .preview").text == SERVICE_LINES[language][-1])


@pytest.mark.parametrize(("language", "via"), [("en", "via @gif"), ("ru", "через @gif")])
def test_what_came_by_an_inline_bot_says_so(reader: Reader, server: Server, language: str, via: str) -> None:
    me = server.person(language=language)
    group = server.people("/chats", type="group", title="Crew", members=[me])["id"]
    reader.open(me, group)

    for text in ("one", "two"):
        server.people(f"/people/{me}/send", chat_id=group, text=text, via_bot="gif")

    reader.wait(lambda: [line.text for line in reader.all(".mine .via")] == [via, via])


@pytest.mark.parametrize(("language", "marked"), [("en", "Feeder\nbot"), ("ru", "Feeder\nбот")])
def test_other_bots_stand_behind_the_people_and_are_marked(
    reader: Reader, server: Server, language: str, marked: str
) -> None:
    me = server.person(language=language)
    group = server.people("/chats", type="group", title=f"Farm {language}", members=[me])["id"]
    reader.open(me, group)

    bot = server.people("/people", first_name="Feeder", username="feeder_bot", is_bot=True)["id"]
    server.people(f"/chats/{group}/join", user=bot)
    later = server.person("Zoe")

    reader.see(f"[data-person='{later}']")
    reader.wait(lambda: reader.see(f"[data-person='{bot}']").text.endswith(marked))
    order = reader.js("return [...document.querySelectorAll('#people button')].map(b => Number(b.dataset.person))")
    assert order.index(later) < order.index(bot)
    reader.see(f"[data-person='{bot}']").click()
    reader.see("#chat-title", f"Farm {language}")
    reader.write("beep")
    reader.see(".mine .text", "beep")


def test_a_new_topic_is_shown_at_once_and_its_tab_can_be_seen(reader: Reader, server: Server) -> None:
    me = server.person()
    group = server.people("/chats", type="supergroup", title="Garden", members=[me], is_forum=True)["id"]
    for name in ("Roses", "Vegetables and herbs", "Compost and other leftovers"):
        server.people(f"/chats/{group}/topics", name=name)
    reader.look(width=360)
    reader.open(me, group)

    reader.see("#chat-menu").click()
    reader.see(".menu [role=menuitem]", "New topic").click()
    reader.see("dialog input").send_keys("Tools", Keys.ENTER)

    reader.see("[role=tab][aria-selected=true]", "Tools")
    reader.see(".service .bubble", "Topic “Tools” was created")
    edges = "const {left, right} = document.querySelector('[role=tab][aria-selected=true]').getBoundingClientRect();"
    reader.wait(lambda: reader.js(f"{edges} return left >= 0 && right <= innerWidth"))


@pytest.mark.parametrize(("language", "pinned"), [("en", "Pinned: Read"), ("ru", "Закреплено: Read")])
def test_what_is_pinned_is_told_in_one_line(reader: Reader, server: Server, language: str, pinned: str) -> None:
    me = server.person(language=language)
    group = server.people("/chats", type="group", title="Crew", members=[me])["id"]
    message = server.say(group, "Read " + "this " * 40)
    reader.open(me, group)

    server.people(f"/chats/{group}/pin", message_id=message)

    line = reader.see(".service .bubble", pinned).text
    assert line.endswith("this…")
    assert len(line) < 80


def friends(server: Server) -> tuple[int, int]:
    """The group of Anna and Борис, and its topic."""
    chat = next(chat for chat in server.get("world")["chats"] if chat["title"] == "Friends")
    return chat["id"], chat["topics"][0]["id"]


def test_the_topic_stays_when_the_person_changes(reader: Reader, server: Server) -> None:
    group, ideas = friends(server)
    reader.open(1001, f"{group}/{ideas}")
    reader.see("#topics [aria-selected=true]", "Ideas")
    reader.see("[data-person='1002']").click()
    reader.see("#topics [aria-selected=true]", "Ideas")
    reader.write("@aura_bot from Boris")
    assert server.update("message", group)["message_thread_id"] == ideas
    reader.see("[data-person='1001']").click()
    reader.see("#topics [aria-selected=true]", "Ideas")


def test_an_empty_group_says_how_to_ask(reader: Reader, server: Server) -> None:
    me = server.person("Dora")
    group = server.people("/chats", title="New", members=[me], is_forum=True)["id"]
    topic = server.people(f"/chats/{group}/topics", name="Plans")["id"]
    reader.open(me, group)
    hint = "To ask, write @aura_bot and your question."
    reader.see(".empty", f"Nothing in “General” yet. {hint}")
    reader.see("#topics [role=tab]", "Plans").click()
    assert reader.see(".empty").text == hint
    reader.see(".day, .service, li", "Topic “Plans” was created")
    server.say(group, "hello", message_thread_id=topic)
    reader.gone(".empty")
    reader.see("#topics [role=tab]", "General").click()
    server.people(f"/chats/{group}/remove_bot")
    reader.see(".empty, li", "left")


@pytest.mark.parametrize("name", ["photo.png", "video.mp4", "voice.ogg"])
def test_what_was_typed_becomes_the_caption(reader: Reader, server: Server, tmp_path: Path, name: str) -> None:
    contents = {"photo.png": _drawing(), "video.mp4": b"....ftypisom", "voice.ogg": _recording()}
    file = tmp_path / name
    file.write_bytes(contents[name])
    me = server.person("Eva")
    reader.open(me)
    reader.see("#text").send_keys("What is this?")
    reader.js("document.querySelector('input[type=file]').accept = 'image/*,video/*,audio/*'")
    reader.js("return document.querySelector('input[type=file]')").send_keys(str(file))
    reader.see(".bar .tile", name)
    reader.see("#send").click()
    sent = server.update("message", me)
    assert sent["caption"] == "What is this?"
    assert name.partition(".")[0] in sent
    reader.wait(lambda: reader.see("#text").get_attribute("value") == "")


def _drawing() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(file, "PNG")
    return file.getvalue()


def _recording() -> bytes:
    head = b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 48000, 0, 0)
    return ogg_of_opus(OpusRecording(head, [b"\x78" + bytes(80)] * 50))


@pytest.mark.parametrize("kind", ["Location", "Poll", "Sticker"])
def test_what_has_no_caption_leaves_the_text_in_the_box(reader: Reader, server: Server, kind: str) -> None:
    me = server.person("Fritz")
    reader.open(me)
    reader.see("#text").send_keys("to be sent later")
    reader.see("#attach").click()
    reader.see(".menu [role=menuitem]", kind).click()
    assert kind.lower() in server.update("message", me)
    assert reader.see("#text").get_attribute("value") == "to be sent later"


def test_on_a_phone_the_first_line_can_be_read_to_its_end(reader: Reader, server: Server) -> None:
    me = server.person("Greta")
    reader.look(width=390)
    reader.open(me)
    about = reader.see("#about", "BOT_TOKEN in .env takes the same bot to Telegram.")
    assert reader.js("const n = arguments[0]; return n.scrollWidth <= n.clientWidth", about)
    assert reader.js("const n = arguments[0]; return n.scrollHeight <= n.clientHeight", about)
