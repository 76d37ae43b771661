"""Questions that wait: they are seen to wait, and a new conversation lets go of them."""

from __future__ import annotations

import pytest
from aiogram import methods
from aiogram.types import ReactionTypeEmoji

from bot.telegram.destination import Destination
from tests.harness.bot_scene import ANNA, BORIS, GROUP, Harness

MENTION = "@aura_bot"


def reactions(harness: Harness) -> list[tuple[int, str]]:
    """What was set under which message, in order; an empty text: nothing any more."""
    return [
        (call.message_id, "".join(one.emoji for one in call.reaction or [] if isinstance(one, ReactionTypeEmoji)))
        for call in harness.recording.made(methods.SetMessageReaction)
    ]


@pytest.mark.parametrize("chat", [None, GROUP])
async def test_a_question_that_waits_gets_eyes_and_one_that_is_answered_at_once_does_not(
    harness: Harness, chat: int | None
) -> None:
    harness.may_write.clear()
    await harness.message(ANNA, f"{MENTION} one", chat=chat)
    assert reactions(harness) == []
    waits = await harness.message(ANNA, f"{MENTION} two", chat=chat)
    assert reactions(harness) == [(waits, "\N{EYES}")]


async def test_its_answer_is_attached_to_it_also_in_a_private_chat(harness: Harness) -> None:
    harness.may_write.clear()
    await harness.message(ANNA, "one")
    await harness.written_to()
    waits = await harness.message(ANNA, "two")
    harness.may_write.set()
    await harness.answered(2)
    first, second = harness.recording.made(methods.SendMessage)
    assert first.reply_parameters is None
    assert second.reply_parameters is not None
    assert second.reply_parameters.message_id == waits


async def test_an_answer_replies_to_its_question_where_anything_stands_in_between(harness: Harness) -> None:
    newest, place = harness.telegram.newest, Destination(ANNA.id, reply_to=10, private=True)
    newest.note(ANNA.id, 10)
    assert newest.attach(place).reply_to is None, "it stands right below"
    newest.note(ANNA.id, 11)
    assert newest.attach(place) == place
    newest.note(ANNA.id, 10)
    assert newest.attach(place) == place, "an older message came again"


async def test_groups_always_reply_and_so_does_whoever_knows_nothing(harness: Harness) -> None:
    for place in (Destination(GROUP, reply_to=5), Destination(ANNA.id, reply_to=5, private=True)):
        assert harness.telegram.newest.attach(place) == place


async def test_a_new_conversation_says_what_became_of_the_questions_of_the_old_one(harness: Harness) -> None:
    harness.may_write.clear()
    asked = [await harness.message(BORIS, f"{number}") for number in range(4)]
    await harness.written_to()
    await harness.message(BORIS, "/new")
    assert harness.last.splitlines() == [
        "Прошлый ответ остановлен.",
        "Сняты 3 вопроса, которые ждали очереди.",
        "Начинаем новый разговор. О чём поговорим?",
    ]
    assert reactions(harness)[3:] == [(message, "") for message in asked[1:]]
    harness.may_write.set()
    await harness.message(BORIS, "anew")
    await harness.answered(2)
    assert [[message.text for message in path] for path in harness.paths] == [["0"], ["anew"]]


async def test_where_nothing_waits_a_new_conversation_says_nothing_of_it(harness: Harness) -> None:
    await harness.message(ANNA, "one")
    await harness.answered()
    await harness.message(ANNA, "/new")
    assert harness.last == "A new conversation. What would you like to know?"
    assert reactions(harness) == []
