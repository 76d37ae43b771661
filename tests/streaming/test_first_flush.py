from __future__ import annotations

import pytest

from bot.runtime.clock import Clock
from bot.streaming.first_flush import MAX_FIRST_FLUSH_DELAY, MIN_FIRST_FLUSH_DELAY, FirstFlush, is_sentence


class MovedClock(Clock):
    """Time that the scene moves."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def now(self) -> float:
        return self.time


def first_words(text: str, after: float) -> bool:
    """Whether a text is worth showing so long after it began to come."""
    clock = MovedClock()
    first = FirstFlush(clock)
    assert not first.is_worth_it("I")
    clock.time += after
    return first.is_worth_it(text)


def test_first_words_wait_until_there_is_a_couple_of_them() -> None:
    assert not first_words("I see", 0.2)
    assert first_words("I see t", 0.2)


def test_first_words_gather_for_a_moment() -> None:
    assert not first_words("I see them all from here", MIN_FIRST_FLUSH_DELAY / 2)
    assert first_words("I see them all from here", MIN_FIRST_FLUSH_DELAY)


def test_first_words_do_not_wait_for_long() -> None:
    assert first_words("No", MAX_FIRST_FLUSH_DELAY)
    first = FirstFlush(MovedClock())
    assert first.due is None
    first.is_worth_it("No")
    assert first.due == 1000.0 + MAX_FIRST_FLUSH_DELAY


def test_languages_without_spaces_do_not_wait_either() -> None:
    assert first_words("今日はとても良い天気ですね", 0.2)


@pytest.mark.parametrize(
    "text", ["It is so. And", "It is so.", "Why?", "今日は良い天気です。", "A title\n", "word " * 50]
)
def test_a_sentence_may_replace_an_older_text(text: str) -> None:
    assert is_sentence(text)


@pytest.mark.parametrize("text", ["", "It is", "Version 3.1 and", "It is so, or almost so"])
def test_less_than_a_sentence_may_not(text: str) -> None:
    assert not is_sentence(text)
