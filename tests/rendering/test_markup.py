from __future__ import annotations

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.markdown.containers import CONTINUATION_MARK
from bot.rendering.markup import Entity, Formatted, IncrementalLayout, render, utf16_length
from tests.rendering.samples import RUSSIAN, SAMPLES
from tests.rendering.strict import check, is_visible, shown

ATOMS = [
    *["word", "слово", "x", "7", " ", " ", "\n", "\n\n", "  ", "    ", "\t", "*", "**", "_", "__", "~~", "`", "```"],
    *["\n```\n", "\n```py\n", "\n~~~\n", "[", "](", ")", "](https://a.bc/d)", "![", "<", ">", "\n> ", "\n- ", "\n1. "],
    *["\n  - ", "\n    1) ", "# ", "\n## ", "|", "\n| a | b |\n|---|:-:|\n", "\n| c | d |\n", "$", "$$", "\\(", "\\)"],
    *[
        "\n\\[\n",
        "\n\\]\n",
        "\\",
        "&amp;",
        "---",
        "\n---\n",
        "👨‍👩‍👧",
        "e\u0301",
        "\u200b",
        "中文",
        "שלום",
        "- [x] ",
        ".",
        "! ",
    ],
]
markdown = st.lists(st.sampled_from(ATOMS), max_size=40).map("".join)
long_markdown = st.lists(st.sampled_from(ATOMS), min_size=30, max_size=120).map("".join)
wild = st.text(alphabet=st.one_of(st.sampled_from("*_`~[]()<>|#-+.!$\\ \n\t&1a"), st.characters(codec="utf-8")))


@pytest.mark.parametrize(
    ("source", "text", "kind", "content"),
    [
        ("a **b** c", "a b c", "bold", "b"),
        ("a *b* c", "a b c", "italic", "b"),
        ("a _b_ c", "a b c", "italic", "b"),
        ("a ~~b~~ c", "a b c", "strikethrough", "b"),
        ("a `b*c*` d", "a b*c* d", "code", "b*c*"),
        ("# A *b*", "A b", "bold", "A b"),
        ("> a\n> b", "a\nb", "blockquote", "a\nb"),
        ("```py\na = 1\n```", "a = 1", "pre", "a = 1"),
        ("~~~\na\n\nb\n~~~\nc", "a\n\nb\nc", "pre", "a\n\nb"),
        ("a\n\n    b\n      c", "a\n\nb\n  c", "pre", "b\n  c"),
        ("see [a b](https://c.de/f_g)", "see a b", "text_link", "a b"),
        ("![a](https://c.de/f.png)", "a", "text_link", "a"),
        ("so $x^2$ is", "so x^2 is", "code", "x^2"),
        ("so \\(a_1 * b_1 * c\\) is", "so a_1 * b_1 * c is", "code", "a_1 * b_1 * c"),
        ("a:\n\\[\na_1 * b_1\n\\]\nb", "a:\na_1 * b_1\nb", "pre", "a_1 * b_1"),
        ("$$x = y$$", "x = y", "pre", "x = y"),
        ("中文**粗体**中文", "中文粗体中文", "bold", "粗体"),
        ("**「重要」**です", "「重要」です", "bold", "「重要」"),
        ("**«Важно».**Далее", "«Важно».Далее", "bold", "«Важно»."),
    ],
)
def test_markup_becomes_an_entity(source: str, text: str, kind: str, content: str) -> None:
    formatted = render(source)

    assert formatted.text == text
    assert shown(formatted, kind) == [content]
    check(formatted)


