"""A comment and what it forwards: one question, and the forwarded words are somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.messages import Quote
from tests.handlers.test_documents import document
from tests.harness.bot_scene import ANNA, BORIS, GROUP, Harness

MENTION = "@aura_bot"
COMMENT = "Which companies are discussed here?"


def forward(name: str = "Clara") -> dict[str, Any]:
    """What makes a message a forwarded one."""
    return {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": name}}


async def test_a_comment_and_its_forward_are_one_question(harness: Harness) -> None:
    harness.may_write.clear()
    await harness.message(ANNA, COMMENT)
    await harness.written_to()
    await harness.message(ANNA, "SpaceX, and BOO", **forward())
    harness.may_write.set()
    await harness.answered(2)
    question = harness.paths[1][-1]
    assert question.text == COMMENT
    assert question.quote == Quote("Clara", "SpaceX, and BOO")
    assert len(harness.said) == 1
    assert [one.text for one in await harness.conversations.history(harness.key())] == [COMMENT, f"Answer to {COMMENT}"]


async def test_a_comment_that_was_answered_at_once_is_answered_anew_with_its_forward(harness: Harness) -> None:
    await harness.message(ANNA, COMMENT)
    await harness.answered()
    await harness.message(ANNA, "SpaceX", **forward())
    await harness.answered(2)
    assert harness.paths[1][-1].text == COMMENT
    assert harness.paths[1][-1].quote == Quote("Clara", "SpaceX")
    assert len(harness.said) == 1


async def test_a_comment_that_waits_takes_its_forward_in(harness: Harness) -> None:
    harness.may_write.clear()
    await harness.message(ANNA, "What is a quark?")
    await harness.written_to()
    await harness.message(ANNA, COMMENT, date=100)
    await harness.message(ANNA, "SpaceX", date=101, **forward())
    harness.may_write.set()
    await harness.answered(2)
    assert [path[-1].text for path in harness.paths] == ["What is a quark?", COMMENT]
    assert harness.paths[1][-1].quote == Quote("Clara", "SpaceX")


async def test_the_comment_may_come_after_the_forward(harness: Harness) -> None:
    await harness.message(ANNA, "SpaceX", **forward())
    await harness.message(ANNA, COMMENT)
    await harness.answered()
    assert harness.paths[0][-1].text == COMMENT
    assert harness.paths[0][-1].quote == Quote("Clara", "SpaceX")


async def test_several_forwards_are_one_question_with_each_authors_name(harness: Harness) -> None:
    await harness.message(ANNA, "SpaceX", **forward("Clara"))
    await harness.message(ANNA, "Boeing", **forward("Dora"))
    await harness.message(ANNA, "Airbus", **forward("Dora"))
    await harness.answered()
    assert harness.paths[0][-1].text == "What do you say to this?"
    assert harness.paths[0][-1].quote == Quote("Clara, Dora", "Clara:\n\nSpaceX\n\nDora:\n\nBoeing\n\nAirbus")


async def test_a_forwarded_album_belongs_to_its_comment(harness: Harness) -> None:
    await harness.message(ANNA, COMMENT)
    for name in ("a.txt", "b.txt"):
        file = document(harness, name.encode(), name)
        await harness.message(ANNA, None, media_group_id="album", **file, **forward())
    await harness.answered(2)
    await harness.at_rest()
    question = harness.paths[-1][-1]
    assert question.text == COMMENT
    assert question.quote is not None
    assert question.quote.text == "Document a.txt:\n```\na.txt\n```\n\nDocument b.txt:\n```\nb.txt\n```"
    assert len(harness.said) == 1


async def test_in_a_group_the_comment_alone_names_the_bot(harness: Harness) -> None:
    await harness.message(ANNA, f"{MENTION} {COMMENT}", chat=GROUP)
    await harness.message(ANNA, "SpaceX", chat=GROUP, **forward())
    await harness.answered(2)
    await harness.at_rest()
    assert harness.paths[-1][-1].text == COMMENT
    assert harness.paths[-1][-1].quote == Quote("Clara", "SpaceX")
    assert len(harness.said) == 1


@pytest.mark.parametrize(("who", "date"), [(BORIS, 1), (ANNA, 60)], ids=["another person's", "a later one"])
async def test_in_a_group_other_forwards_are_left_alone(harness: Harness, who: Any, date: int) -> None:
    await harness.message(ANNA, f"{MENTION} {COMMENT}", chat=GROUP)
    await harness.answered()
    await harness.message(who, "SpaceX", chat=GROUP, date=date, **forward())
    await harness.at_rest()
    assert len(harness.paths) == 1


async def test_a_forward_of_a_later_moment_is_a_question_of_its_own(harness: Harness) -> None:
    await harness.message(ANNA, COMMENT, date=100)
    await harness.answered()
    await harness.message(ANNA, "SpaceX", date=110, **forward())
    await harness.answered(2)
    assert harness.paths[1][-1].text == "What do you say to this?"
    assert len(harness.said) == 2


async def test_an_edited_comment_keeps_what_it_forwards(harness: Harness) -> None:
    comment = await harness.message(ANNA, COMMENT)
    await harness.message(ANNA, "SpaceX", **forward())
    await harness.answered(2)
    await harness.at_rest()
    await harness.edited(ANNA, comment, "And which are rich?")
    await harness.answered(3)
    assert harness.paths[-1][-1].text == "And which are rich?"
    assert harness.paths[-1][-1].quote == Quote("Clara", "SpaceX")


async def test_undo_takes_the_comment_and_its_forward_out(harness: Harness) -> None:
    await harness.message(ANNA, COMMENT)
    await harness.message(ANNA, "SpaceX", **forward())
    await harness.answered(2)
    await harness.at_rest()
    await harness.message(ANNA, "/undo")
    assert await harness.conversations.history(harness.key()) == []
