"""A group in which each person has a conversation of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import methods

from bot.conversation.messages import ChatKey
from bot.preferences import PreferenceName, Source
from bot.storage.turn_queue.enqueue import CROWD
from tests.harness.bot_scene import ANNA, BORIS, FORUM, GROUP, OWNER, Actor, Harness, open_harness
from tests.harness.recording_session import BOT_ID, ME

OWN = "set:conversations:person"
TOGETHER = "set:conversations:together"


@pytest.fixture
async def group(folder: Path) -> AsyncIterator[Harness]:
    """A group whose people have conversations of their own: Olga has switched that on."""
    async with open_harness(folder) as harness:
        await harness.press(OWNER, OWN, 9, chat=GROUP)
        yield harness


async def ask(harness: Harness, who: object, text: str, **more: object) -> list[str]:
    """Ask in the group. Gives the conversation that the answer was written from."""
    before = len(harness.paths)
    await harness.message(who, f"@aura_bot {text}", chat=GROUP, **more)  # type: ignore[arg-type]  # passed on
    await harness.answered(before + 1)
    return [message.text for message in harness.paths[-1]]


def reply_to(message_id: int, text: str, *, by_bot: bool = True) -> dict[str, object]:
    author = ME.model_dump() if by_bot else ANNA.user
    chat = {"id": GROUP, "type": "supergroup", "title": "Friends"}
    return {"reply_to_message": {"message_id": message_id, "date": 1, "chat": chat, "from": author, "text": text}}


async def test_one_conversation_for_everybody_is_what_a_group_begins_with(harness: Harness) -> None:
    await ask(harness, ANNA, "one")
    assert await ask(harness, BORIS, "two") == ["one", "Answer to one", "two"]


async def test_the_owner_can_make_it_the_rule_for_every_group(folder: Path) -> None:
    async with open_harness(folder, group_conversations="person") as harness:
        await ask(harness, ANNA, "one")
        assert await ask(harness, BORIS, "two") == ["two"]
        await harness.message(ANNA, "/settings", chat=GROUP)
        assert "Conversations: each person's own" in harness.last


async def test_an_administrator_switches_it_by_buttons(harness: Harness) -> None:
    await harness.message(OWNER, "/settings", chat=GROUP)
    assert "Conversations: one for everybody (the default)" in harness.last
    await harness.press(OWNER, harness.buttons()["Conversations"], 9, chat=GROUP)
    await harness.press(OWNER, harness.buttons()["Each person's own"], 9, chat=GROUP)
    assert "✓ Each person's own" in harness.buttons()
    chosen = (await harness.preferences.effective(harness.key(GROUP))).conversations
    assert (chosen.value, chosen.source) == ("person", Source.CHAT)


async def test_a_member_does_not_switch_it(harness: Harness) -> None:
    await harness.press(BORIS, OWN, 9, chat=GROUP)
    assert harness.toasts == ["Это может менять только администратор группы."]


async def test_a_private_chat_knows_no_such_setting(harness: Harness) -> None:
    await harness.message(ANNA, "/settings")
    assert "Conversations" not in harness.last
    assert "Conversations" not in harness.buttons()


async def test_two_people_who_take_turns_are_answered_from_their_own_words(group: Harness) -> None:
    assert await ask(group, ANNA, "a1") == ["a1"]
    assert await ask(group, BORIS, "b1") == ["b1"]
    assert await ask(group, ANNA, "a2") == ["a1", "Answer to a1", "a2"]
    assert await ask(group, BORIS, "b2") == ["b1", "Answer to b1", "b2"]


async def test_nobody_waits_for_somebody_elses_answer(group: Harness) -> None:
    group.may_write.clear()
    await group.message(ANNA, "@aura_bot a1", chat=GROUP)
    await group.message(BORIS, "@aura_bot b1", chat=GROUP)
    await group.message(ANNA, "@aura_bot a2", chat=GROUP)
    await group.written_to(2)
    assert [path[-1].text for path in group.paths] == ["a1", "b1"], "Anna's second question waits for her first"
    group.may_write.set()
    await group.answered(3)
    assert [message.text for message in group.paths[-1]] == ["a1", "Answer to a1", "a2"]


async def test_switching_loses_nothing(group: Harness) -> None:
    await ask(group, ANNA, "own")
    await group.press(OWNER, TOGETHER, 9, chat=GROUP)
    assert await ask(group, ANNA, "shared") == ["shared"]
    assert await ask(group, BORIS, "shared too") == ["shared", "Answer to shared", "shared too"]
    await group.press(OWNER, OWN, 9, chat=GROUP)
    assert await ask(group, ANNA, "own again") == ["own", "Answer to own", "own again"]
    await group.press(OWNER, TOGETHER, 9, chat=GROUP)
    assert (await ask(group, ANNA, "shared again"))[:3] == ["shared", "Answer to shared", "shared too"]


async def test_a_reply_to_an_answer_of_before_goes_on_there(harness: Harness) -> None:
    await ask(harness, ANNA, "before")
    answer = harness.answer_ids()[-1]
    await harness.press(OWNER, OWN, 9, chat=GROUP)
    said = await ask(harness, ANNA, "after", **reply_to(answer, "Answer to before"))
    assert said == ["before", "Answer to before", "after"]


async def test_a_reply_to_somebody_elses_answer_quotes_it_in_ones_own_conversation(group: Harness) -> None:
    await ask(group, ANNA, "secret of Anna")
    answer = group.answer_ids()[-1]
    await ask(group, BORIS, "b1")
    said = await ask(group, BORIS, "is that so?", **reply_to(answer, "Answer to Anna"))
    assert said == ["b1", "Answer to b1", "is that so?"]
    quote = group.paths[-1][-1].quote
    assert quote is not None
    assert quote.text == "Answer to Anna"


async def test_an_edited_question_is_answered_where_it_was_asked(harness: Harness) -> None:
    asked = await harness.message(ANNA, "@aura_bot before", chat=GROUP)
    await harness.answered(1)
    await harness.press(OWNER, OWN, 9, chat=GROUP)
    await harness.edited(ANNA, asked, "@aura_bot after", chat=GROUP)
    await harness.answered(2)
    assert [message.text for message in harness.paths[-1]] == ["after"]
    assert [message.text for message in await harness.conversations.history(harness.key(GROUP))] == [
        "after",
        "Answer to after",
    ]


async def test_anybody_begins_their_own_conversation_anew(group: Harness) -> None:
    await ask(group, ANNA, "a1")
    await ask(group, BORIS, "b1")
    await group.message(BORIS, "/new", chat=GROUP)
    assert await ask(group, BORIS, "b2") == ["b2"]
    assert await ask(group, ANNA, "a2") == ["a1", "Answer to a1", "a2"]


async def test_undo_takes_back_ones_own_question(group: Harness) -> None:
    await ask(group, ANNA, "a1")
    await ask(group, BORIS, "b1")
    await group.message(ANNA, "/undo", chat=GROUP)
    assert await ask(group, ANNA, "a2") == ["a2"]
    assert await ask(group, BORIS, "b2") == ["b1", "Answer to b1", "b2"]


async def test_retry_and_stop_mean_ones_own_answer(group: Harness) -> None:
    await ask(group, ANNA, "a1")
    await ask(group, BORIS, "b1")
    await group.message(ANNA, "/retry", chat=GROUP)
    await group.answered(3)
    assert [message.text for message in group.paths[-1]] == ["a1"]
    group.may_write.clear()
    await group.message(BORIS, "@aura_bot b2", chat=GROUP)
    await group.written_to(4)
    await group.message(ANNA, "/stop", chat=GROUP)
    assert group.last == "Nothing is being written just now."
    await group.message(BORIS, "/stop", chat=GROUP)
    await group.answered(4)


async def test_again_under_ones_answer_stays_in_its_conversation(group: Harness) -> None:
    await ask(group, ANNA, "a1")
    answer = group.answer_ids()[-1]
    await ask(group, BORIS, "b1")
    stored = await group.conversations.at(group.key(GROUP), answer)
    assert stored is not None
    await group.press(OWNER, f"again:{stored.id}", answer, chat=GROUP)
    await group.answered(3)
    assert [message.text for message in group.paths[-1]] == ["a1"]


async def test_export_sends_ones_own_conversation(group: Harness) -> None:
    await ask(group, ANNA, "a1")
    await ask(group, BORIS, "b1")
    await group.message(BORIS, "/export", chat=GROUP)
    files = [call.document.data.decode() for call in group.recording.made(methods.SendDocument)]  # type: ignore[union-attr]  # ours are in memory
    assert all("b1" in file and "a1" not in file for file in files)


async def test_the_system_prompt_stays_one_for_the_group(group: Harness) -> None:
    await group.message(OWNER, "/system Be brief.", chat=GROUP)
    for person in (0, ANNA.id, BORIS.id):
        effective = await group.preferences.effective(ChatKey(BOT_ID, GROUP, person=person))
        assert effective.system_prompt.value == "Be brief."
    assert group.preferences.scope(ChatKey(BOT_ID, GROUP, person=ANNA.id), PreferenceName.SYSTEM_PROMPT) == group.key(
        GROUP
    )


async def test_a_member_erases_their_own_conversation_and_nobody_elses(group: Harness) -> None:
    await ask(group, ANNA, "a1")
    await ask(group, BORIS, "b1")
    await group.message(BORIS, "/forget", chat=GROUP)
    erase = group.buttons()["Стереть мой разговор"]
    await group.press(ANNA, erase, 9, chat=GROUP)
    assert "asked" in group.toasts[-1]
    await group.press(BORIS, erase, 9, chat=GROUP)
    assert group.redrawn.startswith("Ваш разговор со мной")
    assert await ask(group, BORIS, "b2") == ["b2"]
    assert await ask(group, ANNA, "a2") == ["a1", "Answer to a1", "a2"]


async def test_an_administrator_erases_everybodys(group: Harness) -> None:
    await ask(group, ANNA, "a1")
    await group.press(OWNER, "forget:yes", 9, chat=GROUP)
    for person in (0, ANNA.id):
        assert await group.conversations.history(ChatKey(BOT_ID, GROUP, person=person)) == []


async def test_topics_stay_apart(group: Harness) -> None:
    await group.press(OWNER, OWN, 9, chat=FORUM)
    for topic, text in ((3, "in three"), (4, "in four")):
        before = len(group.paths)
        await group.message(ANNA, f"@aura_bot {text}", chat=FORUM, is_topic_message=True, message_thread_id=topic)
        await group.answered(before + 1)
    assert [len(path) for path in group.paths] == [1, 1]


async def test_own_conversations_move_along_to_a_supergroup(group: Harness) -> None:
    await ask(group, ANNA, "a1")
    await group.turns.migrate(BOT_ID, GROUP, -2001)
    moved = await group.conversations.history(ChatKey(BOT_ID, -2001, person=ANNA.id))
    assert [message.text for message in moved] == ["a1", "Answer to a1"]


async def test_undo_in_a_group_takes_out_what_was_checked(harness: Harness) -> None:
    harness.may_write.clear()
    await harness.message(BORIS, "@aura_bot his", chat=GROUP)
    await harness.written_to(1)
    await harness.message(ANNA, "@aura_bot hers", chat=GROUP)
    await harness.message(BORIS, "/undo", chat=GROUP)
    assert harness.last.startswith("Это может сделать тот, кто спросил")
    await harness.message(ANNA, "/undo", chat=GROUP)
    harness.may_write.set()
    await harness.answered(1)
    said = [message.text for message in await harness.conversations.history(harness.key(GROUP))]
    assert said == ["his", "Answer to his"], "each takes out their own question alone"


async def test_in_a_crowd_a_question_is_seen_to_wait(group: Harness) -> None:
    group.may_write.clear()
    people = [Actor(2000 + number, f"P{number}") for number in range(CROWD + 2)]
    for person in people:
        await group.message(person, "@aura_bot me, too", chat=GROUP)
    await group.written_to(len(people))
    waiting = [call.message_id for call in group.recording.made(methods.SetMessageReaction) if call.reaction]
    assert len(waiting) == 2, "the first few are answered within a moment"
    group.may_write.set()
    await group.answered(len(people))
