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


def test_the_first_references_have_three_signs() -> None:
    assert (reference_of(0), reference_of(1), reference_of(30)) == ("322", "323", "332")
    assert len(reference_of(30**3 - 30**2 - 1)) == 3
    assert len(reference_of(30**3 - 30**2)) == 4


@pytest.mark.parametrize(("long", "shown"), [(240, 240), (241, 240), (5000, 240)])
def test_a_cause_has_240_characters_and_ends_in_an_ellipsis_where_there_were_more(long: int, shown: int) -> None:
    kept = without_echo("x" * long, [])
    assert len(kept) == shown
    assert kept.endswith("…") is (long > shown)


@pytest.mark.parametrize(("common", "kept"), [("eleven sig.", True), ("twelve signs", False)])
def test_twelve_characters_in_a_row_are_an_echo_and_fewer_are_not(common: str, *, kept: bool) -> None:
    assert (common in without_echo(f"refused: <{common}>", [f"({common})"])) is kept
    assert without_echo("refused: <twelve signs>", ["twelve signs"]) == "refused: <…>"
    assert without_echo("refused: eleven sig.", ["about eleven sig."]) == "refused:…", "from the space on it is twelve"
    assert without_echo("refused:eleven sig.", ["about eleven sig."]) == "refused:eleven sig."


def test_fifty_thousand_characters_are_searched_and_no_more() -> None:
    cause = "refused: twelve signs"
    assert without_echo(cause, ["x" * (50_000 - 12), "twelve signs"]) == "refused: …"
    assert without_echo(cause, ["x" * (50_000 - 11), "twelve signs"]) == cause
    assert without_echo(cause, ["x" * 50_000, "twelve signs"]) == cause
    assert without_echo(cause, ["x" * 50_001, "twelve signs and more"]) == cause
