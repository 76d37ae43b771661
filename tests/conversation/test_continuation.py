"""An answer that goes on is joined to what stands there."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.conversation.continuation import Continuation

DRAGON = "The story of a dragon is a legend in many cultures. It's a myth that has been passed"


def joined(old: str, *pieces: str) -> str:
    continuation = Continuation(old)
    return old + "".join([continuation.feed(piece) for piece in pieces]) + continuation.flush()


@pytest.mark.parametrize(
    ("old", "new", "whole"),
    [
        (DRAGON, "down through the ages.", f"{DRAGON} down through the ages."),
        (DRAGON, " down through the ages.", f"{DRAGON} down through the ages."),
        ("preserving the beauty of the", "Сдерня", "preserving the beauty of the Сдерня"),
        ("The quick b", "Reply", "The quick b Reply"),
        ("It was late,", "and dark.", "It was late, and dark."),
        ("It was late. ", "And dark.", "It was late. And dark."),
        ("It was late", ", and dark.", "It was late, and dark."),
        ("It was late.\n", "\nAnd dark.", "It was late.\n\nAnd dark."),
        ("pi is 3.1", "4159", "pi is 3.14159"),
        ("天气很", "好。", "天气很好。"),
        ("```python\npri", "nt(1)\n```", "```python\nprint(1)\n```"),
        ("Run `ls", "` now", "Run `ls` now"),
        ("", "Hello", "Hello"),
        (" \n", "Hello", " \nHello"),
        ("Hello", "", "Hello"),
    ],
)
def test_words_do_not_run_together(old: str, new: str, whole: str) -> None:
    assert joined(old, new) == joined(old, *new) == whole


@pytest.mark.parametrize(
    ("old", "new", "whole"),
    [
        (DRAGON, f"{DRAGON} down through the ages.", f"{DRAGON} down through the ages."),
        (DRAGON, f"\n\n{DRAGON} down through the ages.", f"{DRAGON} down through the ages."),
        (DRAGON, "that has been passed down.", f"{DRAGON} down."),
        (DRAGON, "passed down.", f"{DRAGON} down."),
        ("preserving the beau", "beauty of it", "preserving the beauty of it"),
        ("the end of ", "the end of it", "the end of it"),
        (DRAGON, DRAGON, DRAGON),
        (DRAGON, "It's a myth that has been", DRAGON),
        ("very very", "very good", "very very good"),
        ("ha ha ha", "ha ha ha!", "ha ha ha!"),
    ],
)
def test_what_stands_there_is_not_said_twice(old: str, new: str, whole: str) -> None:
    assert joined(old, new) == joined(old, *new) == whole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("I have a", "and then"),
        ("It is an", "ant"),
        ("they bathe", "the dog"),
        ("Once upon a time there was a dragon. He lived in a", "Once upon a time there was a knight."),
    ],
)
def test_what_only_begins_alike_stays(old: str, new: str) -> None:
    assert joined(old, new) == joined(old, *new) == f"{old} {new}"


texts = st.text(st.sampled_from("ab c.\nЖ1"), max_size=30)


@given(old=texts, new=texts, cuts=st.lists(st.integers(0, 60)))
def test_cuts_change_nothing_and_only_repetitions_are_lost(old: str, new: str, cuts: list[int]) -> None:
    places = sorted({0, len(new), *(cut % (len(new) + 1) for cut in cuts)})
    whole = joined(old, new)
    assert joined(old, *(new[start:end] for start, end in pairwise(places))) == whole
    assert whole.startswith(old)
    added = whole.removeprefix(old).lstrip()
    assert new.strip().endswith(added.strip())
    lost = new.strip().removesuffix(added.strip()).strip()
    assert lost in old


@given(old=st.text(max_size=100), new=st.text(max_size=100))
def test_nothing_is_held_back_once_it_differs(old: str, new: str) -> None:
    assume(old.strip() and new.strip() and new.strip()[0] not in old)
    assert Continuation(old).feed(new).strip() == new.strip()


sentences = st.lists(st.text("abcdef", min_size=1, max_size=6), min_size=3, max_size=12).map(" ".join)


@given(old=sentences, more=st.sampled_from([" X and so on.", ". X", "X", "\n\nX"]), cuts=st.lists(st.integers(0, 60)))
def test_an_answer_that_is_said_again_from_its_beginning_goes_on_where_it_was(
    old: str, more: str, cuts: list[int]
) -> None:
    new = old + more
    places = sorted({0, len(new), *(cut % (len(new) + 1) for cut in cuts)})
    assert joined(old, *(new[start:end] for start, end in pairwise(places))) == new


@pytest.mark.parametrize(
    ("old", "new", "joined"),
    [
        ("un cafe\u0301", "noir", "un cafe\u0301 noir"),
        ("a word\u200d", "less", "a word\u200dless"),
        ("a word\u00ad", "less", "a word\u00adless"),
        ("```\ncode\n```\nDone", "and", "```\ncode\n```\nDone and"),
        ("```\nco", "de", "```\ncode"),
        ("```\na\n```\nb\n~~~\nco", "de", "```\na\n```\nb\n~~~\ncode"),
    ],
)
def test_a_space_parts_two_words_and_nothing_else(old: str, new: str, joined: str) -> None:
    continuation = Continuation(old)
    assert old + continuation.feed(new) + continuation.flush() == joined
