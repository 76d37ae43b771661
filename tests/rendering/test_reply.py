from __future__ import annotations

import logging
import re
import time
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering import reply as reply_module
from bot.rendering.markdown.layout import Layout
from bot.rendering.markup import Formatted, lay_out
from bot.rendering.reply import MessagePart, Reply
from tests.rendering.samples import SAMPLES
from tests.rendering.strict import check, messages, parts_of, shown, units, written
from tests.rendering.test_markup import long_markdown, wild

LIMIT = 100
PLAIN = st.text(alphabet=st.sampled_from("abcабв 0189,;:?%\n中שé👍\u0301\u200d\xa0"), max_size=700)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def cut_up(source: str, sizes: list[int]) -> list[str]:
    pieces: list[str] = []
    start = 0
    while start < len(source):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(source[start : start + size])
        start += size
    return pieces


def delivered_again(reply: Reply, limit: int = LIMIT) -> Reply:
    """The same answer, delivered as a whole from its stored text."""
    again = Reply(limit=limit)
    again.write(reply.text)
    again.end()
    again.advance()
    return again


def test_nothing_is_shown_before_there_is_something() -> None:
    reply = Reply()
    reply.write(" \n\u200b")
    reply.advance()
    assert reply.tail() is None
    reply.write("Hi")
    tail = reply.tail()
    assert tail is not None
    assert reply.show(tail) == Formatted("\u200bHi")


def test_white_space_alone_ends_as_nothing() -> None:
    reply = Reply()
    reply.write(" \n\u200b\u2800\t" * 5000)
    reply.end()
    reply.advance()

    assert parts_of(reply) == []
    assert len(reply.text) == 25000


def test_nothing_is_sealed_before_there_is_more_than_a_message() -> None:
    reply = Reply()
    reply.write("x" * 4096)
    reply.advance()
    assert reply.sealed == ()
    reply.write("x" * 200)
    reply.advance()
    assert [units(message.text) for message in messages(reply)] == [4096, 200]


def test_a_sealed_message_never_changes() -> None:
    reply = Reply(limit=300)
    seen: dict[MessagePart, Formatted] = {}
    for piece in cut_up(SAMPLES["english"] * 3, [7, 40]):
        reply.write(piece)
        reply.advance()
        for part in reply.sealed:
            assert seen.setdefault(part, reply.show(part)) == reply.show(part)
    assert len(seen) == len(reply.sealed) > 5


def test_a_note_is_the_last_paragraph() -> None:
    formatted = written(["Some **text"], note="cut off")

    assert [part.text for part in formatted] == ["Some **text\n\ncut off"]
    assert shown(formatted[0], "italic") == ["cut off"]


def test_a_note_without_text_stands_alone() -> None:
    assert [part.text for part in written([], note="stopped")] == ["stopped"]


@pytest.mark.parametrize("length", range(80, 101))
def test_a_note_that_does_not_fit_goes_on(length: int) -> None:
    formatted = written(["word " * 20], limit=length, note="the answer was stopped")

    for part in formatted:
        check(part, length)
    assert formatted[-1].text.endswith("the answer was stopped")
    assert squeezed("".join(part.text for part in formatted)) == "word" * 20 + "theanswerwasstopped"


def test_without_markup_everything_is_shown_as_it_is() -> None:
    source = "**a** `b`\n\n\n| c |\n|---|\n# d"

    assert written([source], markup=False) == [Formatted(source)]


def test_a_failure_of_the_formatting_shows_the_plain_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("a fault in the formatting")

    monkeypatch.setattr(reply_module, "lay_out", fail)
    with caplog.at_level(logging.WARNING):
        formatted = written(["**a** " * 60], limit=LIMIT)

    assert squeezed("".join(part.text for part in formatted)) == "**a**" * 60
    assert "cannot format" in caplog.text


def test_a_long_line_arrives_whole() -> None:
    for source in ("x" * 100_000, "слово " * 17_000, "שלום עולם " * 10_000, "👨‍👩‍👧‍👦" * 4096):
        formatted = written([source])
        assert squeezed("".join(part.text for part in formatted)) == squeezed(source)
        for part in formatted:
            check(part)


def test_zero_width_floods_pass() -> None:
    formatted = written(["a" + "\u200b" * 50_000 + "b" + "\u200d" * 50_000 + " c"])

    assert [character for part in formatted for character in part.text if character in "abc"] == ["a", "b", "c"]
    for part in formatted:
        check(part)


