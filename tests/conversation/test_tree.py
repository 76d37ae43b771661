from __future__ import annotations

import pytest

from bot.conversation.tree import newest_point, put_together


@pytest.mark.parametrize(
    ("newest", "its_question", "anew_after", "asking", "expected"),
    [
        (None, None, None, None, None),
        (4, 3, None, None, 4),
        (4, 3, None, 5, 4),
        (4, 3, 3, None, None),
        (4, 3, 3, 5, None),
        (4, 3, 5, 5, 4),
        (9, 8, 5, 10, 9),
        (9, None, 5, 10, None),
    ],
    ids=[
        "nothing was said",
        "plain",
        "plain, already asked",
        "after /new",
        "asked after /new",
        "asked before /new",
        "the conversation after /new",
        "its question was pruned",
    ],
)
def test_a_plain_question_goes_on_from(
    newest: int | None, its_question: int | None, anew_after: int | None, asking: int | None, expected: int | None
) -> None:
    assert newest_point(newest, its_question, anew_after, asking) == expected


@pytest.mark.parametrize(
    ("first", "rest", "whole"),
    [
        ("x" * 4096, "yz", "x" * 4096 + "yz"),
        ("x" * 8192, "yz", "x" * 8192 + "yz"),
        ("first line", "second line", "first line\nsecond line"),
        ("", "only", "\nonly"),
    ],
)
def test_a_split_paste_is_put_together(first: str, rest: str, whole: str) -> None:
    assert put_together(first, rest) == whole
