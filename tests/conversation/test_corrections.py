"""A transcript that its speaker puts right: the part of the question whose recording says something else now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.corrections import with_right_words
from bot.conversation.messages import Message, QuestionPart, Role, SentFile

VOICE = SentFile("voice", "v", "v")
PICTURE = SentFile("photo", "p", "p")
HEARD = "call  my\nfather"


def question(*parts: QuestionPart, text: str = "Please call my father today", unread: bool = False) -> Message:
    return Message(1, None, Role.USER, text, parts=parts, unread=unread)


@pytest.mark.parametrize("kind", ["voice", "audio", "video_note"])
def test_the_one_recording_of_a_question_says_the_right_words_and_nothing_else_of_it_changes(kind: str) -> None:
    recording = replace(VOICE, kind=kind)
    spoken = QuestionPart(7, "See this", files=(PICTURE, recording))
    right = with_right_words(question(QuestionPart(6, "Hi"), spoken), HEARD, "call my farther")
    assert right == replace(spoken, files=(PICTURE, replace(recording, corrected="call my farther")))


def test_a_transcript_that_was_shown_in_part_is_known_by_its_beginning() -> None:
    assert with_right_words(question(QuestionPart(7, files=(VOICE,))), "Please call…", "Do call") is not None
    assert with_right_words(question(QuestionPart(7, files=(VOICE,))), "call mother…", "Do call") is None


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (QuestionPart(7, "words"),),
        (QuestionPart(7, files=(PICTURE,)),),
        (QuestionPart(7, files=(VOICE, VOICE)),),
        (QuestionPart(7, files=(VOICE,)), QuestionPart(8, files=(VOICE,))),
        (QuestionPart(7, files=(replace(VOICE, author="Boris"),)),),
    ],
    ids=["no part", "words", "a picture", "two in a message", "two messages", "somebody else's"],
)
def test_where_nobody_can_tell_which_recording_is_meant_none_is_put_right(parts: tuple[QuestionPart, ...]) -> None:
    assert with_right_words(question(*parts), HEARD, "call my farther") is None


def test_somebody_elses_recording_beside_ones_own_keeps_its_words() -> None:
    theirs = replace(VOICE, author="Boris", unique_id="b")
    right = with_right_words(question(QuestionPart(7, files=(theirs, VOICE))), HEARD, "call")
    assert right == QuestionPart(7, files=(theirs, replace(VOICE, corrected="call")))


def test_a_question_that_is_still_to_be_heard_has_no_words_to_put_right() -> None:
    assert with_right_words(question(QuestionPart(7, files=(VOICE,)), unread=True), HEARD, "call") is None