def test_control_characters_and_half_surrogates_cannot_spoil_a_message() -> None:
    formatted = written(["a\x00b\r\nc\u2028\x1b[0m", "\r", "\nd \ud83d", "\udc4d \udc4d", " e\ud83d"])

    assert formatted == [Formatted("a b\nc\n [0m\nd 👍 \ufffd e\ufffd")]


def test_more_links_than_one_message_holds_go_on_in_the_next() -> None:
    formatted = written(["".join(f"[a{number}](https://b.cd/{number}) " for number in range(250))])

    for part in formatted:
        check(part)
    assert list(chain.from_iterable(shown(part, "text_link") for part in formatted)) == [
        f"a{number}" for number in range(250)
    ]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("limit", [120, 300, 4096])
def test_samples_arrive_whole_however_they_come(name: str, limit: int) -> None:
    source = SAMPLES[name]
    whole = written([source], limit=limit)
    assert written(cut_up(source, [3, 11]), limit=limit, watch=True) == whole
    assert written(list(source), limit=limit) == whole

    arrived = " ".join(part.text for part in whole)
    for part in whole:
        check(part, limit)
    for word in re.findall(r"[^\W_]+", re.sub(r"```\w+|https?://\S+|\"Википедия\"", "", source)):
        assert word in arrived


@settings(deadline=None, max_examples=60)
@given(PLAIN, st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_text_without_markup_arrives_exactly(source: str, sizes: list[int]) -> None:
    source = "\n".join(line.lstrip(" ") for line in source.split("\n"))
    formatted = written(cut_up(source, sizes), limit=LIMIT, watch=True)

    position = 0
    for part in formatted:
        while not source.startswith(part.text, position):
            assert source[position].isspace() or source[position] == "\u200d"
            position += 1
        position += len(part.text)
    assert not squeezed(source[position:].replace("\u200d", ""))


@settings(deadline=None, max_examples=40)
@given(st.one_of(long_markdown, wild.map(lambda text: text * 4)), st.lists(st.integers(1, 90), min_size=1, max_size=4))
def test_any_text_in_any_pieces(source: str, sizes: list[int]) -> None:
    reply = Reply(limit=LIMIT)
    for piece in cut_up(source, sizes):
        reply.write(piece)
        reply.advance()
        for message in messages(reply):
            check(message, LIMIT)
    reply.end()
    reply.advance()

    assert messages(reply) == written([source], limit=LIMIT)
    assert messages(delivered_again(reply)) == messages(reply)
    assert all(first.end <= second.start for first, second in pairwise(parts_of(reply)))


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.sampled_from(
            [
                " ",
                " ",
                "\n",
                "\n\n",
                " **",
                "** ",
                "*",
                "`",
                "\n```\n",
                "\n- ",
                "\n> ",
                "\n1. ",
                "[",
                "](",
                ")",
                "|",
                "\n|--|\n",
                "$",
                "\\(",
                "\\)",
                "#",
                "~~",
                "<",
                "_",
            ]
        ),
        max_size=120,
    )
)  # one list of marks
def test_every_word_arrives_once_and_in_order(marks: list[str]) -> None:
    source = "".join(f"{mark}w{number}w" for number, mark in enumerate(marks))
    formatted = written([source], limit=LIMIT)

    arrived = re.findall(r"w(\d+)w", " ".join(part.text for part in formatted))
    first_seen = list(dict.fromkeys(arrived))
    assert first_seen == [str(number) for number in range(len(marks))]
    assert arrived == first_seen or "|--|" in source


def test_the_cost_of_a_change_does_not_grow_with_the_answer() -> None:
    def cost(paragraphs: int) -> float:
        reply = Reply()
        for _ in range(paragraphs):
            reply.write("Some **words** in a `paragraph` with [links](https://a.bc/d). " * 5 + "\n\n")
            reply.advance()
        start = time.process_time()
        for _ in range(40):
            reply.write("Some **words** more. ")
            reply.advance()
            reply.tail()
        return time.process_time() - start

    assert cost(150) < 5 * cost(40) + 0.2


def test_text_of_a_full_message_stays_what_it_is() -> None:
    reply = Reply(limit=LIMIT)
    reply.write("word " * 100)
    reply.advance()
    assert reply.sealed
    assert reply.take_text_for_thoughts() == ""
    assert reply.text == "word " * 100


def test_a_mark_that_nothing_closes_counts_as_what_it_shows() -> None:
    source = "**" + "x" * (LIMIT - 1)
    formatted = written([source], limit=LIMIT)
    assert "".join(part.text for part in formatted) == source
    assert [units(part.text) for part in formatted] == [LIMIT, 1]


