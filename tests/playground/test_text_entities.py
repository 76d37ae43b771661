"""Texts and entities as Telegram's servers keep them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.errors import Refusal
from playground.text.entities import Entity, automatic, normalize, utf16_length, utf16_slice


def entity(kind: str, offset: int, length: int, **more: object) -> Entity:
    return {"type": kind, "offset": offset, "length": length, **more}


def refused(text: str, entities: list[Entity]) -> str:
    with pytest.raises(Refusal) as caught:
        normalize(text, entities)
    assert caught.value.code == 400
    return caught.value.description


def test_white_space_at_both_ends_goes_and_entities_move_along() -> None:
    assert normalize(" \n hello \n", []) == ("hello", [])
    assert normalize("  hello  ", [entity("bold", 2, 7)]) == ("hello", [entity("bold", 0, 5)])
    assert normalize("  a b  ", [entity("italic", 4, 1)]) == ("a b", [entity("italic", 2, 1)])
    assert normalize("x  ", [entity("bold", 1, 2)]) == ("x", [])


def test_tabs_become_spaces_and_direction_overrides_go() -> None:
    assert normalize("a\tb\r\nc\u202ed", []) == ("a b\ncd", [])
    assert normalize("a\u202eb", [entity("bold", 2, 1)]) == ("ab", [entity("bold", 1, 1)])


@pytest.mark.parametrize("text", [" ", "\n\n", "\u200b", "\t", "\u2800", "\u00a0 \u200d"])
def test_a_text_that_shows_nothing_is_refused(text: str) -> None:
    assert refused(text, []) == "Bad Request: text must be non-empty"


def test_entities_inside_a_character_or_beyond_the_text_are_refused() -> None:
    assert refused("a👍b", [entity("bold", 2, 1)]) == (
        "Bad Request: entity begins in a middle of a UTF-16 symbol at byte offset 5"
    )
    assert refused("a👍b", [entity("bold", 0, 2)]) == (
        "Bad Request: entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 5"
    )
    assert "ends after the end of the text at UTF-16 offset 9" in refused("aba caba", [entity("bold", 3, 6)])
    assert "begins after the end of the text at UTF-16 offset 9" in refused("aba caba", [entity("bold", 9, 1)])
    assert refused("\ud83d", []) == "Bad Request: strings must be encoded in UTF-8"


def test_more_than_a_hundred_entities_are_dropped_code_and_links_kept() -> None:
    text = "ab " * 150
    many = [entity("bold", 3 * index, 2) for index in range(140)]
    many += [entity("code", 3 * index, 2) for index in range(140, 145)]
    many += [entity("text_link", 3 * 145, 2, url="https://example.org/")]
    kept = normalize(text, many)[1]
    assert len(kept) == 100
    assert [one["type"] for one in kept].count("code") == 5
    assert kept[-1]["type"] == "text_link"


def test_crossing_entities_are_split_and_touching_ones_of_a_kind_united() -> None:
    assert normalize("abcdef", [entity("bold", 0, 4), entity("italic", 2, 4)])[1] == [
        entity("bold", 0, 4),
        entity("italic", 2, 2),
        entity("italic", 4, 2),
    ]
    assert normalize("abcdef", [entity("bold", 0, 3), entity("bold", 3, 3)])[1] == [entity("bold", 0, 6)]


def test_code_holds_nothing_else() -> None:
    assert normalize("ab cd ef", [entity("code", 3, 2), entity("bold", 0, 8)])[1] == [
        entity("bold", 0, 3),
        entity("code", 3, 2),
        entity("bold", 5, 3),
    ]
    assert normalize("@name /help", [entity("pre", 0, 11)])[1] == [entity("pre", 0, 11)]


def test_what_an_app_marks_by_itself() -> None:
    text = "/start@Aura_bot hi @Some_one, see https://example.org/a. #tag me@example.org /a/b 👍 @other"
    found = {(one["type"], utf16_slice(text, one["offset"], one["length"])) for one in automatic(text)}
    assert found == {
        ("bot_command", "/start@Aura_bot"),
        ("mention", "@Some_one"),
        ("url", "https://example.org/a"),
        ("hashtag", "#tag"),
        ("email", "me@example.org"),
        ("mention", "@other"),
    }


marks = st.sampled_from(["bold", "italic", "code", "pre", "spoiler", "blockquote", "strikethrough"])
letters = st.text(st.sampled_from("ab \nяж👍👩‍🚀\t\u202e@/._#"), min_size=1, max_size=40)


@given(letters, st.lists(st.tuples(marks, st.integers(0, 60), st.integers(0, 60)), max_size=8))
@settings(deadline=None, max_examples=300)
def test_whatever_was_accepted_survives_a_round_trip(text: str, drawn: list[tuple[str, int, int]]) -> None:
    try:
        once = normalize(text, [entity(*one) for one in drawn])
    except Refusal:
        return
    assert normalize(*once) == once
    size = utf16_length(once[0])
    ends: list[int] = []
    for one in once[1]:
        start, end = one["offset"], one["offset"] + one["length"]
        assert 0 <= start < end <= size
        ends = [other for other in ends if other > start]
        assert all(other >= end for other in ends), "entities lie inside each other or apart"
        ends.append(end)
        utf16_slice(once[0], start, one["length"]).encode()


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_text_is_refused_or_kept_without_white_space_around(text: str) -> None:
    try:
        kept, entities = normalize(text)
    except Refusal:
        return
    assert kept == kept.strip(" \n")
    assert normalize(kept, entities) == (kept, entities)
