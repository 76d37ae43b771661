"""How the chat page shows things, in a real Chromium: formatting, odd texts, small screens, contrast, long chats."""

from __future__ import annotations

import base64
import itertools
from typing import Any, Final

import pytest

pytest.importorskip("selenium", reason="needs selenium, which `make install` brings")

from tests.harness.page_reader import CHROMEDRIVER, CHROMIUM, MISSING, ROOT, Reader, Server

BUTTONS: Final = {
    "inline_keyboard": [
        [{"text": "Toast", "callback_data": "toast"}, {"text": "Alert", "callback_data": "alert"}],
        [{"text": "Odd", "url": "javascript:alert(1)"}],
    ]
}

pytestmark = pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason=MISSING)


def test_markup_in_texts_names_and_buttons_stays_text(reader: Reader, server: Server) -> None:
    evil = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    me = server.person(name=evil)
    entities = [
        {"type": "text_link", "offset": 0, "length": 4, "url": "javascript:document.title='owned'"},
        {"type": "pre", "offset": 5, "length": len(evil), "language": "<b>py"},
    ]
    reader.open(me)

    message = server.say(
        me,
        "odd: " + evil,
        entities=entities,
        reply_markup={"inline_keyboard": [[{"text": evil, "callback_data": evil[:60]}]]},
    )
    server.people(
        f"/people/{me}/send",
        chat_id=me,
        document={"file_name": evil, "mime_type": "text/html", "content_base64": "PGI+"},
        caption=evil,
    )

    assert evil in reader.bubble(message, ".code code").text
    reader.see(".key", evil)
    reader.see(".mine .text", evil)
    assert not reader.js("return document.querySelectorAll('body img, body script, a[href^=javascript]').length")
    assert reader.js("return document.title") != "owned"


def test_entities_are_placed_by_utf16_units_and_can_be_nested(reader: Reader, server: Server) -> None:
    me = server.person()
    text = "😀 bold and both\nprint()\nquiet\n" + "thought\n" * 12
    kinds: list[dict[str, Any]] = [
        {"type": "bold", "offset": 3, "length": 13},
        {"type": "italic", "offset": 12, "length": 4},
        {"type": "pre", "offset": 17, "length": 7, "language": "python"},
        {"type": "spoiler", "offset": 25, "length": 5},
        {"type": "expandable_blockquote", "offset": 31, "length": 95},
    ]
    reader.open(me)

    message = server.say(me, text, entities=kinds)

    assert reader.bubble(message, ".text > strong").text == "bold and both"
    assert reader.bubble(message, ".text > strong > em").text == "both"
    assert reader.bubble(message, ".code-head").text == "python"
    assert reader.bubble(message, ".code code").text == "print()"
    reader.bubble(message, ".spoiler[role=button]").click()
    assert reader.bubble(message, ".spoiler.revealed").text == "quiet"
    folded = reader.bubble(message, "blockquote").size["height"]
    reader.bubble(message, ".fold[aria-expanded=false]").click()
    reader.bubble(message, ".fold[aria-expanded=true]")
    assert reader.bubble(message, "blockquote").size["height"] > 2 * folded
    server.bot("editMessageText", chat_id=me, message_id=message, text=text + "more", entities=kinds)
    reader.see(".text", "more")
    reader.bubble(message, ".fold[aria-expanded=true]")


def test_a_phone_shows_one_column_without_sideways_scrolling(reader: Reader, server: Server) -> None:
    me = server.person("Konstantina Papadopoulou")
    reader.look(width=360)
    wide = "x" * 300
    server.say(me, f"{wide}\n{wide}", entities=[{"type": "pre", "offset": 0, "length": 300}], reply_markup=BUTTONS)
    reader.open(me)
    reader.see(".code")

    for view in ("chat", "list"):
        assert reader.js("return document.body.dataset.view") == view
        widest = "return Math.max(...[...document.querySelectorAll('body, #scroller, #chats')].map(n => n.scrollWidth))"
        assert reader.js(widest) <= 360
        if view == "chat":
            assert reader.js("return document.querySelector('.code pre').scrollWidth") > 360, "code scrolls by itself"
            reader.see("#back").click()
            reader.see("#chats")
    reader.gone("#conversation")


