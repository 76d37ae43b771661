"""The text of a document while it is extracted."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.attachments.formats.text_sink import TextSink

TEXT = st.text(alphabet="ab\n\r\t\x00 ", max_size=200)


@given(TEXT, st.integers(1, 60))
def test_as_much_is_kept_as_may_be_and_everything_is_counted(text: str, characters: int) -> None:
    sink = TextSink(characters, squeeze=False)
    sink.write(text)
    kept_text, kept, total = sink.finish()
    lines = re.sub("\r\n?", "\n", text).removesuffix("\n").split("\n") if text else []
    assert total == len(lines)
    assert len(kept_text) <= characters
    assert 0 <= kept <= total
    if not sink.full:
        assert kept == total
        assert kept_text == "\n".join(line.replace("\x00", "").rstrip() for line in lines).rstrip("\n")


@given(st.lists(TEXT, max_size=5), st.integers(1, 60))
def test_it_does_not_matter_in_which_pieces_a_text_comes(pieces: list[str], characters: int) -> None:
    plain = [piece.replace("\r", "") for piece in pieces]
    whole, parts = TextSink(characters, squeeze=False), TextSink(characters, squeeze=False)
    whole.write("".join(plain))
    for piece in plain:
        parts.write(piece)
    assert whole.finish()[2] == parts.finish()[2]


@given(TEXT)
def test_several_blank_lines_become_one(text: str) -> None:
    sink = TextSink(1000)
    sink.write(text)
    assert "\n\n\n" not in sink.finish()[0]
