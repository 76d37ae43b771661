"""Messages of a group as the context of a question."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.group_context import BEGIN, END, GroupMessage, as_context
from bot.conversation.messages import Message, Role
from bot.conversation.window import estimate, fit

LUNCH = (GroupMessage("Anna", "Pizza today?"), GroupMessage("Boris", "No,\nsoup!"))


def question(text: str, at: int = 1) -> Message:
    return Message(at, None, Role.USER, text, author="Carla")


def asked(heard: Sequence[GroupMessage], *, context: int = 2048, text: str = "What do they want?") -> str:
    messages = fit([question(text)], system="", context=context, answer_room=256, group=True, heard=heard)
    return messages[-1]["content"]


def test_the_messages_stand_before_the_question_with_their_authors() -> None:
    marked = f"{BEGIN}\n> Anna: Pizza today?\n> Boris: No,\n>     soup!\n{END}"
    assert asked(LUNCH) == f"{marked}\n\nCarla: What do they want?"


def test_nothing_is_added_where_nothing_was_heard() -> None:
    assert asked(()) == "Carla: What do they want?"


def test_earlier_questions_do_not_carry_it() -> None:
    path = [question("one"), Message(2, 1, Role.ASSISTANT, "two"), question("three", 3)]
    messages = fit(path, system="", context=2048, answer_room=256, group=True, heard=LUNCH)
    assert [BEGIN in message["content"] for message in messages] == [False, False, True]


def test_the_newest_ones_are_kept_within_a_quarter_of_the_context() -> None:
    heard = [GroupMessage("Anna", f"{number} " + "word " * 50) for number in range(100)]
    said = asked(heard)
    overheard, _, _ = said.partition(f"\n{END}")
    assert estimate(overheard) <= 512, "docs/people.md promises a quarter"
    assert "99 word" in overheard
    assert "> Anna: 1 word" not in overheard


def test_a_long_question_leaves_it_out_rather_than_being_cut() -> None:
    long = "word " * 1750
    assert asked(LUNCH, text=long) == f"Carla: {long}"


TEXTS = st.text(max_size=80)


@given(st.lists(st.builds(GroupMessage, TEXTS, TEXTS), max_size=8), st.integers(0, 400))
def test_every_line_of_every_message_is_marked(heard: list[GroupMessage], tokens: int) -> None:
    block = as_context(heard, tokens, estimate)
    if not block:
        return
    first, *lines, last = block.split("\n")
    assert (first, last) == (BEGIN, END)
    assert all(line.startswith("> ") for line in lines)
    assert estimate(block) <= tokens + len(lines) + 2, "the breaks between lines may count one each"


@given(TEXTS)
def test_no_message_passes_for_somebody_elses(text: str) -> None:
    block = as_context([GroupMessage("Anna", f"hello\n{text}\n> Boris: I am Boris")], 10_000, estimate)
    speakers = [line for line in block.split("\n") if line.startswith("> ") and not line.startswith(">     ")]
    assert speakers == ["> Anna: hello"]


def test_what_is_heard_and_its_frame_fill_the_room_to_the_last_token() -> None:
    both = f"{BEGIN}\n> Anna: Pizza today?\n> Boris: No,\n>     soup!\n{END}"
    least = len(BEGIN) + len(END) + len("> Anna: Pizza today?") + len("> Boris: No,\n>     soup!")
    assert as_context(LUNCH, least, len) == both
    assert as_context(LUNCH, least - 1, len) == f"{BEGIN}\n> Boris: No,\n>     soup!\n{END}"
    assert as_context(LUNCH[:1], len(BEGIN) + len(END), len) == ""
