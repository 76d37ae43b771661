"""Whatever a server answers to getUpdates: polling goes on, nothing comes for ever, each question is heard once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aiogram.methods import GetUpdates
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.updates.scripted_session import Respond, World, poll
from tests.updates.scripted_telegram import message

QUIET = 60.0
"""Seconds, on the moved clock, that a scene goes on after its last answer."""
DEEP = "[" * 100_000 + "]" * 100_000

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(["message", "edited_message", "callback_query", "poll", "my_chat_member", "brand_new_kind"])
IDS = JSON | st.integers(-3, 40) | st.integers(2**31 - 3, 2**65) | st.integers(-3, 40).map(str) | st.just(7.0)
JUNK = st.one_of(
    JSON.filter(lambda value: not (isinstance(value, dict) and "update_id" in value)),
    st.builds(lambda number, kind, value: {"update_id": number, kind: value}, IDS, KINDS, JSON),
    st.builds(lambda kind, value: {kind: value}, KINDS, JSON),
)


def scripted(answers: list[tuple[int, str]]) -> Respond:
    """These answers one after another, then no updates."""
    left = iter(answers)
    return lambda _: next(left, (200, '{"ok": true, "result": []}'))


def ended(answers: int) -> Callable[[World], bool]:
    """Whether a minute has passed since so many answers were given."""
    return lambda world: len(world.requests) > answers and world.now - world.requests[answers][0] >= QUIET


def listed(*parts: str) -> tuple[int, str]:
    return 200, f'{{"ok": true, "result": [{", ".join(parts)}]}}'


def question(number: int) -> str:
    return json.dumps(message(number))


async def heard(*answers: tuple[int, str]) -> World:
    world = await poll(scripted([*answers]), ended(len(answers)))
    asked_in_quiet = [at for at, _ in world.requests[len(answers) :]]
    assert len(asked_in_quiet) <= QUIET + 2, "it spins"
    return world


UNREADABLE = {
    "unknown kind": '{"update_id": 1, "brand_new_kind_of_update": {"a": [1]}}',
    "unknown kind without content": '{"update_id": 1, "brand_new_kind_of_update": null}',
    "no kind": '{"update_id": 1}',
    "broken field": '{"update_id": 1, "message": {"message_id": 1, "date": "yesterday"}}',
    "kind of the wrong type": '{"update_id": 1, "message": [7]}',
    "id as text": '{"update_id": "1", "brand_new_kind": {}}',
    "id as a float": '{"update_id": 1.0, "brand_new_kind": {}}',
    "nested too deeply": f'{{"update_id": 1, "message": {DEEP}}}',
    "id behind what is nested too deeply": f'{{"message": {DEEP}, "update_id": 1}}',
    "no JSON": '{"update_id": 1, "message": {"text": "\\q", "update_id": 900}}',
    "a number too long to read": f'{{"update_id": 1, "message": {"9" * 5000}}}',
}
WITHOUT_ID = {
    "null": "null",
    "text": '"an update"',
    "list": '[{"update_id": 1}]',
    "true": "true",
    "empty": "{}",
    "no id": '{"message": {"text": "Hello"}}',
    "id abc": '{"update_id": "abc", "message": {}}',
    "negative id": '{"update_id": -5, "poll": {}}',
    "id true": '{"update_id": true, "poll": {}}',
    "id 1.5": '{"update_id": 1.5, "poll": {}}',
    "huge id": '{"update_id": 1000000000000000000000000000000, "poll": {}}',
    "infinite id": '{"update_id": Infinity, "poll": {}}',
    "id list": '{"update_id": [1], "poll": {}}',
}
NO_LIST = {
    "null": '{"ok": true, "result": null}',
    "object": '{"ok": true, "result": {"update_id": 1}}',
    "text": '{"ok": true, "result": "updates"}',
    "no result": '{"ok": true}',
    "a list": "[]",
    "null alone": "null",
    "wrong parameters": '{"ok": true, "result": [], "parameters": "none"}',
    "nothing": "",
    "half": '{"ok": true, "result": [{"update_id": 1, "message": {"te',
    "deep": DEEP,
    "not ok": '{"ok": false}',
    "ok of another type": '{"ok": "perhaps", "result": []}',
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_confirmed_by_its_id(raw: str, caplog: pytest.LogCaptureFixture) -> None:
    world = await heard(listed(raw, question(2)), listed(question(3)))
    assert world.heard == ["Question 2", "Question 3"]
    assert [offset for _, offset in world.requests[:3]] == [None, 3, 4]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_and_comes_alone_is_confirmed_too(raw: str) -> None:
    world = await heard(listed(raw), listed(question(2)))
    assert world.heard == ["Question 2"]
    assert [offset for _, offset in world.requests[:3]] == [None, 2, 3]


@pytest.mark.parametrize("raw", WITHOUT_ID.values(), ids=WITHOUT_ID)
async def test_what_has_no_id_is_passed_over(raw: str, caplog: pytest.LogCaptureFixture) -> None:
    world = await heard(listed(raw, question(2)), listed(raw), listed(raw), listed(question(3), raw))
    assert world.heard == ["Question 2", "Question 3"]
    assert len(caplog.records) == 4


@pytest.mark.parametrize("answer", NO_LIST.values(), ids=NO_LIST)
@pytest.mark.parametrize("status", [200, 400, 429, 500])
async def test_an_answer_without_updates_ends_nothing(answer: str, status: int) -> None:
    world = await heard((status, answer), (status, answer), listed(question(1)))
    assert world.heard == ["Question 1"]


async def test_a_server_that_never_forgets_what_cannot_be_read_is_not_flooded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def respond(_: GetUpdates) -> tuple[int, str]:
        return listed("null", UNREADABLE["unknown kind"], question(2))

    world = await poll(respond, lambda world: world.now >= 1_000.0 + QUIET)
    assert world.heard == ["Question 2"]
    assert len(world.requests) <= QUIET + 2
    assert len(caplog.records) <= 25


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(JUNK | st.just(...), max_size=6), max_size=6))
async def test_questions_among_anything_are_heard_once_and_in_order(answers: list[list[Any]]) -> None:
    number = 1_000_000
    sent: list[tuple[int, str]] = []
    expected: list[str] = []
    for answer in answers:
        parts: list[str] = []
        for junk in answer:
            number += 1
            parts.append(question(number) if junk is ... else json.dumps(junk))
            expected += [f"Question {number}"] if junk is ... else []
        sent.append(listed(*parts))
    world = await heard(*sent)
    assert world.heard == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([200, 302, 400, 404, 429, 500, 502]), JSON.map(json.dumps) | st.text())))
async def test_no_answer_ends_the_polling(answers: list[tuple[int, str]]) -> None:
    world = await heard(*answers, listed(question(1_000_000)))
    assert world.heard[-1:] == ["Question 1000000"]
