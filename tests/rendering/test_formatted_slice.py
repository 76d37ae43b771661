from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.rendering.entities import Entity, Formatted, utf16_length
from bot.rendering.formatted_slice import slice_formatted


def pieces(what: Formatted, limit: int) -> list[Formatted]:
    found, at = [], 0
    while at < len(what.text):
        piece, at = slice_formatted(what, at, limit)
        found.append(piece)
    return found


@given(st.text(alphabet="ab \nё🎉👩‍👩‍👧", max_size=200), st.integers(30, 80))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, limit: int) -> None:
    found = pieces(Formatted(text), limit)
    assert all(utf16_length(piece.text) <= limit for piece in found)
    assert "".join("".join(piece.text.split()) for piece in found) == "".join(text.split())


def test_an_entity_is_cut_with_its_text() -> None:
    what = Formatted("one two three four", (Entity("bold", 4, 9), Entity("text_link", 14, 4, "https://example.org")))
    assert pieces(what, 8) == [
        Formatted("one two", (Entity("bold", 4, 3),)),
        Formatted("three", (Entity("bold", 0, 5),)),
        Formatted("four", (Entity("text_link", 0, 4, "https://example.org"),)),
    ]


def test_what_fits_stays_as_it_is() -> None:
    what = Formatted("one two", (Entity("bold", 0, 3),))
    assert slice_formatted(what, 0, 7) == (what, 7)


def test_a_word_or_a_line_must_leave_half_of_the_room_filled() -> None:
    assert slice_formatted(Formatted("aaaa bbbbbbbbbbbb"), 0, 10)[1] == 10
    assert slice_formatted(Formatted("aaaaa bbbbbbbbbbbb"), 0, 10)[1] == 6
    assert slice_formatted(Formatted("aaaaa\nbb bbbbbbbbbb"), 0, 10)[1] == 9
