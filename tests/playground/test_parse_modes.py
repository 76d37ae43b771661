"""HTML and MarkdownV2, with Telegram's complaints."""

from __future__ import annotations

import pytest

from playground.errors import Refusal
from playground.text.parse_mode import parse


def shown(source: str, mode: str) -> tuple[str, list[tuple[str, str]]]:
    text, entities = parse(source, mode)
    units = text.encode("utf-16-le")
    return text, [
        (one["type"], units[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le"))
        for one in entities
    ]


def complaint(source: str, mode: str) -> str:
    with pytest.raises(Refusal) as caught:
        parse(source, mode)
    return caught.value.description.removeprefix("Bad Request: can't parse entities: ")


def test_html_becomes_text_and_entities() -> None:
    assert shown("👍 <b>bold <i>both</i></b> &lt;x&gt; &amp; &#1078;", "HTML") == (
        "👍 bold both <x> & ж",
        [("bold", "bold both"), ("italic", "both")],
    )
    assert parse('<pre><code class="language-python">x = 1</code></pre>', "HTML")[1] == [
        {"type": "pre", "offset": 0, "length": 5, "language": "python"}
    ]
    assert parse('<a href="https://e.org/?a=1&amp;b=2">go</a>', "HTML")[1][0]["url"] == "https://e.org/?a=1&b=2"
    assert shown("<blockquote expandable>q</blockquote>", "html") == ("q", [("expandable_blockquote", "q")])
    assert shown('<span class="tg-spoiler">s</span>', "html") == ("s", [("spoiler", "s")])


def test_html_complaints() -> None:
    assert complaint("я <x>", "HTML") == 'Unsupported start tag "x" at byte offset 3'
    assert complaint("<b>bold", "HTML") == 'Can\'t find end tag corresponding to start tag "b"'
    assert complaint("a</b>", "HTML") == "Unexpected end tag at byte offset 1"
    assert complaint("<b>x</i>", "HTML") == 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'
    assert complaint("a <b", "HTML") == "Unclosed start tag at byte offset 2"


def test_markdown_v2_becomes_text_and_entities() -> None:
    assert shown("*bold _both_* __under__ ~gone~ ||secret|| `a*b` \\_", "MarkdownV2") == (
        "bold both under gone secret a*b _",
        [
            ("bold", "bold both"),
            ("italic", "both"),
            ("underline", "under"),
            ("strikethrough", "gone"),
            ("spoiler", "secret"),
            ("code", "a*b"),
        ],
    )
    assert parse("```python\nx = 1\n```", "MarkdownV2") == (
        "x = 1\n",
        [{"type": "pre", "offset": 0, "length": 6, "language": "python"}],
    )
    assert parse("[a](https://e.org/\\))", "MarkdownV2")[1][0]["url"] == "https://e.org/)"
    assert shown(">one\n>two\nthree", "MarkdownV2") == ("one\ntwo\nthree", [("blockquote", "one\ntwo")])


def test_markdown_v2_complaints() -> None:
    assert complaint("a - b", "MarkdownV2") == ("Character '-' is reserved and must be escaped with the preceding '\\'")
    assert complaint("я *bold", "MarkdownV2") == "Can't find end of Bold entity at byte offset 3"
    assert complaint("``` x", "MarkdownV2") == "Can't find end of Pre entity at byte offset 0"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(Refusal, match="unsupported parse_mode"):
        parse("x", "Markup")