@pytest.mark.parametrize(
    "text",
    [
        "2*3*4 and 2 * 3 * 4, x**2 + y**2",
        "snake_case_name and __init__ and __all_of_it__",
        "a lone * and ** and _ and `",
        "5 < 6 and 7 > 2",
        "it costs $5 and $10, or 5$ to 10$",
        "between $5-$10 or $1,000 to $2,000 a year",
        "$HOME/$USER and US$5 and CA$7",
        "<div>bold</div> <script>alert(1)</script>",
        "a footnote[^1]\n\n[^1]: the note",
        "[text][1]\n\n[1]: https://example.com",
        "arr[0](x and f(x)[1]",
        "#hashtag and #1",
        "-5 degrees\n+7 (495) 123",
        "3.14 is\n2024. A year",
        "Title\n==",
        "C:\\Users\\name",
        "tabs\tare\tkept",
        "spaces   inside    a line",
        "a\n\n\n\nb\n  c\n   d",
        "a\n \u3000\nb\xa0\n\xa0c",
    ],
)
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert render(text) == Formatted(text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("- a\n- b\n  - c\n    - d", "• a\n• b\n  ◦ c\n    ▪ d"),
        ("- a\n\n  more\n- b", "• a\n\n  more\n• b"),
        ("3. a\n4. b\n   - c\n10) d", "3. a\n4. b\n   ◦ c\n10) d".replace("◦", "•")),
        ("- [ ] a\n- [x] b", "☐ a\n☑ b"),
        ("* a\n\n* b", "• a\n\n• b"),
        ("1. a\n   ```\n   b\n   ```\n2. c", "1. a\nb\n2. c"),
        ("- > a", "• a"),
        ("> a\n>> b", "a\n> b"),
        ("a\n***\nb", "a\n———\nb"),
        ("a\\\nb\\*c\\_", "a\nb*c_"),
        ("&lt;a&gt; &amp; &copy;", "<a> & ©"),
        ("a\n```\n```\nb", "a\nb"),
    ],
)
def test_blocks_are_laid_out(source: str, text: str) -> None:
    formatted = render(source)

    assert formatted.text == text
    check(formatted)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[a](javascript:alert(1))", "a (javascript:alert(1))"),
        ("[a](data:text/html,b)", "a (data:text/html,b)"),
        ("[a](mailto:b@c.de)", "a (mailto:b@c.de)"),
        ("[a](docs/b)", "a (docs/b)"),
        ("[a](http://localhost:80)", "a (http://localhost:80)"),
        ("[](docs/b)", "docs/b"),
        ("<https://a.bc/d_e_f>", "https://a.bc/d_e_f"),
        ("[a](http://[::1)", "a (http://[::1)"),
    ],
)
def test_an_address_that_telegram_would_drop_is_shown(source: str, text: str) -> None:
    assert render(source) == Formatted(text)


def test_offsets_are_utf16_units() -> None:
    formatted = render("👍 **жирный 👨‍👩‍👧** `x`")

    assert formatted.entities == (Entity("bold", 3, 15), Entity("code", 19, 1))
    assert utf16_length(formatted.text) == 20
    assert formatted.plain() == Formatted(formatted.text)


def test_code_stays_out_of_bold_and_links() -> None:
    formatted = render("**a `b` c** [`d` e](https://f.gh)")

    assert shown(formatted, "bold") == ["a", "c"]
    assert shown(formatted, "code") == ["b"]
    assert shown(formatted, "text_link") == ["d e"]
    check(formatted)


def test_a_fence_keeps_its_language_and_its_text() -> None:
    formatted = render("```c++\n\tint *a, *b;\n  // **x**\n```")

    assert formatted.text == "    int *a, *b;\n  // **x**"
    assert formatted.entities == (Entity("pre", 0, 26, language="c++"),)


def test_a_table_is_aligned_by_what_people_see() -> None:
    formatted = render("| Имя | Цена |\n|---|--:|\n| чай 🍵 | 5 |\n| 日本 | 100 |\n| a\\|b |")

    assert formatted.text.splitlines() == [
        "Имя    | Цена",
        "-------+-----",
        "чай 🍵 |    5",
        "日本   |  100",
        "a|b    |",
    ]
    assert shown(formatted, "pre") == [formatted.text]


def test_a_table_too_wide_for_a_phone_becomes_a_list() -> None:
    long = "a description that is far too long for a column " * 2
    formatted = render(
        f"| Name | What | Link |\n|---|---|---|\n| One | {long} | [x](https://y.zz) |\n| Two | b | `c` |"
    )

    assert formatted.text == f"• Name: One\n   What: {long.strip()}\n   Link: x\n• Name: Two\n   What: b\n   Link: c"
    assert shown(formatted, "bold") == ["One", "Two"]
    assert shown(formatted, "text_link") == ["x"]
    assert shown(formatted, "code") == ["c"]


def test_cells_beyond_the_header_are_not_lost() -> None:
    assert "three" in render("| a | b |\n|---|---|\n| one | two | three |").text


def test_a_continuation_mark_in_the_text_itself_stays() -> None:
    source = f"{CONTINUATION_MARK}a\n\n- {CONTINUATION_MARK}b\n\n```\n{CONTINUATION_MARK}c\n```"

    assert render(source).text.count(CONTINUATION_MARK) == 3


