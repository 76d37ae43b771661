"""Pictures in the window: the newest are seen, the others are words."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.messages import Message, Picture, Role
from bot.conversation.window import PICTURE_TOKENS, estimate, fit, newest_pictures
from tests.harness.conversations import said


def shown(*names: str) -> tuple[Picture, ...]:
    return tuple(Picture(name, name, name) for name in names)


def test_the_newest_three_pictures_are_seen_each_once() -> None:
    path = [
        Message(1, None, Role.USER, "one", pictures=shown("a", "b")),
        Message(2, 1, Role.ASSISTANT, "1"),
        Message(3, 2, Role.USER, "two", pictures=shown("c", "b")),
        Message(4, 3, Role.ASSISTANT, "2"),
        Message(5, 4, Role.USER, "three", pictures=shown("d")),
    ]
    assert [one.unique_id for one in newest_pictures(path)] == ["c", "b", "d"]


def test_all_pictures_of_the_newest_album_are_seen_and_no_older_ones() -> None:
    names = [str(number) for number in range(12)]
    path = [
        Message(1, None, Role.USER, "one", pictures=shown("a", "b")),
        Message(2, 1, Role.ASSISTANT, "1"),
        Message(3, 2, Role.USER, "two", pictures=shown(*names)),
        Message(4, 3, Role.ASSISTANT, "2"),
        Message(5, 4, Role.USER, "And which is the oldest?"),
    ]
    assert [one.unique_id for one in newest_pictures(path)] == names[-10:]
    assert len({str(number) for number in range(len(newest_pictures(path)))}) == 10
    *_, asked, _, _ = fit(path, system="", context=99_999, answer_room=100, group=False, seen=names[-10:])
    assert asked["content"].count("\x00") == 20


def test_a_picture_has_its_place_and_an_unseen_one_a_word() -> None:
    asked = Message(1, None, Role.USER, "What is it?", pictures=shown("a", "b"))
    (message,) = fit([asked], system="", context=8192, answer_room=100, group=False, seen=["b"])
    assert message["content"] == "[picture]\n\x000\x00\nWhat is it?"


def test_a_picture_has_a_fixed_cost() -> None:
    assert estimate("\x000\x00") == PICTURE_TOKENS
    path = said("One", "1", "Two")
    path[0] = replace(path[0], pictures=shown("a"))
    far = fit(path, system="", context=1200, answer_room=100, group=False, seen=["a"])
    assert [one["content"] for one in far] == ["Two"]
    assert len(fit(path, system="", context=1200, answer_room=100, group=False)) == 3
    assert len(fit(path, system="", context=2048, answer_room=100, group=False, seen=["a"])) == 3
