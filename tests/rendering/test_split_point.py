from __future__ import annotations

from itertools import chain, pairwise

import pytest
import regex  # type: ignore[import-untyped]  # it ships no type information

from bot.rendering.markup import lay_out
from bot.rendering.reply import Reply
from bot.rendering.split_point import choose_split_point, plain_split_point
from tests.rendering.strict import check, parts_of, shown, units, written

FAMILY = "👨‍👩‍👧‍👦"


def texts(source: str, limit: int = 100) -> list[str]:
    formatted = written([source], limit=limit)
    for message in formatted:
        check(message, limit)
    return [message.text for message in formatted]


def test_a_paragraph_is_the_best_place() -> None:
    first, second = "One. Two.\nThree. " * 4, "Four. " * 12

    assert texts(f"{first.strip()}\n\n{second.strip()}") == [first.strip(), second.strip()]


def test_a_heading_goes_with_what_follows() -> None:
    first, second = "word " * 15, "word " * 18

    assert texts(f"{first.strip()}\n\n# Head\n\n{second.strip()}")[0] == first.strip()


def test_then_a_line() -> None:
    assert texts("Short. " * 9 + "\n" + "Short. " * 9) == [("Short. " * 9).strip()] * 2


def test_then_a_sentence() -> None:
    assert texts("many words " * 7 + "end. " + "more words " * 7)[0] == "many words " * 7 + "end."


def test_within_bold_text_a_sentence_is_better_than_a_word_too() -> None:
    assert texts("**" + "many words " * 7 + "end. " + "more words " * 7 + "end**")[0] == "many words " * 7 + "end."


def test_then_a_word() -> None:
    parts = texts("слово " * 40)

    assert all(part.split() == ["слово"] * len(part.split()) for part in parts)


def test_then_between_characters() -> None:
    assert texts(FAMILY * 40) == [FAMILY * 9] * 4 + [FAMILY * 4]


def test_a_character_longer_than_a_message_is_cut_all_the_same() -> None:
    source = "a" + "\u0301" * 450

    assert "".join(texts(source)) == source


@pytest.mark.parametrize("character", ["é", FAMILY, "🇷🇺", "👍🏽", "क्षि", "각"])
def test_no_character_is_parted(character: str) -> None:
    for limit in range(20, 40):
        for part in texts(character * 50 + " " + character * 50, limit):
            assert set(regex.findall(r"\X", part)) <= {character, " "}


def test_a_link_is_not_parted() -> None:
    source = "some words here and there, " * 3 + "[a link of several words](https://example.com/a/b/c) and more " * 3
    formatted = written([source], limit=100)

    assert list(chain.from_iterable(shown(part, "text_link") for part in formatted)) == ["a link of several words"] * 3


def test_code_and_bold_are_not_parted_if_they_need_not_be() -> None:
    source = "words and words. " * 5 + "**bold words in a row** `code words in a row` and more words"
    formatted = written([source], limit=100)

    assert list(chain.from_iterable(shown(part, "bold") for part in formatted)) == ["bold words in a row"]
    assert list(chain.from_iterable(shown(part, "code") for part in formatted)) == ["code words in a row"]


@pytest.mark.parametrize(("marker", "kind"), [("**", "bold"), ("_", "italic"), ("~~", "strikethrough"), ("`", "code")])
def test_what_is_longer_than_a_message_goes_on_in_the_next(marker: str, kind: str) -> None:
    words = ("word " * 50).strip()
    formatted = written([f"start {marker}{words}{marker} end"], limit=100)

    assert next(chain.from_iterable(shown(part, kind) for part in formatted)).startswith("word")
    assert " ".join(part.text for part in formatted) == f"start {words} end"
    assert [shown(part, kind) for part in formatted[1:-1]] == [[part.text] for part in formatted[1:-1]]


@pytest.mark.parametrize("indent", ["", "   "])
def test_a_fence_is_closed_and_opened_again_with_its_language(indent: str) -> None:
    code = "".join(f"{indent}    line_{number} = {number}\n" for number in range(20))
    head = "1. See:\n" if indent else "See:\n"
    formatted = written([f"{head}{indent}```python\n{code}{indent}```\nAfter **that**."], limit=100)

    for part in formatted:
        check(part, 100)
        assert [entity.language for entity in part.entities if entity.type == "pre"] == ["python"]
    whole = "\n".join(part.text for part in formatted)
    assert whole.split("\n")[1:-1] == [f"    line_{number} = {number}" for number in range(20)]
    assert shown(formatted[-1], "bold") == ["that"]


def test_one_line_of_code_longer_than_a_message() -> None:
    formatted = written(["```js\n" + "`abc` " * 40 + "\n```\nend"], limit=100)

    assert "".join(part.text for part in formatted).replace(" ", "") == "`abc`" * 40 + "\nend"
    assert all(part.entities[0].language == "js" for part in formatted)


def test_a_table_goes_on_in_its_columns() -> None:
    rows = "".join(f"| row {number} | {number * 100} |\n" for number in range(20))
    formatted = written([f"| Name | Number |\n|---|--:|\n{rows}"], limit=150)

    assert len(formatted) > 2
    assert all(shown(part, "pre") == [part.text] for part in formatted)
    assert "Name" not in formatted[1].text
    assert formatted[1].text.splitlines()[0].count("|") == 1


