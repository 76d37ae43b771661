"""Counts of tokens without the model's vocabulary: one that errs upwards, one that errs downwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.window import beginning_of, estimate, least, prompt_fits
from tests.harness.conversations import letters


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a b c", 3), ("word " * 100, 100), ("x" * 41, 3), ("12345678901", 2), ("-" * 200, 3)]
)
def test_the_least_count_errs_downwards(text: str, tokens: int) -> None:
    assert least(text) == tokens


@given(st.text(max_size=300))
def test_the_least_is_never_more_than_the_estimate(text: str) -> None:
    assert least(text) <= estimate(text)


@pytest.mark.parametrize(("words", "fits"), [(10, True), (1500, True), (1600, False), (8000, False)])
def test_a_prompt_that_leaves_no_room_is_known(words: int, fits: bool) -> None:
    assert prompt_fits("word " * words, context=2048) == fits


@given(st.text(max_size=200), st.integers(0, 50))
def test_the_beginning_of_a_text_costs_no_more_than_it_may(text: str, tokens: int) -> None:
    beginning = beginning_of(text, tokens)
    assert text.startswith(beginning)
    assert estimate(beginning) <= tokens or estimate(text) <= tokens
    assert beginning == text or estimate(text) > tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("Hello world", 4), ("12345", 5), ("Привет", 6), ("日本", 6), ("🦊", 4), ("a\n\n\n\nb", 3)],
)
def test_estimates_of_english_err_upwards(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("wordword", 2),
        ("wordwordw", 3),
        ("Extraordinaril", 4),
        ("Extraordinarily", 10),
        ("ABC", 2),
        ("ABCD", 3),
        ("I", 1),
        (" I", 1),
        ("    ", 1),
        ("     ", 2),
        ("\u00a0", 1),
        ("é", 1),
        ("\u058f", 1),
        ("\u0590", 2),
        ("ab cd", 2),
    ],
)
def test_words_keys_spaces_and_foreign_letters_have_their_own_price(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens", "beginning"),
    [
        ("one two three", 0, ""),
        ("one two", 1, "one"),
        ("one two six", 2, "one two"),
        ("one two six", 3, "one two six"),
        ("a extraordinarily", 4, "a ex"),
        ("....", 3, "..."),
        ("日本", 2, ""),
        ("日本", 3, "日"),
        ("日本", 5, "日"),
        ("日本", 6, "日本"),
    ],
)
def test_the_beginning_of_a_text_takes_what_its_tokens_pay_for(text: str, tokens: int, beginning: str) -> None:
    assert beginning_of(text, tokens) == beginning


@pytest.mark.parametrize(("context", "fits"), [(399, False), (400, True)])
def test_a_prompt_leaves_room_for_a_question_and_an_answer_in_a_small_context(context: int, fits: bool) -> None:
    assert prompt_fits(letters(200 if fits else 202), context=context) == fits
    assert prompt_fits(letters(200), context=400)
    assert not prompt_fits(letters(201), context=400)


def test_a_prompt_leaves_twice_256_tokens_in_a_large_context() -> None:
    assert prompt_fits(letters(2048 - 512), context=2048)
    assert not prompt_fits(letters(2048 - 511), context=2048)


@pytest.mark.parametrize(("sign", "holds"), [("a", 20), ("é", 20), ("7", 8), ("-", 80)])
def test_a_token_holds_so_many_letters_digits_or_marks_at_the_most(sign: str, holds: int) -> None:
    assert [least(sign * length) for length in (1, holds, holds + 1, 2 * holds)] == [1, 1, 2, 2]
