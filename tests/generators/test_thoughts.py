from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.generators.contract import Recast, Thought
from bot.generators.thoughts import ThoughtSplitter


def split(pieces: Iterable[str], *, begins_in_thought: bool = False) -> tuple[str, str]:
    """What comes out: thoughts and answer."""
    splitter = ThoughtSplitter(begins_in_thought=begins_in_thought)
    thoughts = answer = ""
    for piece in [piece for text in pieces for piece in splitter.feed(text)] + splitter.flush():
        match piece:
            case str():
                answer += piece
            case Thought():
                thoughts += piece.text
            case Recast():
                thoughts, answer = thoughts + answer, ""
    return thoughts, answer


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("Hi", "", "Hi"),
        ("<think>a</think>b", "a", "b"),
        ("\n<think>\na\n</think>\n\nb\n", "\na\n", "b\n"),
        ("<think></think>b", "", "b"),
        ("<think>never closed </thin", "never closed </thin", ""),
        ("b <think>a</think>", "", "b <think>a</think>"),
        ("<thinker>", "", "<thinker>"),
        ("<thi", "", "<thi"),
        ("  ", "", "  "),
        ("<think>a</think>b</think>c", "a", "b</think>c"),
    ],
)
def test_thoughts_come_apart_from_the_answer(text: str, thoughts: str, answer: str) -> None:
    assert split([text]) == split(text) == (thoughts, answer)


NO_MARKS = st.text(st.characters(exclude_characters="<[◁"), max_size=400)
"""Texts in which no mark can begin."""


@given(NO_MARKS | NO_MARKS.map(lambda text: text.replace(" ", " < ")), st.lists(st.integers(0, 400)))
def test_text_without_thoughts_comes_out_as_it_went_in(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    assert split(text[start:end] for start, end in pairwise(places)) == ("", text)


@given(st.text("<>/think ab", max_size=30))
def test_cuts_change_nothing(text: str) -> None:
    assert split([f"<think>{text}"]) == split(f"<think>{text}")


def test_thoughts_are_passed_on_as_they_come() -> None:
    splitter = ThoughtSplitter()
    assert splitter.feed("<think>so far</") == [Thought("so far")]
    assert splitter.feed("b>") == [Thought("</b>")]


HARMONY = "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>"
FORMS = {
    "<think>": "<think>{}</think>",
    "<thinking>": "<thinking>{}</thinking>\n\n",
    "<thought>": "<thought>{}</thought>",
    "<reasoning>": "<reasoning>{}</reasoning>",
    "<seed:think>": "<seed:think>{}</seed:think>",
    "[THINK]": "[THINK]{}[/THINK]",
    "Kimi": "◁think▷{}◁/think▷",
    "Cohere": "<|START_THINKING|>{}<|END_THINKING|>",
    "Gemma": "<|channel>thought{}<channel|>",
    "Harmony": HARMONY,
    "Harmony with a header": "<|start|>assistant" + HARMONY,
    "alone": "{}\n</think>\n\n",
}
forms = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
words = st.text(st.sampled_from("abЖ🙂 .,;:!?()-+*\n"), min_size=1, max_size=40).filter(str.strip)
cutting = st.lists(st.integers(0, 400), max_size=40)


def cut(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(places)]


@forms
@given(thoughts=words, answer=words, cuts=cutting)
def test_thoughts_come_apart_in_every_form_wherever_they_are_cut(
    form: str, thoughts: str, answer: str, cuts: list[int]
) -> None:
    found = split(cut(form.format(thoughts) + answer, cuts))
    assert (found[0].strip(), found[1]) == (thoughts.strip(), answer.lstrip())


@forms
@given(thoughts=words, cuts=cutting)
def test_thoughts_that_never_end_are_thoughts(form: str, thoughts: str, cuts: list[int]) -> None:
    opening = form.partition("{}")[0]
    if opening:
        assert split(cut(opening + thoughts, cuts)) == (thoughts, "")


TOKENS = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|end_of_turn|>",
    "<|endoftext|>",
    "<|return|>",
    "<end_of_turn>",
    "<|im_start|>assistant",
]


@pytest.mark.parametrize("token", TOKENS)
@given(before=words, after=words, cuts=cutting)
def test_left_over_tokens_are_gone(token: str, before: str, after: str, cuts: list[int]) -> None:
    assert split(cut(f"{before}{token}{after}", cuts)) == ("", before + after)


MARKS = [*TOKENS, "</think>", "</thinking>", "[/THINK]", "<think>", "<|channel|>analysis<|message|>"]
SETTINGS = {
    "code": "Write `{}` there.",
    "long code": "Write `` ` {} `` there.",
    "a block": "So:\n```\n{}\n```\nDone.",
    "a block in a list": "1. So:\n   ```html\n   a\n   {}\n   ```\nDone.",
    "a block of tildes": "~~~\n```\n{}\n~~~\nDone.",
    "a quotation": "He said:\n> so {}\n\nDone.",
    "quotation marks": 'The tag “{}” and the tag "{}" are marks.',
}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
@given(cuts=cutting)
def test_the_same_words_in_code_or_a_quotation_stay(setting: str, mark: str, cuts: list[int]) -> None:
    text = setting.replace("{}", mark)
    assert split(cut(text, cuts)) == ("", text)


@pytest.mark.parametrize(
    "text",
    [
        "The </think> tag ends it.",
        "a <|> b |> c <| d |x| <||>",
        "if (a<b) { return a>b; }",
        "a [THINKING] b",
        "x <T> y, <thinkpad>, </thinker>",
    ],
)
@given(cuts=cutting)
def test_what_only_looks_like_a_mark_stays(text: str, cuts: list[int]) -> None:
    assert split(cut(text, cuts)) == ("", text)


@given(thoughts=words, answer=words, cuts=cutting)
def test_a_template_that_opens_the_thoughts_is_read_from_the_start(thoughts: str, answer: str, cuts: list[int]) -> None:
    pieces = cut(f"{thoughts}</think>\n{answer}", cuts)
    splitter = ThoughtSplitter(begins_in_thought=True)
    out = [piece for text in pieces for piece in splitter.feed(text)] + splitter.flush()
    assert not any(isinstance(piece, Recast) for piece in out)
    assert "".join(piece.text for piece in out if isinstance(piece, Thought)) == thoughts
    assert "".join(piece for piece in out if isinstance(piece, str)) == answer.lstrip()
    assert splitter.closed_unopened


def test_two_thoughts_in_a_row_are_both_thoughts() -> None:
    assert split("<think>a</think>\n\n<think>b</think>\nc") == ("ab", "c")


def test_white_space_that_never_ends_is_not_gathered() -> None:
    splitter = ThoughtSplitter()
    assert "".join(str(piece) for _ in range(100) for piece in splitter.feed(" " * 10)).count(" ") > 500


def test_a_template_that_opens_the_thoughts_no_more_is_noticed() -> None:
    splitter = ThoughtSplitter(begins_in_thought=True)
    assert [*splitter.feed("<think>hm</think>Hi"), *splitter.flush()] == [Thought("hm"), "Hi"]
    assert not splitter.closed_unopened
