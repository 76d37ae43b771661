"""Reading along in a group: off until an administrator wants it, told to everybody, bounded, erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.conversation.messages import Message, Role, Turn, TurnKind, TurnState
from bot.storage.schema import group_messages
from tests.harness.bot_scene import ANNA, BORIS, FORUM, GROUP, OWNER, Actor, Harness, open_harness
from tests.harness.recording_session import BOT_ID
from tests.storage.test_statements import listening

ON, OFF = "set:read_along:on", "set:read_along:off"


@pytest.fixture
async def group(folder: Path) -> AsyncIterator[Harness]:
    """A group that Olga has let the bot read along in."""
    async with open_harness(folder) as harness:
        await harness.press(OWNER, ON, 9, chat=GROUP)
        yield harness


async def say(harness: Harness, who: Actor, text: str | None, *, chat: int = GROUP, **more: Any) -> int:
    """Say something just now, to nobody in particular."""
    return await harness.message(who, text, chat=chat, **{"date": int(harness.unix), **more})


async def kept(harness: Harness) -> list[str]:
    async with harness.database.reading() as connection:
        rows = (await connection.execute(select(group_messages).order_by(group_messages.c.number))).all()
    return [f"{row.author}: {row.text}" for row in rows]


async def context(harness: Harness, *, topic: int = 0, chat: int = GROUP, quote: Any = None) -> list[str]:
    """Give what a question that is asked now is told of the group."""
    key = harness.key(chat, topic)
    turn = Turn(1, 1, key, TurnKind.ANSWER, TurnState.WRITING, 1, 1, None, None, BORIS.id, chat > 0, "en")
    path = [Message(1, None, Role.USER, "what?", at=harness.unix, quote=quote)]
    effective = await harness.preferences.effective(key)
    return [f"{said.author}: {said.text}" for said in await harness.heard.context(turn, path, effective)]


async def test_nothing_is_written_where_it_is_off(harness: Harness) -> None:
    await say(harness, ANNA, "to Boris")
    with listening() as heard:
        await say(harness, ANNA, "to Boris again")
    assert heard.said == []
    assert await kept(harness) == []


async def test_an_unaddressed_message_is_one_statement(group: Harness) -> None:
    await say(group, ANNA, "one")
    with listening() as heard:
        await say(group, ANNA, "two")
    assert len(heard.statements) == 1
    assert heard.said[-1] == "COMMIT"


async def test_what_people_say_to_each_other_is_given_with_a_question(group: Harness) -> None:
    await say(group, ANNA, "Pizza today?")
    await say(group, BORIS, "Soup!")
    assert await context(group) == ["Anna: Pizza today?", "Борис: Soup!"]


async def test_what_was_written_to_the_bot_is_in_the_conversation_and_not_here(group: Harness) -> None:
    await say(group, ANNA, "@aura_bot what is soup?")
    await group.answered(1)
    await say(group, ANNA, "/help@aura_bot")
    assert await kept(group) == []


@pytest.mark.parametrize(
    "message",
    [
        {"text": "/weather@other_bot", "who": ANNA},
        {"text": "I am a bot", "who": Actor(77, "Other", is_bot=True)},
        {"text": None, "who": ANNA, "new_chat_title": "Foes"},
        {"text": None, "who": ANNA, "photo": [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]},
    ],
    ids=["another bot's command", "another bot", "a service message", "a picture without words"],
)
async def test_what_is_nobodys_words_is_not_kept(group: Harness, message: dict[str, Any]) -> None:
    await say(group, message.pop("who"), message.pop("text"), **message)
    assert await kept(group) == []


async def test_a_message_from_after_the_question_is_not_given(group: Harness) -> None:
    await say(group, ANNA, "before")
    await say(group, ANNA, "after", date=int(group.unix) + 60)
    group.unix -= 0.5
    assert await context(group) == []
    group.unix += 1
    assert await context(group) == ["Anna: before", "Anna: after"], "a clock that is ahead of ours does no harm"


async def test_it_is_at_most_so_many_and_so_old(folder: Path) -> None:
    async with open_harness(folder, read_along_messages=3, read_along_hours=2) as harness:
        await harness.press(OWNER, ON, 9, chat=GROUP)
        for number in range(6):
            await say(harness, ANNA, str(number))
        assert await context(harness) == ["Anna: 3", "Anna: 4", "Anna: 5"]
        assert len(await kept(harness)) == 3
        harness.unix += 2 * 3600 + 1
        assert await context(harness) == []
        await say(harness, ANNA, "late", date=int(harness.unix) - 3 * 3600)
        assert "Anna: late" not in await kept(harness)
        await harness.heard.forget_old()
        assert await kept(harness) == []


async def test_a_long_message_is_kept_by_its_beginning(group: Harness) -> None:
    await say(group, ANNA, "a" * 4000)
    assert [len(message) for message in await kept(group)] == [1000 + len("Anna: ")]


async def test_topics_stay_apart(harness: Harness) -> None:
    await harness.press(OWNER, ON, 9, chat=FORUM)
    await say(harness, ANNA, "here", chat=FORUM, is_topic_message=True, message_thread_id=3)
    assert await context(harness, chat=FORUM, topic=3) == ["Anna: here"]
    assert await context(harness, chat=FORUM, topic=4) == []


async def test_an_edit_is_read_along(group: Harness) -> None:
    said = await say(group, ANNA, "Piza")
    await group.edited(ANNA, said, "Pizza", chat=GROUP)
    assert await context(group) == ["Anna: Pizza"]


async def test_a_member_does_not_switch_it(harness: Harness) -> None:
    await harness.press(BORIS, ON, 9, chat=GROUP)
    assert harness.toasts == ["Это может менять только администратор группы."]
    await say(harness, ANNA, "to Boris")
    assert await kept(harness) == []


async def test_an_administrator_switches_it_and_everybody_hears_that(harness: Harness) -> None:
    await harness.message(OWNER, "/settings", chat=GROUP)
    assert "Reading along: off (the default)" in harness.last
    await harness.press(OWNER, harness.buttons()["Reading along"], 9, chat=GROUP)
    assert "newest 20 messages" in harness.redrawn
    assert "for 24 hours at the most" in harness.redrawn
    await harness.press(OWNER, harness.buttons()["On"], 9, chat=GROUP)
    assert harness.last.startswith("From now on I read along here")
    said = len(harness.said)
    await harness.press(OWNER, ON, 9, chat=GROUP)
    assert len(harness.said) == said, "it is told once"


async def test_switching_it_off_erases_what_was_kept(group: Harness) -> None:
    await say(group, ANNA, "to Boris")
    await group.press(OWNER, OFF, 9, chat=GROUP)
    assert await kept(group) == []
    await say(group, ANNA, "to Boris again")
    assert await kept(group) == []


async def test_forget_erases_it(group: Harness) -> None:
    await say(group, ANNA, "to Boris")
    await group.press(OWNER, "forget:yes", 9, chat=GROUP)
    assert await kept(group) == []


async def test_settings_say_that_telegram_hides_the_messages(group: Harness) -> None:
    await group.message(OWNER, "/settings", chat=GROUP)
    assert "Telegram's privacy mode hides these messages from me" in group.last
    await group.press(OWNER, OFF, 9, chat=GROUP)
    await group.message(OWNER, "/settings", chat=GROUP)
    assert "privacy mode" not in group.last, "nobody wants them"


async def test_settings_say_so_where_telegram_shows_them(harness: Harness) -> None:
    harness.recording.administrators.add((GROUP, BOT_ID))
    await harness.press(OWNER, ON, 9, chat=GROUP)
    assert "Telegram shows me every message" in harness.redrawn


async def test_the_owner_can_rule_it_out(folder: Path) -> None:
    async with open_harness(folder, read_along_messages=0) as harness:
        await harness.message(OWNER, "/settings", chat=GROUP)
        assert "Reading along" not in harness.last
        await harness.press(OWNER, ON, 9, chat=GROUP)
        assert harness.redrawn == "The bot's owner does not let me read along in groups."
        await say(harness, ANNA, "to Boris")
        assert await kept(harness) == []


async def test_a_group_that_was_taken_out_is_not_read(folder: Path) -> None:
    async with open_harness(folder, access="approved") as harness:
        await harness.message(OWNER, "/allow", chat=GROUP)
        await harness.press(OWNER, ON, 9, chat=GROUP)
        await say(harness, ANNA, "one")
        await harness.message(OWNER, "/allow off", chat=GROUP)
        await say(harness, ANNA, "two")
        assert await kept(harness) == ["Anna: one"]


async def test_privacy_and_help_say_it(group: Harness) -> None:
    await group.message(OWNER, "/privacy", chat=GROUP)
    assert "In this group I read along" in group.last
    assert "other messages I don't keep" not in group.last
    await group.message(OWNER, "/help", chat=GROUP)
    assert "I read along here" in group.last
    await group.message(OWNER, "/start@aura_bot", chat=GROUP)
    assert "I read along here" in group.last
    assert "Telegram's privacy mode hides these messages from me" in group.last
    group.recording.administrators.add((GROUP, BOT_ID))
    group.now += 3600
    await group.message(OWNER, "/start@aura_bot", chat=GROUP)
    assert "Telegram shows me every message of this group." in group.last
