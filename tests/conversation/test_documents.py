"""Text documents, read and cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.documents import LARGEST, as_question, decode, excerpt, is_text
from bot.conversation.window import estimate


@pytest.mark.parametrize("name", ["a.txt", "README.MD", "data.csv", "x.json", "main.py", "Makefile.TOML"])
def test_text_is_known_by_its_ending(name: str) -> None:
    assert is_text(name, "application/octet-stream")


def test_or_by_its_type() -> None:
    assert is_text("LICENSE", "text/plain")
    assert not is_text("book.pdf", "application/pdf")
    assert not is_text("noending", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_every_usual_encoding_of_russian_is_read(encoding: str) -> None:
    assert decode("Съешь ещё этих булок".encode(encoding)) == "Съешь ещё этих булок"


def test_what_is_no_text_is_told() -> None:
    assert decode(b"\x89PNG\r\n\x00\x00") is None
    assert decode(b"\xff\xfe\x00") is None


def test_a_short_document_is_whole() -> None:
    part = excerpt("one\ntwo", 100)
    assert part.whole
    assert as_question("a.txt", part, "What?") == "Document a.txt:\n```\none\ntwo\n```\n\nWhat?"


def test_a_long_one_is_cut_after_a_line() -> None:
    part = excerpt("a line\n" * 100, 20)
    assert (part.lines, part.of, part.whole) == (6, 100, False)
    assert as_question("a.txt", part, "").startswith("Document a.txt, the first 6 of 100 lines:")


def test_the_generator_hears_that_it_reads_the_beginning_of_one_huge_line() -> None:
    begin = as_question("a.txt", excerpt("word " * 1000, 100), "").splitlines()[0]
    assert begin == "Document a.txt, the beginning of its first line:"


def test_a_fence_in_the_document_does_not_end_it() -> None:
    assert "\n````\n```\ncode\n```\n````" in as_question("a.md", excerpt("```\ncode\n```", 100), "")


@given(st.text(min_size=1), st.integers(10, 200))
@settings(deadline=None)
def test_no_excerpt_costs_more_than_its_room(text: str, room: int) -> None:
    assert estimate(excerpt(text, room).text) <= room


@pytest.mark.parametrize(("room", "lines"), [(4, 2), (3, 1), (2, 1)])
def test_a_line_costs_its_tokens_and_one_for_its_end(room: int, lines: int) -> None:
    assert excerpt("one\ntwo\nthree", room).lines == lines


@pytest.mark.parametrize(("room", "text"), [(0, ""), (1, "."), (3, "..."), (9, "." * 9)])
def test_of_one_huge_line_as_much_is_read_as_its_room_pays_for(room: int, text: str) -> None:
    part = excerpt("." * 10, room)
    assert (part.text, part.lines, part.of, part.whole) == (text, 0, 1, False)


def test_an_empty_document_is_whole() -> None:
    part = excerpt("", 10)
    assert (part.text, part.lines, part.of, part.whole) == ("", 0, 0, True)


def test_a_document_of_a_mebibyte_is_read() -> None:
    assert LARGEST == 1024 * 1024