@pytest.mark.parametrize(("limit", "kept"), [(LIMIT, LIMIT // 2), (4096, 500)])
def test_a_long_note_is_cut_at_half_a_message_and_five_hundred_units(limit: int, kept: int) -> None:
    [message] = written([], limit=limit, note="n" * 3000)
    assert message.text == "n" * kept


def test_a_message_whose_source_is_some_four_times_its_length_is_cut_there() -> None:
    links = "".join(f"[{number}](https://a.bc/{'p' * 60}) " for number in range(40))
    reply = Reply(limit=LIMIT)
    reply.write(links)
    reply.advance()
    assert reply.sealed
    assert all(3.6 * LIMIT < part.end - part.start < 5 * LIMIT for part in reply.sealed)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("source", ["ab\n\ncd", "a\n\nb", "- a\n- b", "a\n\n\n\nbc", "**a** b"])
def test_messages_of_a_few_units_still_carry_every_letter(source: str, limit: int) -> None:
    letters = [letter for part in written([source], limit=limit) for letter in part.text if letter.isalpha()]
    assert letters == [letter for letter in source if letter.isalpha()]


@pytest.mark.parametrize(("more", "count"), [(0, 1), (1, 2)])
def test_a_note_stands_below_the_text_as_long_as_both_fit(more: int, count: int) -> None:
    text = "x" * (LIMIT - len("\n\nstopped") + more)
    assert len(written([text], limit=LIMIT, note="stopped")) == count


def test_a_mark_that_is_not_closed_yet_formats_what_follows_and_at_the_end_stands_as_written() -> None:
    reply = Reply()
    reply.write("Some **te")
    tail = reply.tail()
    assert tail is not None
    assert (reply.show(tail).text, shown(reply.show(tail), "bold")) == ("Some te", ["te"])
    reply.end()
    assert [(message.text, message.entities) for message in messages(reply)] == [("Some **te", ())]


@pytest.mark.parametrize(("budget", "sealed"), [(LIMIT + 1, 1), (LIMIT + 2, 2), (2 * LIMIT + 3, 3)])
def test_a_call_stops_once_it_has_laid_out_what_it_may(budget: int, sealed: int) -> None:
    reply = Reply(limit=LIMIT)
    reply.write("x" * 10 * LIMIT)
    assert not reply.advance(budget=budget)
    assert len(reply.sealed) == sealed


def test_plain_text_is_laid_out_once_for_each_message_that_it_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out: list[int] = []

    def counted(source: str, *, prefix: str = "", growing: bool = False) -> Layout:
        laid_out.append(len(source))
        return lay_out(source, prefix=prefix, growing=growing)

    monkeypatch.setattr(reply_module, "lay_out", counted)
    reply = Reply(limit=LIMIT)
    reply.write("x" * 10 * LIMIT)
    reply.advance()
    assert laid_out == [LIMIT + 1, LIMIT] * 9, "once to find the place, once to see what stands before it alone"


def test_a_message_is_looked_at_only_once_it_may_be_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def counted(source: str, *, prefix: str = "", growing: bool = False) -> Layout:
        looks.append(len(source))
        return lay_out(source, prefix=prefix, growing=growing)

    monkeypatch.setattr(reply_module, "lay_out", counted)
    marked = [(piece, 96) for piece in ("**b** ", "*i* ", "_i_ ", "`c` ", "[a](http://b.cd) ")]
    for piece, most in (("x", 4096), ("a\t", 819), ("a|", 409), *marked):
        reply = Reply()
        reply.write(piece * most)
        reply.advance()
        assert looks == []
        reply.write(piece)
        reply.advance()
        assert looks
        looks.clear()


def test_what_is_no_formula_any_more_once_it_is_cut_leaves_its_message_formatted() -> None:
    first, *_ = written(["**bold**\\(" + "word" * 60 + "\\) end"], limit=LIMIT)
    assert shown(first, "bold") == ["bold"]
    assert units(first.text) >= 0.85 * LIMIT


@pytest.mark.parametrize("text", ["x", "xy"])
def test_a_note_in_messages_of_a_few_units_leaves_every_letter(text: str) -> None:
    assert "".join(part.text for part in written([text], limit=3, note="n")) == f"{text}n"


def test_what_shows_more_once_it_stands_alone_is_cut_earlier_and_keeps_its_format() -> None:
    reply = Reply(limit=40)
    reply.write("$$\n|---|---|\n|---|---|\n$$\n|---|---|\n|---|---|\n$$\n|---|---|\n$$\n")
    reply.end()
    reply.advance()
    assert [reply.show(part).text for part in reply.sealed] == ["|---|---|\n|---|---|\n|---|---|"]
    assert not any(part.plain for part in reply.sealed), "the marks of a formula are not shown"
