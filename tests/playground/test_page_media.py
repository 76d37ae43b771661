"""Pictures, albums, recordings and forwards in the chat page, in a real Chromium that hears a beeping microphone."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("selenium", reason="needs selenium, which `make install` brings")

from PIL import Image
from selenium.webdriver.common.keys import Keys

from playground.media.ogg import opus_seconds
from tests.harness.page_reader import CHROMEDRIVER, CHROMIUM, MISSING, Reader, Server

Json = dict[str, Any]

TRANSFER: Final = """
const transfer = new DataTransfer();
for (const [name, type, content] of arguments[0]) {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], name, {type}));
}
"""
DROP: Final = TRANSFER + (
    "for (const kind of ['dragover', 'drop']) document.getElementById('scroller').dispatchEvent("
    "new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));"
)
PASTE: Final = TRANSFER + (
    "document.getElementById('text').dispatchEvent("
    "new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true, cancelable: true}));"
)
LOADED: Final = (
    "return [...document.querySelectorAll('.photo img')].map((image) => image.complete && image.naturalWidth)"
)

pytestmark = pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason=MISSING)


def picture(colour: str = "teal", size: tuple[int, int] = (640, 480)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return file.getvalue()


def given(*files: tuple[str, str, bytes]) -> list[list[str]]:
    return [[name, kind, base64.b64encode(content).decode()] for name, kind, content in files]


def pictures(count: int) -> list[list[str]]:
    colours = ("teal", "orange", "purple", "green")
    return given(*((f"{colour}.jpg", "image/jpeg", picture(colour)) for colour in colours[:count]))


@pytest.fixture
def me(server: Server) -> int:
    return server.person()


def test_a_pasted_picture_is_sent_as_a_photo_with_what_was_typed(reader: Reader, server: Server, me: int) -> None:
    reader.open(me)
    reader.see("#text").send_keys("What is this?")
    reader.js(PASTE, pictures(1))
    reader.see(".bar .tile", "teal.jpg")
    reader.press(Keys.ENTER)

    sent = server.update("message", me)
    assert (sent["caption"], sent["photo"][-1]["width"]) == ("What is this?", 640)
    reader.see(".mine .text", "What is this?")
    reader.wait(lambda: reader.js(LOADED) == [640])
    reader.see(".mine .photo").click()
    reader.see("dialog.viewer img")
    reader.press(Keys.ESCAPE)
    reader.gone("dialog")


def test_pictures_dropped_together_are_one_album_in_one_bubble(reader: Reader, server: Server, me: int) -> None:
    reader.open(me)
    reader.js(DROP, pictures(3))
    reader.wait(lambda: len(reader.all(".bar .tile")) == 3)
    reader.see(".tile button").click()
    reader.js(DROP, pictures(1))
    reader.see("#text").send_keys("All of them", Keys.ENTER)

    album = [server.update("message", me) for _ in range(3)]
    assert len({message["media_group_id"] for message in album}) == 1
    assert [message.get("caption") for message in album] == ["All of them", None, None]
    reader.wait(lambda: len(reader.all(".album .photo")) == 3)
    assert len([row for row in reader.all(".message.mine") if "All of them" in row.text]) == 1
    assert reader.texts().count("All of them") == 1
    reader.menu(album[0]["message_id"], "Delete")
    reader.gone(".album")


def test_pictures_can_be_sent_as_files(reader: Reader, server: Server, me: int) -> None:
    reader.open(me)
    reader.js(DROP, pictures(2))
    reader.see(".as-files").click()
    reader.press(Keys.ENTER)
    reader.see("#send").click()

    album = [server.update("message", me) for _ in range(2)]
    assert [message["document"]["file_name"] for message in album] == ["teal.jpg", "orange.jpg"]
    assert album[0]["document"]["thumbnail"]["width"] == 320
    assert album[0]["media_group_id"] == album[1]["media_group_id"]
    reader.wait(lambda: len(reader.all(".mine .file")) == 2)


@pytest.fixture
def microphone(reader: Reader, server: Server) -> Iterator[None]:
    given_up = {"origin": server.url, "permissions": ["audioCapture"]}
    reader.driver.execute_cdp_cmd("Browser.grantPermissions", given_up)
    yield
    reader.driver.execute_cdp_cmd("Browser.resetPermissions", {})


@pytest.mark.usefixtures("microphone")
def test_a_voice_message_is_recorded_and_can_be_played(reader: Reader, server: Server, me: int) -> None:
    reader.open(me)
    reader.see("#record").click()
    reader.wait(lambda: reader.see(".recording time").text >= "0:02")  # each second may be missed
    reader.see("#send-recording").click()

    voice = server.update("message", me)["voice"]
    assert voice["mime_type"] == "audio/ogg"
    assert voice["duration"] in range(1, 60)
    length = opus_seconds(server.file(voice["file_id"]))
    assert length is not None
    assert 1 < length < 60
    reader.see(".mine .player audio")
    reader.js("const audio = document.querySelector('.mine .player audio'); audio.muted = true; audio.play()")
    played = "return document.querySelector('.mine .player audio').duration"
    # a browser may put off what is only to be shown, so it is played; a machine with much to do takes long for it
    assert reader.wait(lambda: reader.js(played), seconds=90) == pytest.approx(length, abs=0.2)
    reader.see("#text")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.usefixtures("microphone")
def test_an_album_and_a_voice_message_are_sent_to_a_group(reader: Reader, server: Server, language: str) -> None:
    me = server.person(language=language)
    group = server.people("/chats", type="supergroup", title="Crew", members=[me])["id"]
    server.people("/bot", can_read_all_group_messages=True)
    reader.open(me, group)
    reader.js(DROP, pictures(2))
    reader.see("#text").send_keys("@aura_bot which?", Keys.ENTER)
    reader.wait(lambda: len(reader.all(".mine.message .album .photo")) == 2)
    reader.see("#record").click()
    reader.wait(lambda: reader.see(".recording time").text >= "0:02")  # each second may be missed
    reader.see("#send-recording").click()
    reader.see(".mine .player audio")

    first, second, voice = (server.update("message", group) for _ in range(3))
    server.people("/bot", can_read_all_group_messages=False)
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], first["caption_entities"][0]["type"]) == ("@aura_bot which?", "mention")
    assert "caption" not in second
    assert voice["voice"]["duration"] in range(1, 60)


@pytest.mark.usefixtures("microphone")
def test_a_recording_can_be_cancelled(reader: Reader, server: Server, me: int) -> None:
    reader.open(me)
    reader.see("#record").click()
    reader.see("#cancel-recording").click()
    reader.see("#text").send_keys("Rather in words", Keys.ENTER)
    assert server.update("message", me)["text"] == "Rather in words"


def test_a_sound_file_is_sent_with_its_length(reader: Reader, server: Server, me: int, tmp_path: Path) -> None:
    song = tmp_path / "tone.wav"
    song.write_bytes(
        b"RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\1\0\1\0\xa0\x0f\0\0\xa0\x0f\0\0\1\0\x08\0data\x40\x1f\0\0" + bytes(8000)
    )
    reader.open(me)
    reader.js("return document.querySelector('input[type=file]')").send_keys(str(song))
    reader.see(".bar .tile", "tone.wav")
    reader.see("#send").click()
    audio = server.update("message", me)["audio"]
    assert (audio["file_name"], audio["duration"]) == ("tone.wav", 2)
    reader.see(".mine .player", "0:02")


@pytest.mark.parametrize(
    ("language", "forward", "line"),
    [("en", "Forward", "Forwarded from Aura"), ("ru", "Переслать", "Переслано от: Aura")],
)
def test_a_forward_goes_after_its_comment(
    reader: Reader, server: Server, language: str, forward: str, line: str
) -> None:
    me = server.person(language=language)
    group = server.people("/chats", type="group", title="Crew", members=[me])["id"]
    server.people("/bot", can_read_all_group_messages=True)
    answer = server.say(me, "The moon is far away.")
    reader.open(me)
    reader.menu(answer, forward)
    reader.see(f"dialog [data-place='{group}/0']").click()
    reader.see("#chat-title", "Crew")
    reader.see(".bar", "The moon")
    reader.write("Is this so?")

    comment, copy = server.update("message", group), server.update("message", group)
    server.people("/bot", can_read_all_group_messages=False)
    assert (comment["text"], "forward_origin" in comment) == ("Is this so?", False)
    assert (copy["text"], copy["forward_origin"]["sender_user"]["is_bot"]) == ("The moon is far away.", True)
    assert copy["date"] == comment["date"]
    reader.see(".mine .forwarded", line)
    reader.gone(".bar")


def test_a_forward_needs_no_comment_and_can_be_given_up(reader: Reader, server: Server, me: int) -> None:
    answer = server.say(me, "Once more")
    reader.open(me)
    reader.menu(answer, "Forward")
    reader.see("dialog .plain").click()
    reader.gone("dialog")
    reader.menu(answer, "Forward")
    reader.see(f"dialog [data-place='{me}/0']").click()
    reader.see(".bar", "Once more")
    reader.see("#send").click()
    assert server.update("message", me)["forward_origin"]["type"] == "user"
    reader.see(".mine .forwarded")


def test_a_photo_of_the_bot_changes_in_place(reader: Reader, server: Server, me: int) -> None:
    button = {"inline_keyboard": [[{"text": "Month", "callback_data": "month"}]]}
    sent = server.upload("sendPhoto", {"photo": picture()}, chat_id=me, caption="Week", reply_markup=button)
    reader.open(me)
    row = reader.bubble(sent["message_id"], ".bubble")
    reader.wait(lambda: reader.js(LOADED) == [640])

    media = {"type": "photo", "media": "attach://next", "caption": "Month"}
    server.upload(
        "editMessageMedia", {"next": picture("orange", (500, 700))},
        chat_id=me, message_id=sent["message_id"], media=media, reply_markup=button,
    )  # fmt: skip

    reader.wait(lambda: reader.js(LOADED) == [500])
    assert row.text.startswith("Month")
    reader.see(".key", "Month")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_media_fit_a_phone(reader: Reader, me: int, *, dark: bool) -> None:
    reader.look(dark=dark, width=390)
    reader.open(me)
    reader.js(DROP, pictures(4))
    reader.see("#text").send_keys("Four of them", Keys.ENTER)
    wide = given(("very-long-name-of-a-file-" * 5 + ".pdf", "application/pdf", b"%PDF"))
    reader.see(".album")
    reader.js(DROP, wide)
    reader.see("#send").click()
    reader.see(".mine .file")
    assert reader.js("return document.documentElement.scrollWidth") == 390
    assert reader.js("const s = document.getElementById('scroller'); return s.scrollWidth <= s.clientWidth")
