from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.generators.contract import Thought
from bot.generators.thoughts import ThoughtSplitter


def split(pieces: Iterable[str]) -> tuple[str, str]:
    """What comes out: thoughts and answer."""
    splitter = ThoughtSplitter()
    out = [piece for text in pieces for piece in splitter.feed(text)] + splitter.flush()
    thoughts = "".join(piece.text for piece in out if isinstance(piece, Thought))
    return thoughts, "".join(piece for piece in out if isinstance(piece, str))


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("Hi", "", "Hi"),
        ("<think>a</think>b", "a", "b"),
        ("\n<think>\na\n</think>\n\nb\n", "\na\n", "b\n"),
        ("<think></think>b", "", "b"),
        ("<think>never closed </thin", "never closed </thin", ""),
        ("b <think>a</think>", "", "b <think>a</think>"),
        ("<thinker>", "", "<thinker>"),
        ("<thi", "", "<thi"),
        ("  ", "", "  "),
        ("<think>a</think>b</think>c", "a", "b</think>c"),
    ],
)
def test_thoughts_come_apart_from_the_answer(text: str, thoughts: str, answer: str) -> None:
    assert split([text]) == split(text) == (thoughts, answer)


@given(st.text(max_size=400), st.lists(st.integers(0, 400)))
def test_text_without_thoughts_comes_out_as_it_went_in(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    assert split(text[start:end] for start, end in pairwise(places)) == ("", text)


@given(st.text("<>/think ab", max_size=30))
def test_cuts_change_nothing(text: str) -> None:
    assert split([f"<think>{text}"]) == split(f"<think>{text}")


def test_thoughts_are_passed_on_as_they_come() -> None:
    splitter = ThoughtSplitter()
    assert splitter.feed("<think>so far</") == [Thought("so far")]
    assert splitter.feed("b>") == [Thought("</b>")]
