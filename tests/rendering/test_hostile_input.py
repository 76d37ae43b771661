"""No text costs more than a bounded number of steps a change: counted in lines of Python that run, not in time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from random import Random
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.markup import render
from bot.rendering.reply import Reply
from tests.rendering.strict import check, parts_of

MAX_LINES = 1_500_000
"""Lines of Python a change: some 35 ms on a slow machine, where ordinary text of this length takes a tenth of it."""
MAX_LINES_OF_A_MIXTURE = 2_000_000
"""The same for what no model writes: some 50 ms."""
LENGTH = 4096

UNITS = [
    *"[*_|`>~$\\<&!#-+.=(:@/",
    *["***a*** ", "*a", "**a", "*a ", "_a*", "**a*", "*a**", "__a__", "~~a~~", "a*b_c", "**«a»**", "中**文**", "👍*"],
    *[
        "[a](",
        "[](",
        "](",
        "![",
        "![a](",
        "[a](b) ",
        "[a](https://b.cd) ",
        "[[a]",
        "[a]]",
        "[a **b](c) ",
        "[^1]",
        "[a]: b\n",
    ],
    *["`a``", "`` a`", "\\(", "\\(a ", "$a$", "${a}", "\\begin{a}", "\\begin{a}\n", "$$\n", "\\[", "\\*", "&amp;"],
    *[
        "<b>",
        "<b>a</b>",
        "</b>",
        "<b>*",
        "<u>**",
        "<a href=",
        "<!--",
        "<details>\n",
        "<br>",
        "<pre>\n",
        "<https://a.b>",
    ],
    *["https://a.b/", "https://a_b_ ", "a(", "/a ", "@abc ", "a.py ", "| a ", "|a|b|\n|-|-|\n", "| a | b |\n", "| |"],
    *["# a\n", "1. a\n", "> ", "> - ", "- ", "- [ ] a\n", "  - a\n", "> > ", "    a\n", "a\n===\n", "===\n", "* * *\n"],
    *["```\n", "```md\n", "```md\n```a\n", "~~~\n", "\t", "\n\n"],
]


STRANGE_UNITS = [
    *["a\u0301", "\u0301", "\u200d", "👨‍👩‍👧", "\u202e", "\u200b", "😀", "ﷺ", "א", "\x00", "&lt;", "&#x41;", "&amp"],
    *[
        "word ",
        "x",
        "«",
        "“",
        '"',
        "'",
        "\\\\",
        "1)",
        "10. ",
        "http://",
        "www.a.b ",
        "a@b.c ",
        "#tag ",
        "|---|",
        "|:-:|\n",
    ],
    *["\n", "\r\n", " ", "\n    ", "\n\n\n", "> > > ", "- - ", "1. 1. ", "</", "<i", "<code>", "<table>", "<tr><td>"],
    *[
        "<blockquote>",
        "||a||",
        "==a==",
        "$",
        "\\[a",
        "\\]",
        "\\)",
        "\\end{a}",
        "\\frac{",
        "{",
        "}",
        "^{",
        "_{",
        "``",
        "~~~a\n",
    ],
    *["![a][b]", "[a][", "](<", ")](", "[^a]: "],
]


@st.composite
def mixtures(draw: st.DrawFn) -> str:
    """Text of a message's length: one shape on and on, two halves, any shapes in any order, ever deeper lines."""
    units = draw(st.lists(st.sampled_from([*UNITS, *STRANGE_UNITS]), min_size=1, max_size=5, unique=True))
    match draw(st.sampled_from(["repeated", "halves", "shuffled", "nested"])):
        case "repeated":
            source = "".join(units) * LENGTH
        case "halves":
            length = draw(st.sampled_from([40, 200, LENGTH // 3, LENGTH // 2]))
            source = (units[0] * length)[:length] + "".join(units[1:] or "«") * LENGTH
        case "shuffled":
            chosen = Random(draw(st.integers(0, 2**32)))
            source = "".join(chosen.choice(units) for _ in range(LENGTH))
        case _:
            mark, line = draw(st.sampled_from(["  ", "> ", "- ", "    "])), "".join(units)
            source = "".join(f"{mark * (depth % 30)}{line}\n" for depth in range(LENGTH))
    return source[:LENGTH]


def lines_run(work: Callable[[], object]) -> int:
    """Count the lines of Python that run, whoever wrote them."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("growing", [True, False])
@pytest.mark.parametrize("unit", UNITS)
def test_repeated_markup_takes_a_bounded_number_of_steps(unit: str, growing: bool) -> None:
    source = (unit * LENGTH)[:LENGTH]

    assert lines_run(lambda: render(source, growing=growing)) < MAX_LINES


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(UNITS), min_size=1, max_size=4).map("".join), st.sampled_from(UNITS), st.booleans())
def test_mixed_markup_takes_a_bounded_number_of_steps(unit: str, end: str, growing: bool) -> None:
    half = LENGTH // 2
    source = (unit * half)[:half] + (end * half)[:half]

    assert lines_run(lambda: render(source, growing=growing)) < MAX_LINES


@settings(deadline=None, max_examples=40)
@given(mixtures(), st.booleans())
def test_whatever_is_written_takes_a_bounded_number_of_steps(source: str, growing: bool) -> None:
    assert lines_run(lambda: render(source, growing=growing)) < MAX_LINES_OF_A_MIXTURE


@pytest.mark.parametrize(
    "source",
    [
        "[](中**文****a*" * LENGTH,
        "![a](" * 400 + "«" * LENGTH,
        "[a]([[a]" * LENGTH,
        "**a" * 600 + "a]([[" * LENGTH,
    ],
    ids=["addresses", "one address", "labels", "unclosed labels"],
)
def test_links_that_are_none_are_not_read_to_their_end_again_and_again(source: str) -> None:
    assert lines_run(lambda: render(source[:LENGTH], growing=True)) < MAX_LINES


@pytest.mark.parametrize(
    "unit", ["\n|a|b|\n|-|-|\n> > > ", "\n[|a|b|\n|-|-|\n> > > ", "> > > > > > \na\n", "> - > - \na\n"]
)
def test_quotes_that_begin_again_and_again_are_not_read_to_their_end_each(unit: str) -> None:
    source = (unit * LENGTH)[:LENGTH]
    assert lines_run(lambda: render(source)) < MAX_LINES


def test_quotes_of_many_paragraphs_and_levels_stay_quotes() -> None:
    quotes = "".join(f"> said {number}\n> > and answered\n\nSo much.\n\n" for number in range(60))
    assert sum(entity.type == "blockquote" for entity in render(quotes).entities) == 60


def test_links_behind_brackets_that_are_never_closed_stay_links() -> None:
    intervals = "".join(f"[{number}, {number + 1}), " for number in range(30))
    links = ",".join(f"[**page** {number}](https://example.org/{number})" for number in range(60))
    shown = render(f"All of {intervals}and {links}")
    assert sum(entity.type == "text_link" for entity in shown.entities) >= 50


@pytest.mark.parametrize("unit", ["***a*** ", "*a", "[a](", "`a``", "<b>a</b>", "| a | b |\n", "word ", "- **a**\n"])
def test_a_character_more_takes_a_bounded_number_of_steps(unit: str) -> None:
    reply = Reply()
    reply.write((unit * LENGTH)[: LENGTH - 50])
    reply.advance()

    def change() -> None:
        reply.write("a")
        reply.advance()
        tail = reply.tail()
        assert tail is not None
        reply.show(tail)

    assert lines_run(change) < MAX_LINES


@pytest.mark.parametrize(
    "source",
    [
        "***a*** " * 3000,
        "[a](https://b.cd/e) " * 1500,
        "| a | b |\n|---|---|\n" + "| cell | 1 |\n" * 3000,
        "word " * 8000,
    ],
    ids=["emphasis", "links", "rows", "words"],
)
def test_much_text_at_once_is_worked_off_in_bounded_calls(source: str) -> None:
    reply, whole = Reply(), Reply()
    for each in (reply, whole):
        each.write(source)
        each.end()
    most, done = 0, False

    def advance() -> None:
        nonlocal done
        done = reply.advance(budget=LENGTH)

    for _ in range(4):
        most = max(most, lines_run(advance))
    while not done:
        advance()
    whole.advance()

    assert most < 2 * MAX_LINES
    assert parts_of(reply) == parts_of(whole)
    assert reply.advance(budget=1)


def test_markup_beyond_the_bounds_is_shown_as_it_is_written() -> None:
    for unit in ("*a", "_a* ", "[a](", "[a]", "<b>"):
        source = unit * 600
        assert render(source).text.count("a" if "a" in unit else "b") >= 600
    formatted = render("**a** " * 500)
    check(formatted)
    assert formatted.text.count("a") == 500
    assert formatted.text.endswith("**a** **a**")