def test_of_too_many_entities_links_and_code_are_kept() -> None:
    formatted = render("**a** *b* " * 100 + "`c` [d](https://e.fg) " * 20)

    assert len(shown(formatted, "code")) == len(shown(formatted, "text_link")) == 20
    check(formatted)


def test_markup_around_nothing_is_shown_as_it_is() -> None:
    for source in ("**", "```", "#", "> ", "``` ```", "|", "[]()"):
        assert is_visible(render(source).text), source


def test_what_is_nested_too_deep_is_shown_as_it_is() -> None:
    source = "".join("  " * depth + f"- {depth}\n" for depth in range(60))

    assert render(source).text == source.strip()


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("a **b", "a b", ["bold"]),
        ("a **b*", "a b", ["bold"]),
        ("a **", "a", []),
        ("a *b c", "a b c", ["italic"]),
        ("a ~~b", "a b", ["strikethrough"]),
        ("a `b **c", "a b **c", ["code"]),
        ("a `", "a", []),
        ("see [the guide", "see", []),
        ("see [the guide]", "see", []),
        ("see [the guide] and", "see [the guide] and", []),
        ("see [the guide](", "see the guide", []),
        ("see [the guide](https://exa", "see the guide", []),
        ("see ![the img](https://exa", "see the img", []),
        ("**a [b](http", "a b", ["bold"]),
        ("a\n```py\nb = `1`", "a\nb = `1`", ["pre"]),
        ("a\n```py", "a", []),
        ("a\n``", "a", []),
        ("a\n-", "a", []),
        ("- a\n- [", "• a", []),
        ("a\n##", "a", []),
        ("a\n| b | c |", "a", []),
        ("a\n| b | c | d |\n|---|-", "a", []),
        ("a\n| b | c |\n|---|---|", "a\nb | c\n--+--", ["pre"]),
        ("a\n$$\nx = 1", "a\nx = 1", ["pre"]),
        ("a \\(x_1", "a x_1", ["code"]),
    ],
)
def test_what_is_being_written_is_shown_as_if_complete(source: str, text: str, kinds: list[str]) -> None:
    formatted = render(source, growing=True)

    assert formatted.text == text
    assert [entity.type for entity in formatted.entities] == kinds


@pytest.mark.parametrize("name", SAMPLES)
def test_every_state_of_a_stream_is_valid(name: str) -> None:
    source = SAMPLES[name]
    for end in range(0, len(source), 2):
        formatted = render(source[:end], growing=True)
        if is_visible(formatted.text):
            check(formatted)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("step", [5, 13])
def test_what_is_complete_need_not_be_parsed_again(name: str, step: int) -> None:
    source, growing = SAMPLES[name], IncrementalLayout("")
    for end in range(0, len(source), step):
        assert growing.lay_out(source[:end]).formatted == render(source[:end], growing=True)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_growing_text_hardly_moves(name: str) -> None:
    source, before, jumps = SAMPLES[name].split("|")[0], "", 0
    for end in range(len(source)):
        text = render(source[:end], growing=True).text
        jumps += not text.startswith(before)
        before = text

    assert jumps <= 10


def test_russian_sample_keeps_its_words() -> None:
    formatted = render(RUSSIAN)

    for word in ("2*3*4 = 2*3*4", "my_file_name.py", "__init__", "$5 или $10", "t = \\sum_{i=1}^{n} h_i t_i", "🙂👍🏽"):
        assert word in formatted.text
    check(formatted)


@settings(deadline=None, max_examples=150)
@given(st.one_of(markdown, wild), st.booleans())
def test_any_text_is_shown_validly(source: str, growing: bool) -> None:  # hypothesis draws it
    formatted = render(source, growing=growing)

    if is_visible(formatted.text):
        check(formatted)
    assert growing or is_visible(formatted.text) == is_visible(source)


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet=string.ascii_letters + "абвгд 0123456789,;:()'\"?%/\n中שé👍\u0301\u200d\xa0", max_size=300))
def test_text_without_markup_is_shown_exactly(source: str) -> None:
    lines = source.split("\n")
    source = "\n".join(line.lstrip(" ") for line in lines).strip()

    assert render(source).text == source


@pytest.mark.parametrize(
    "unit", [*"[*_|`>~$\\<&!#", "[a](", "](", "*a ", "**a", "_a*", "`a``", "![", "\\(", "> - ", "- "]
)
def test_no_input_takes_long(unit: str) -> None:
    source = (unit * 6000)[:6000]
    start = time.process_time()
    render(source, growing=True)

    assert time.process_time() - start < 3
