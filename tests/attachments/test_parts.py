"""Documents' text, cut to what the generator can take."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.attachments.parts import Omission, TextPart, Unit
from bot.conversation.window import estimate


def lines(text: str, name: str = "a.txt") -> TextPart:
    count = text.count("\n") + 1
    return TextPart(name, text, Unit.LINES, kept=count, total=count)


def pages(*texts: str) -> TextPart:
    starts: list[int] = []
    written: list[str] = []
    for number, text in enumerate(texts, start=1):
        starts.append(len(written))
        written += [f"[Page {number}]", *text.split("\n")]
    return TextPart("a.pdf", "\n".join(written), Unit.PAGES, len(texts), len(texts), tuple(starts))


def test_a_short_document_is_whole() -> None:
    part = lines("one\ntwo").within(100)
    assert part.whole and part.omission is None
    assert part.as_prompt() == "Document a.txt:\n```\none\ntwo\n```"


def test_a_long_one_is_cut_after_a_line() -> None:
    part = lines("\n".join(["a line"] * 100)).within(20)
    assert (part.kept, part.total, part.whole) == (6, 100, False)
    assert part.text == "\n".join(["a line"] * 6)
    assert part.as_prompt().startswith("Document a.txt, the first 6 of 100 lines:")
    assert part.omission == Omission("a.txt", Unit.LINES, 6, 100)


def test_the_generator_hears_that_it_reads_the_beginning_of_one_huge_line() -> None:
    part = lines("word " * 1000).within(100)
    assert part.as_prompt().splitlines()[0] == "Document a.txt, the beginning of its first line:"
    assert part.kept == 0 and 300 < len(part.text) < 600


def test_pages_count_that_are_there_to_their_end() -> None:
    part = pages(*["a line\n" * 5] * 10)
    whole_page = sum(estimate(line) + 1 for line in part.text.split("\n")[: part.starts[1]])
    assert part.within(3 * whole_page).kept == 3
    cut = part.within(3 * whole_page + whole_page // 2)
    assert cut.kept == 3 and "[Page 4]" in cut.text
    assert cut.as_prompt().startswith("Document a.pdf, the first 3 of 10 pages:")
    assert part.within(whole_page // 2).as_prompt().startswith("Document a.pdf, the beginning of its first page:")


def test_a_fence_in_the_document_does_not_end_it() -> None:
    assert "\n````\n```\ncode\n```\n````" in lines("```\ncode\n```").as_prompt()


def test_a_name_cannot_leave_its_line() -> None:
    assert "`" not in lines("x", name="a```b").as_prompt().splitlines()[0]


@given(st.text(min_size=1), st.integers(0, 200))
@settings(deadline=None)
def test_no_excerpt_costs_more_than_its_room(text: str, room: int) -> None:
    assert estimate(lines(text).within(room).text) <= room


@given(st.text(alphabet="a b\nю世", min_size=1, max_size=400), st.integers(0, 100))
@settings(deadline=None)
def test_an_excerpt_is_the_beginning_and_says_so(text: str, room: int) -> None:
    part = lines(text).within(room)
    assert text.startswith(part.text)
    assert part.whole == (part.text == text and part.kept == part.total)
    if not part.whole and part.kept:
        assert part.text.count("\n") + 1 == part.kept


@pytest.mark.parametrize("size", [1_000_000])
def test_cutting_a_huge_line_looks_at_its_beginning_only(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []

    def counted(text: str) -> int:
        looked_at.append(len(text))
        return estimate(text)

    monkeypatch.setattr("bot.attachments.parts.estimate", counted)
    lines("x" * size).within(100)
    assert sum(looked_at) < 20_000
