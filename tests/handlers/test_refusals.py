"""Messages that are not taken for a limit: one notice, edited, that names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiogram import methods

from handlers.support.refusals import MAX_LISTED, REFUSAL_INTERVAL
from tests.harness.bot_scene import ANNA, BORIS, FORUM, GROUP, OWNER, Actor, Harness, open_harness

MENTION = "@aura_bot"


def notices(harness: Harness) -> list[methods.SendMessage]:
    """What was sent beside answers."""
    return [
        call for call in harness.recording.made(methods.SendMessage) if not (call.text or "").startswith("Answer to")
    ]


async def test_the_notice_replies_to_the_first_message_that_it_refuses(harness: Harness) -> None:
    harness.may_write.clear()
    sent = [await harness.message(BORIS, f"{number}") for number in range(7)]
    (notice,) = notices(harness)
    assert notice.reply_parameters is not None
    assert notice.reply_parameters.message_id == sent[6]
    assert notice.text == (
        "Здесь уже ждут 5 ваших вопросов. Дайте мне сначала на них ответить.\n"
        "Это сообщение не принято: пришлите его потом ещё раз."
    )


async def test_further_refusals_are_edits_that_name_what_was_not_taken(harness: Harness) -> None:
    harness.may_write.clear()
    for number in range(60):
        await harness.message(ANNA, f"Number {number}?")
    assert len(notices(harness)) == 1
    listed = [f"• Number {number}?" for number in range(6, 6 + MAX_LISTED)]
    assert harness.redrawn.splitlines() == [
        "5 of your questions are waiting here already. Please let me answer them first.",
        "I have not taken 54 messages. Please send them again then:",
        *listed,
        f"… and {54 - MAX_LISTED} more",
    ]


async def test_a_minute_after_the_last_refusal_a_new_one_is_a_message_again(harness: Harness) -> None:
    harness.may_write.clear()
    for number in range(8):
        await harness.message(ANNA, f"{number}")
    harness.now += REFUSAL_INTERVAL + 1
    await harness.message(ANNA, "once more")
    assert len(notices(harness)) == 2


async def test_each_person_of_a_group_hears_of_their_own_limit_and_everybody_together_of_the_chats(
    folder: Path,
) -> None:
    async with open_harness(folder, questions_waiting=1, chat_questions_waiting=2) as harness:
        harness.may_write.clear()
        for who in (ANNA, BORIS):
            for number in range(3):
                await harness.message(who, f"{MENTION} {number}", chat=GROUP)
        assert [notice.text.splitlines()[0] for notice in notices(harness)] == [
            "One of your questions is waiting here already. Please let me answer it first.",
            "Здесь уже ждёт 1 ваш вопрос. Дайте мне сначала на него ответить.",
        ]
        for number in range(4):
            await harness.message(Actor(2000 + number, f"Guest {number}"), f"{MENTION} hello", chat=GROUP)
        assert len(notices(harness)) == 3
        assert harness.redrawn.splitlines() == [
            "2 questions are waiting here already. Please let me answer some of them first.",
            "I have not taken 4 messages. Please send them again then:",
            *(f"• Guest {number}: {MENTION} hello" for number in range(4)),
        ]


async def test_topics_have_notices_of_their_own(harness: Harness) -> None:
    harness.may_write.clear()
    for topic in (None, 7):
        more = {"message_thread_id": topic, "is_topic_message": True} if topic else {}
        for number in range(8):
            await harness.message(ANNA, f"{MENTION} {number}", chat=FORUM, **more)
    assert [notice.message_thread_id for notice in notices(harness)] == [None, 7]


@pytest.mark.parametrize("who", ["a bot admin", "an administrator of the group"])
async def test_administrators_are_let_through(harness: Harness, who: str) -> None:
    harness.recording.administrators.add((GROUP, ANNA.id))
    harness.may_write.clear()
    somebody = OWNER if who == "a bot admin" else ANNA
    for number in range(8):
        await harness.message(somebody, f"{MENTION} {number}", chat=GROUP)
    assert notices(harness) == []