def test_a_nested_list_goes_on_as_a_list() -> None:
    source = "- one\n" + "".join(f"  - item {number} *of* many\n" for number in range(20))
    formatted = written([source], limit=100)

    assert "pre" not in {entity.type for part in formatted for entity in part.entities}
    assert all(part.text.lstrip("• \n").startswith(("one", "◦", "item")) for part in formatted)
    assert sum(part.text.count("item") for part in formatted) == 20


def test_words_at_a_cut_are_not_taken_for_markers() -> None:
    source = "- > # 1. + * " * 60
    words = " ".join(texts("x " + source)).split()

    assert words == ("x " + source).split()


def test_plain_text_is_cut_at_words() -> None:
    assert plain_split_point("one two three", 9) == 8
    assert plain_split_point("x" * 20, 9) == 9
    assert units("👍" * plain_split_point("👍" * 20, 9)) == 8


def split_at(source: str, limit: int = 100) -> int:
    point = choose_split_point(lay_out(source), source, limit)
    assert point is not None
    return point.source


REST = "x " * 60


@pytest.mark.parametrize(
    ("head", "least"), [("{}\n\n", 50), ("{}\n", 49), ("{}\n- a\n- ", 46)], ids=["paragraph", "line", "item"]
)
def test_a_better_place_must_leave_a_message_half_full(head: str, least: int) -> None:
    full_enough = head.format("w" * least)

    assert split_at(full_enough + REST) == len(full_enough.removesuffix("- "))
    assert split_at(head.format("w" * (least - 1)) + REST) in {99, 100}


def test_the_last_place_of_its_kind_is_taken() -> None:
    assert split_at("w " * 30 + "\n\n" + "v " * 12 + "\n\n" + REST) == 61 + 1 + 24 + 2


def test_where_nothing_better_is_a_word_in_the_first_half_is_the_place() -> None:
    assert split_at("ab " + "x" * 200) == 3
    assert split_at("a\n" + "x" * 200) == 2


def test_no_message_is_left_that_shows_nothing() -> None:
    assert texts("<!-- not shown -->\n\n" + "x" * 200) == ["x" * 100] * 2


@pytest.mark.parametrize(("source", "place"), [("ab", 1), ("ab\n", 2), ("a b", 2), ("w" * 49 + "\n" + "x" * 60, 50)])
def test_plain_text_is_never_taken_whole(source: str, place: int) -> None:
    assert plain_split_point(source, 100) == place


def test_a_plain_line_must_leave_a_message_half_full() -> None:
    assert plain_split_point("w" * 48 + "\n" + "x" * 30 + " " + "x" * 60, 100) == 80
    assert plain_split_point("w" * 49 + "\n" + "x" * 30 + " " + "x" * 60, 100) == 50


def test_the_messages_of_an_answer_cover_its_text_without_a_gap() -> None:
    reply = Reply(limit=100)
    reply.write("words and more words. " * 30)
    reply.end()
    reply.advance()
    parts = parts_of(reply)

    assert parts[0].start == 0
    assert all(first.end == second.start for first, second in pairwise(parts))
    assert parts[-1].end == len(reply.text)


def test_a_message_is_filled_before_the_next_one_begins() -> None:
    for part in written(["word " * 1000], limit=100)[:-1]:
        assert 95 <= units(part.text) <= 100


def test_a_tail_that_is_too_much_shows_what_fits_until_it_is_sealed() -> None:
    reply = Reply(limit=100)
    reply.write("word " * 18)
    reply.advance()
    before = reply.tail()
    assert before is not None
    reply.write("word " * 18)
    tail = reply.tail()

    assert tail is not None
    assert reply.show(tail).text == ("word " * 18).strip()


def test_formatting_hardly_runs_out_while_an_answer_grows() -> None:
    reply = Reply()
    for number in range(1, 241):
        reply.write(f"- **bold{number}** word\n")
        reply.advance()
        shown_bold = sum(len(reply.show(part).entities) for part in parts_of(reply))
        assert shown_bold >= number - 7
    assert len(reply.sealed) == 2


def test_a_word_before_bold_text_is_better_than_one_within() -> None:
    source = "word " * 12 + "**" + ("bold " * 15).strip() + "** end"

    assert texts(source)[0] == ("word " * 12).strip()


def test_plain_text_is_cut_between_what_people_see_as_characters() -> None:
    assert plain_split_point(FAMILY * 3, 20) == len(FAMILY)
    assert plain_split_point("👍👍", 1) == 1, "one that is longer than a message goes all the same"


@pytest.mark.parametrize(("least", "at_line"), [(50, True), (49, False)])
def test_a_line_of_code_must_leave_a_message_half_full_too(least: int, *, at_line: bool) -> None:
    head = "```\n" + "w" * (least - 1) + "\n"
    assert (split_at(head + "word " * 40 + "\n```") == len(head)) is at_line


def test_a_line_of_code_may_begin_where_the_message_is_full() -> None:
    head = "```\n" + "w " * 49 + "w\n"
    assert split_at(head + "x " * 40 + "\n```") == len(head)
