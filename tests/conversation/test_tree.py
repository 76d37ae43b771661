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
        (4, 3, 2, None, 4),
        (4, 1, 3, 2, 4),
        (4, 2, 3, 5, None),
        (4, 2, 3, 3, 4),
        (None, 3, None, None, None),
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
        "the newest question is the first after /new",
        "asked before /new, whose question is older still",
        "asked after /new, the newest question is older",
        "the last question before /new, asked again",
        "a question without a message",
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
        ("x" * 4095, "yz", "x" * 4095 + "\nyz"),
        ("x" * 4097, "yz", "x" * 4097 + "\nyz"),
        ("x" * 8192, "yz", "x" * 8192 + "yz"),
        ("first line", "second line", "first line\nsecond line"),
        ("", "only", "\nonly"),
    ],
)
def test_a_split_paste_is_put_together(first: str, rest: str, whole: str) -> None:
    assert put_together(first, rest) == whole
