"""An answer that goes on is joined to what stands there."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.conversation.continuation import MIN_OVERLAP, Continuation

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
        ("It was late", "(and dark).", "It was late (and dark)."),
        ("He said", "«ja».", "He said «ja»."),
        ("Call `print", "(x)`.", "Call `print(x)`."),
        ("pi is 3.1", "4159", "pi is 3.14159"),
        ("天气很", "好。", "天气很好。"),
        ("```python\npri", "nt(1)\n```", "```python\nprint(1)\n```"),
        ("```python\n    return", "value", "```python\n    return value"),
        ("```sql\nSELECT", "name FROM", "```sql\nSELECT name FROM"),
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
        ("Is it red", "red", "Is it red"),
        ("a beautif", "utiful day", "a beautiful day"),
        ("a well-known", "-knowns", "a well-known-knowns"),
        ("```python\nx = f(", "```python\nx = f(1)\n```", "```python\nx = f(1)\n```"),
        ("```python\nx = 1\ny =", "```python\ny = 2\n```", "```python\nx = 1\ny = 2\n```"),
        ("```python\nx = 1", "```python\ny = 2\n```", "```python\nx = 1\ny = 2\n```"),
        ("```python\nx = 1\n", "```python\ny = 2\n```", "```python\nx = 1\ny = 2\n```"),
        ("```\nif x:\n    ", "```text\n    y = 2\n```", "```\nif x:\n    y = 2\n```"),
        ("```\nif x:\n    ", "```text\n\ty = 2\n```", "```\nif x:\n    \ty = 2\n```"),
        ("```python\nx = 1\n", "```\nThat is all.", "```python\nx = 1\n```\nThat is all."),
        ("~~~\nx = 1\n", "~~~", "~~~\nx = 1\n~~~"),
        ("Here:\n", "```python\nx\n```", "Here:\n```python\nx\n```"),
        ("They sing and", "an", "They sing and an"),
        ("```python\nx = 1\n", "```text", "```python\nx = 1\n```text"),
    ],
)
def test_what_stands_there_is_not_said_twice(old: str, new: str, whole: str) -> None:
    assert joined(old, new) == joined(old, *new) == whole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("I have a", "and then"),
        ("They understand", "and"),
        ("It is an", "ant"),
        ("they bathe", "the dog"),
        ("I understand", "stand up"),
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


def test_up_to_four_thousand_characters_are_known_again() -> None:
    old = " ".join([*map(str, range(10_000, 11_000)), "last"])
    assert old[-4001] == old[-4007] == " "
    assert joined(old, f"{old[-4000:]} word") == f"{old} word"
    assert joined(old, f"{old[-4006:]} word") == f"{old} {old[-4006:]} word"


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


@pytest.mark.parametrize(
    ("old", "new", "whole"),
    [
        ("It is a beau", "tiful day", "It is a beautiful day"),
        ("It is a beau ", "tiful", "It is a beau tiful"),
        ("It was late. ", " And dark.", "It was late. And dark."),
        ("A title\n\n", "\n\nA text", "A title\n\nA text"),
        ("A title\n\n", "\nA text", "A title\n\nA text"),
        ("if x:\n    ", "\n        y", "if x:\n        y"),
        ("It was late \n", "\nand dark", "It was late \nand dark"),
        ("It was late \n", "\n\nAnd dark", "It was late \n\nAnd dark"),
        ("It was late ", "\n", "It was late "),
        ("ha ha", " ha ha", "ha ha ha ha"),
        ("```\nx", "```python", "```\nx```python"),
        ("", "Hello", "Hello"),
    ],
)
def test_a_server_that_goes_on_within_the_text_is_joined_as_it_is(old: str, new: str, whole: str) -> None:
    for pieces in ([new], list(new)):
        continuation = Continuation(old)
        continuation.join_as_is()
        assert old + "".join(map(continuation.feed, pieces)) + continuation.flush() == whole


words = st.lists(
    st.sampled_from(
        [
            "the",
            "story",
            "of",
            "dragons",
            "is",
            "a",
            "legend",
            "in",
            "many",
            "old",
            "двух",
            "слов",
            "«ja»",
            "(but)",
            "x1,",
        ]
    ),
    min_size=3,
    max_size=30,
).map(" ".join)
code = st.lists(
    st.sampled_from(
        ["def tell(x):", "    return x", "    if x in xs:", "for word in words:", "y = tell(3.14)", "", "# ok"]
    ),
    min_size=1,
    max_size=8,
).map(lambda lines: "Look:\n\n```python\n" + "\n".join(lines) + "\n```\n\nThat is all.")


@given(text=words | code, at=st.integers(0, 400), cuts=st.lists(st.integers(0, 60)))
def test_a_text_cut_anywhere_is_whole_where_the_server_goes_on_within_it(text: str, at: int, cuts: list[int]) -> None:
    at %= len(text) + 1
    old, new = text[:at], text[len(text[:at].rstrip()) :]
    places = sorted({0, len(new), *(cut % (len(new) + 1) for cut in cuts)})
    continuation = Continuation(old)
    continuation.join_as_is()
    assert old + "".join(continuation.feed(new[start:end]) for start, end in pairwise(places)) == text


@given(
    text=words | code,
    at=st.integers(0, 400),
    repeated=st.integers(0, 5),
    blank=st.sampled_from(["", " ", "\n", "\n\n"]),
)
def test_a_text_that_is_said_again_from_a_word_on_is_whole_and_no_word_is_doubled_or_glued(
    text: str, at: int, repeated: int, blank: str
) -> None:
    """Cut anywhere; the new message begins some words before the cut, with any white space before it or none."""
    at = 1 + at % len(text)
    old, end = text[:at], text[:at].rstrip()
    starts = [match.start() for match in re.finditer(r"\S+", old)]
    start = starts[-min(repeated, len(starts))] if repeated else len(old)
    in_code = old.count("```") == 1
    assume(repeated or not old[-1].isalnum() or not text[at : at + 1].strip())  # half a word may be a whole one
    assume(len(end) - start > MIN_OVERLAP or not repeated)  # a word that short may be the next one
    assume(repeated or not blank or (old[-1] + text[at : at + 1]).strip() != old[-1] + text[at : at + 1])
    new = text[start:] if in_code else text[start:].lstrip(" ")
    elsewhere = [place for place in range(len(end) - MIN_OVERLAP + 1) if place != start]
    assume(not any(new.lstrip().startswith(end[place:]) for place in elsewhere if place < start))  # nor from where
    assume(not any(end.startswith(new.strip(), place) for place in elsewhere))
    whole = joined(old, blank + new)
    assert whole == joined(old, *blank, *new)
    assert whole.split() == text.split()


def test_a_line_that_may_open_code_once_more_is_waited_for_up_to_eighty_characters() -> None:
    continuation = Continuation("Look:\n```python\nx = f(")
    assert continuation.feed("```" + "p" * 77) == ""
    assert continuation.feed("p") == "```" + "p" * 78
