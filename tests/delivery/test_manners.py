from __future__ import annotations

import pytest

from bot.delivery.clock import Clock
from bot.delivery.manners import FIRST_TEXT_AFTER, FirstWords, is_sentence


class MovedClock(Clock):
    """Time that the scene moves."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def now(self) -> float:
        return self.time


def test_first_words_wait_until_there_is_a_couple_of_them() -> None:
    first = FirstWords(MovedClock())
    assert not first.are_worth_it("I")
    assert not first.are_worth_it("I see")
    assert first.are_worth_it("I see t")


def test_first_words_do_not_wait_for_long() -> None:
    clock = MovedClock()
    first = FirstWords(clock)
    before = first.due
    assert before is None
    assert not first.are_worth_it("No")
    assert first.due == clock.time + FIRST_TEXT_AFTER
    clock.time += FIRST_TEXT_AFTER
    assert first.are_worth_it("No")


def test_languages_without_spaces_do_not_wait_either() -> None:
    assert FirstWords(MovedClock()).are_worth_it("今日はとても良い天気ですね")


@pytest.mark.parametrize(
    "text", ["It is so. And", "It is so.", "Why?", "今日は良い天気です。", "A title\n", "word " * 50]
)
def test_a_sentence_may_replace_an_older_text(text: str) -> None:
    assert is_sentence(text)


@pytest.mark.parametrize("text", ["", "It is", "Version 3.1 and", "It is so, or almost so"])
def test_less_than_a_sentence_may_not(text: str) -> None:
    assert not is_sentence(text)
