"""What is kept of a failure: a reference that people can type, and a cause without their words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.troubles import MAX_CAUSE, MAX_SEARCHED, MIN_ECHO, reference_of, turn_of, without_echo


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_a_reference_names_one_turn_however_it_is_typed(turn: int) -> None:
    reference = reference_of(turn)
    assert len(reference) >= 3
    assert turn_of(f" {reference.lower()} ") == turn


@pytest.mark.parametrize("typed", ["", "1", "0O1", "2A", "a b c", "💥💥💥", "A" * 14])
def test_other_words_are_no_reference(typed: str) -> None:
    assert turn_of(typed) is None


def test_what_a_server_repeats_of_a_question_is_left_out() -> None:
    said = "My doctor says that I have gout. What may I eat?"
    cause = f"400 Bad Request: cannot parse {{'content': '{said}'}} at position 7"
    kept = without_echo(cause, [said])
    assert "gout" not in kept
    assert kept.startswith("400 Bad Request: cannot parse")
    assert kept.endswith("at position 7")


@given(st.text(), st.text(min_size=MIN_ECHO), st.text())
def test_no_run_of_somebodys_words_survives(before: str, said: str, after: str) -> None:
    kept = without_echo(before + said + after, [said])
    words = " ".join(said.split())
    assert len(kept) <= MAX_CAUSE
    assert not any(words[at : at + MIN_ECHO] in kept for at in range(len(words) - MIN_ECHO + 1) if "…" not in words)


def test_a_cause_is_one_short_line() -> None:
    assert "\n" not in without_echo("a\nb", [])
    assert len(without_echo("long " * 1000, [])) == MAX_CAUSE


def test_what_is_repeated_of_an_earlier_message_is_left_out_too() -> None:
    kept = without_echo(
        "refused: my doctor says that I have gout", ["Thanks a lot!", "my doctor says that I have gout"]
    )
    assert kept == "refused: …"


def test_only_the_newest_words_are_searched() -> None:
    cause = "refused: my doctor says that I have gout"
    assert "gout" in without_echo(cause, ["x" * MAX_SEARCHED, "my doctor says that I have gout"])
