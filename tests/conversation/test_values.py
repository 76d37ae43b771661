"""The values that all share: what is not said of one is nothing."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import pytest

from bot.conversation import broadcasts, messages, people, usage
from bot.conversation.messages import ChatKey, Ending, Question, QuestionPart, Quote, SentFile, TurnState
from bot.conversation.people import Chat, Person, Standing

VALUES = [
    broadcasts.Broadcast,
    messages.AnswerRecord,
    messages.ChatKey,
    messages.Message,
    messages.Question,
    messages.QuestionPart,
    messages.SentFile,
    messages.Shown,
    messages.Turn,
    people.Chat,
    people.Person,
    usage.UsageSum,
]
SAID = {
    (messages.Message, "ending"): Ending.COMPLETE,
    (people.Chat, "present"): True,
    (people.Chat, "writable"): True,
    (people.Person, "standing"): Standing.NEW,
}
"""What is taken for granted instead."""


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_what_is_not_said_is_nothing_but_for_what_is_taken_for_granted(value: Any) -> None:
    given = {field.name: field.default for field in fields(value) if field.default is not MISSING}
    assert {name: default for name, default in given.items() if default} == {
        name: default for (kind, name), default in SAID.items() if kind is value
    }


def test_a_person_is_the_same_whenever_they_were_seen() -> None:
    assert Person(1, "Ann", seen=3600.0) == Person(1, "Ann", seen=7200.0) != Person(1, "Anna")
    assert Chat(-1, "group", hold_until=5.0) != Chat(-1, "group")


def test_settings_belong_to_the_place_whoever_talks_there() -> None:
    assert ChatKey(1, -2, 3, person=4).place == ChatKey(1, -2, 3)
    assert ChatKey(1, -2, 3).place == ChatKey(1, -2, 3)


def test_a_part_is_empty_where_nothing_was_said_quoted_or_sent() -> None:
    assert QuestionPart(1).is_empty
    file = SentFile("photo", "f", "u")
    for part in (QuestionPart(1, "Hi"), QuestionPart(1, quote=Quote("A", "b")), QuestionPart(1, files=(file,))):
        assert not part.is_empty


def test_only_failures_wrote_nothing() -> None:
    assert {ending for ending in Ending if ending.is_empty} == {Ending.FAILED, Ending.TOO_LONG}


def test_a_turn_is_finished_once_it_is_done_stopped_or_failed() -> None:
    finished = {state for state in TurnState if state.finished}
    assert finished == {TurnState.DONE, TurnState.STOPPED, TurnState.FAILED}


def test_a_question_may_be_alone() -> None:
    assert not Question(ChatKey(1, 2), 3, "Hi", messages.Author(4, "Ann"), private=True, language="en").may_continue
