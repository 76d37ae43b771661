"""Thoughts beside a growing answer: folded, late, or taken for the answer."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from bot.rendering.reply import Reply
from tests.rendering.strict import check, messages, shown, units

LIMIT = 100
PLAIN = st.text(alphabet=st.sampled_from("abcабв 0189,;:?%\n中שé👍\u0301\u200d\xa0"), max_size=700)


def test_thoughts_stand_folded_at_the_head() -> None:
    reply = Reply(thoughts_title="Thoughts")
    reply.think("Let me see.\nIt is **42**.")
    assert messages(reply)[0].text == "Thoughts\nLet me see.\nIt is **42**."
    reply.write("The answer: *42*")
    reply.end()

    (message,) = messages(reply)
    check(message)
    assert message.text == "Thoughts\nLet me see.\nIt is **42**.\n\nThe answer: 42"
    assert shown(message, "expandable_blockquote") == ["Thoughts\nLet me see.\nIt is **42**."]
    assert shown(message, "italic") == ["42"]
    assert reply.text == "The answer: *42*"


def test_thoughts_can_be_hidden() -> None:
    reply = Reply(thoughts="hide", thoughts_title="Thoughts")
    reply.think("secret")
    assert reply.tail() is None
    reply.write("Answer")

    assert [message.text for message in messages(reply)] == ["Answer"]


def test_long_thoughts_take_a_bounded_room() -> None:
    reply = Reply(thoughts_title="Thoughts")
    for number in range(2000):
        reply.think(f"Thought {number}. ")
    (thinking,) = messages(reply)
    assert "Thought 1999." in thinking.text
    reply.write("word " * 1500)
    reply.advance()

    first, *others = messages(reply)
    assert first.text.startswith("Thoughts\nThought 0. Thought 1.")
    assert units(first.text) <= 4096
    assert not any("Thought" in other.text for other in others)


def test_thoughts_that_come_late_still_fit() -> None:
    reply = Reply(limit=2000)
    reply.write("word " * 390)
    reply.advance()
    reply.think("hm. " * 500)
    reply.advance()
    reply.end()
    reply.advance()

    for message in messages(reply):
        check(message, 2000)
    assert sum(message.text.count("word") for message in messages(reply)) == 390


def test_text_that_turns_out_to_be_thoughts_folds() -> None:
    reply = Reply(thoughts_title="Thoughts")
    reply.write("The user asks. ")
    assert reply.tail() is not None
    assert reply.take_text_for_thoughts() == "The user asks. "
    reply.write("Budapest.")
    reply.end()
    assert reply.text == "Budapest."
    [message] = messages(reply)
    assert message.text.startswith("Thoughts\nThe user asks.")
    assert message.text.endswith("Budapest.")
    assert message.entities[0].type == "expandable_blockquote"


def test_thoughts_that_turn_out_to_be_the_answer_stand_unfolded() -> None:
    reply = Reply(thoughts_title="Thoughts")
    reply.think("Budapest is the capital.")
    assert reply.tail() is not None
    reply.take_thoughts_for_text("Budapest is the capital.")
    reply.end()
    [message] = messages(reply)
    assert (message.text, message.entities) == ("Budapest is the capital.", ())


def test_text_that_comes_after_thoughts_is_cut_into_messages_as_any_other() -> None:
    reply = Reply(limit=LIMIT, thoughts="hide")
    reply.write("The user asks. ")
    reply.take_text_for_thoughts()
    reply.write("word " * 60)
    reply.advance()
    assert len(reply.sealed) == 2
    assert all(units(message.text) <= LIMIT for message in messages(reply))


@pytest.mark.parametrize(("more", "count"), [(0, 1), (1, 2)])
@pytest.mark.parametrize("ended", [False, True])
def test_thoughts_and_text_share_a_message_as_long_as_both_fit(more: int, count: int, *, ended: bool) -> None:
    reply = Reply(limit=LIMIT, thoughts_title="Thoughts")
    reply.think("hm")
    reply.write("x" * (LIMIT - len("Thoughts\nhm\n\n") + more))
    if ended:
        reply.end()
    reply.advance()
    assert len(messages(reply)) == count


def test_thoughts_that_come_late_leave_half_of_the_text_in_view() -> None:
    reply = Reply(limit=2000)
    reply.write("word " * 390)
    reply.advance()
    assert reply.tail()
    reply.think("hm. " * 200)
    tail = reply.tail()
    assert tail is not None
    assert 180 <= reply.show(tail).text.count("word") <= 200