CONTRASTS: Final = """
const surface = Object.assign(document.createElement('canvas'), {width: 1, height: 1});
const canvas = surface.getContext('2d', {willReadFrequently: true});
const over = (layers) => {
  canvas.clearRect(0, 0, 1, 1);
  for (const layer of layers) { canvas.fillStyle = layer; canvas.fillRect(0, 0, 1, 1); }
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const light = (rgb) => rgb.map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const found = [];
for (const node of document.querySelectorAll('body *')) {
  const text = [...node.childNodes].filter((n) => n.nodeType === 3 && n.data.trim()).map((n) => n.data).join('');
  if (!text || !node.checkVisibility({opacityProperty: true})) continue;
  if (node.closest('#toast, .unseen, :disabled, [inert]')) continue;
  const backs = [];
  for (let at = node; at; at = at.parentElement) backs.unshift(getComputedStyle(at).backgroundColor);
  const [back, ink] = [over(backs), over([...backs, getComputedStyle(node).color])].map(light);
  const ratio = (Math.max(back, ink) + .05) / (Math.min(back, ink) + .05);
  if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${node.className} ${text.slice(0, 20)}`);
}
return found;
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_is_readable_on_its_background(reader: Reader, server: Server, *, dark: bool) -> None:
    me, other = server.person("Carol"), server.person("Дмитрий", "ru")
    group = server.people("/chats", type="supergroup", title="Garden", members=[me, other], is_forum=True)["id"]
    text = "bold link code quote @aura_bot /help"
    kinds = [("bold", 0, 4), ("code", 10, 4), ("blockquote", 15, 5)]
    entities: list[dict[str, Any]] = [{"type": kind, "offset": at, "length": size} for kind, at, size in kinds]
    entities.append({"type": "text_link", "offset": 5, "length": 4, "url": "https://example.org"})
    styles = {
        "inline_keyboard": [[{"text": s, "callback_data": s, "style": s} for s in ("danger", "success", "primary")]]
    }
    for person in (me, other):
        server.people(f"/people/{person}/send", chat_id=group, text="Hello @aura_bot")
    message = server.say(group, text, entities=entities, reply_markup=styles)
    server.people(f"/people/{me}/send", chat_id=group, text="Thanks", reply_to=message)
    reader.look(dark=dark)
    reader.open(me, group)
    reader.see(".quote-bar")

    assert reader.js(CONTRASTS) == []


def test_the_names_of_many_people_are_not_cut_off(reader: Reader, server: Server) -> None:
    names = {"Alexandra", "Bartholomew", "Константин", "Екатерина"}
    people = [server.person(name) for name in names]
    reader.open(people[0])

    cut = """return [...document.querySelectorAll('#people button > span:nth-child(2)')]
        .filter(name => name.scrollWidth > name.clientWidth).map(name => name.textContent)"""
    assert reader.wait(lambda: len(reader.all("#people button")) >= len(people))
    assert names.isdisjoint(reader.js(cut))


def test_only_the_newest_of_many_messages_are_drawn_until_more_are_wanted(reader: Reader, server: Server) -> None:
    me = server.person()
    for number in range(150):
        server.people(f"/people/{me}/send", chat_id=me, text=f"number {number}")
    reader.open(me)
    reader.see(".text", "number 149")
    assert 40 < len(reader.texts()) < 100

    for _ in itertools.takewhile(lambda _: bool(reader.all("#earlier")), range(10)):
        first = reader.js("return document.querySelector('#messages li .text').textContent")
        reader.js("document.getElementById('scroller').scrollTop = 0; document.getElementById('earlier').click()")
        assert reader.texts().index(first) > 0
        assert reader.js("return document.getElementById('scroller').scrollTop") > 100, (
            "the reader stays where they were"
        )

    assert reader.texts()[1:] == [f"number {number}" for number in range(150)]


def test_the_page_needs_nothing_from_outside_and_no_inline_code() -> None:
    folder = ROOT / "playground" / "page"
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    for name, source in sources.items():
        addresses = source.replace("http://www.w3.org/", "").replace("https://t", "").replace("https://$", "")
        assert "innerHTML" not in source, name
        assert "http://" not in addresses, name
        assert "//cdn" not in addresses, name
    assert "<style" not in sources["index.html"]
    assert " style=" not in sources["index.html"]
    assert sources["index.html"].count("<script") == 1


def test_the_first_people_and_the_bot_have_colours_of_their_own(reader: Reader) -> None:
    anna, boris = 1001, 1002
    reader.open(anna)
    reader.see("#chat-title", "Aura")

    faces = [f"[data-person='{anna}'] .avatar", f"[data-person='{boris}'] .avatar", "#chat-avatar"]

    assert len({reader.see(face).get_attribute("data-colour") for face in faces}) == len(faces)


@pytest.mark.parametrize(("language", "size"), [("en", "5.1 KB"), ("ru", "5,1 КБ")])
def test_the_size_of_a_file_is_written_as_the_reader_would(
    reader: Reader, server: Server, language: str, size: str
) -> None:
    me = server.person(language=language)
    content = base64.b64encode(bytes(5_120)).decode()
    document = {"file_name": "notes.txt", "mime_type": "text/plain", "content_base64": content}
    server.people(f"/people/{me}/send", chat_id=me, document=document)

    reader.open(me)

    reader.see(".mine .file", size)
