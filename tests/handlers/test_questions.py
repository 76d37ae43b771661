"""Plain messages, captions, mentions, replies and edits."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.messages import Quote
from bot.errors import StorageUnavailable
from tests.harness.bot_scene import ANNA, BORIS, FORUM, GROUP, Actor, Harness
from tests.harness.recording_session import BOT_ID, ME

MENTION = "@aura_bot"
SOMEBODYS = {"message_id": 900, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "from": BORIS.user}
BOTS = {**SOMEBODYS, "message_id": 901, "from": ME.model_dump()}


def asked(harness: Harness) -> str:
    """The newest question that was answered."""
    return harness.paths[-1][-1].text


async def test_every_private_text_is_a_question(harness: Harness) -> None:
    await harness.message(ANNA, "What is a quark?")
    await harness.answered()
    assert asked(harness) == "What is a quark?"
    assert harness.said == ["Answer to What is a quark?"]


async def test_the_next_question_goes_on_from_the_last_answer(harness: Harness) -> None:
    await harness.message(ANNA, "One")
    await harness.answered(1)
    await harness.message(ANNA, "Two")
    await harness.answered(2)
    assert [message.text for message in harness.paths[-1]] == ["One", "Answer to One", "Two"]


async def test_a_redelivered_update_does_nothing(harness: Harness) -> None:
    await harness.message(ANNA, "Once", update=500, message_id=77)
    await harness.answered()
    await harness.message(ANNA, "Once", update=500, message_id=77)
    await harness.message(ANNA, "/help", update=501)
    await harness.message(ANNA, "/help", update=501)
    assert len(harness.paths) == 1
    assert len(harness.said) == 2


@pytest.mark.parametrize("text", ["@aura_bot why?", "@AURA_BOT, why?", "why? @Aura_Bot"])
async def test_a_mention_in_a_group_asks_and_is_taken_out(harness: Harness, text: str) -> None:
    await harness.message(ANNA, text, chat=GROUP)
    await harness.answered()
    assert asked(harness) == "why?"
    assert harness.paths[-1][-1].author == "Anna"


async def test_talk_in_a_group_is_left_alone_and_nobody_is_remembered(harness: Harness) -> None:
    await harness.message(ANNA, "aura, are you there?", chat=GROUP)
    await harness.message(ANNA, "@other_bot hello", chat=GROUP)
    await harness.message(ANNA, "/new@other_bot", chat=GROUP)
    await harness.message(ANNA, "/weather", chat=GROUP)
    assert harness.recording.calls == []
    assert await harness.people.page(BOT_ID, "", offset=0, limit=1) == ([], 0)


async def test_a_reply_to_the_bot_asks(harness: Harness) -> None:
    await harness.message(ANNA, "And then?", chat=GROUP, reply_to_message=BOTS)
    await harness.answered()
    assert asked(harness) == "And then?"
    assert harness.paths[-1][-1].quote is None


async def test_a_text_mention_of_the_bot_asks(harness: Harness) -> None:
    mention = [{"type": "text_mention", "offset": 0, "length": 4, "user": ME.model_dump()}]
    await harness.message(ANNA, "Aura what now?", chat=GROUP, entities=mention)
    await harness.answered()
    assert asked(harness) == "what now?"


async def test_what_a_question_replies_to_comes_along_as_a_quote(harness: Harness) -> None:
    target = {**SOMEBODYS, "text": "It rains in Rome."}
    await harness.message(ANNA, f"{MENTION} is that so?", chat=GROUP, reply_to_message=target)
    await harness.answered()
    assert harness.paths[-1][-1].quote == Quote("Борис", "It rains in Rome.")


async def test_a_mention_alone_below_somebodys_message_asks_about_it(harness: Harness) -> None:
    await harness.message(BORIS, MENTION, chat=GROUP, reply_to_message={**SOMEBODYS, "text": "It rains."})
    await harness.answered()
    assert asked(harness) == "Что вы об этом скажете?"


async def test_a_mention_alone_is_asked_for_a_question(harness: Harness) -> None:
    await harness.message(ANNA, MENTION, chat=GROUP)
    assert harness.last == "Yes? Write your question after @Aura_Bot, or reply to a message of mine."


async def test_a_reply_to_a_question_of_the_conversation_goes_on_from_there_without_a_quote(harness: Harness) -> None:
    first = await harness.message(ANNA, f"{MENTION} One", chat=GROUP)
    await harness.answered(1)
    target = {**SOMEBODYS, "message_id": first, "from": ANNA.user, "text": "One"}
    await harness.message(BORIS, f"{MENTION} Two", chat=GROUP, reply_to_message=target)
    await harness.answered(2)
    assert harness.paths[-1][-1].quote is None
    assert harness.paths[-1][0].text == "One"


async def test_the_chosen_part_of_an_answer_comes_along(harness: Harness) -> None:
    await harness.message(
        ANNA,
        "What is that?",
        reply_to_message={**BOTS, "text": "Quarks and leptons"},
        quote={"text": "leptons", "position": 11, "is_manual": True},
    )
    await harness.answered()
    assert harness.paths[-1][-1].quote == Quote("Aura", "leptons")


async def test_topics_are_separate_conversations(harness: Harness) -> None:
    head = {**SOMEBODYS, "message_id": 5, "forum_topic_created": {"name": "Ideas", "icon_color": 1}}
    topic: dict[str, Any] = {"message_thread_id": 5, "is_topic_message": True, "reply_to_message": head}
    await harness.message(ANNA, f"{MENTION} in the topic", chat=FORUM, **topic)
    await harness.answered(1)
    await harness.message(ANNA, f"{MENTION} in General", chat=FORUM)
    await harness.answered(2)
    assert [len(path) for path in harness.paths] == [1, 1]
    assert await harness.conversations.newest(harness.key(FORUM, 5)) is not None
    assert await harness.conversations.newest(harness.key(FORUM, 0)) is not None


async def test_a_reply_thread_of_a_plain_group_is_no_topic(harness: Harness) -> None:
    await harness.message(ANNA, f"{MENTION} hi", chat=GROUP, message_thread_id=900)
    await harness.answered()
    assert await harness.conversations.newest(harness.key(GROUP)) is not None


async def test_the_parts_of_a_split_paste_are_one_question(harness: Harness) -> None:
    await harness.message(ANNA, f"{MENTION} " + "a" * 4086, chat=GROUP)
    await harness.message(ANNA, "and the rest", chat=GROUP)
    await harness.answered()
    assert asked(harness).endswith("and the rest")
    assert len(harness.paths) == 1


async def test_what_comes_later_than_a_split_paste_does_is_talk(harness: Harness) -> None:
    await harness.message(ANNA, f"{MENTION} " + "a" * 4086, chat=GROUP)
    harness.now += 1
    await harness.message(ANNA, "by the way, lunch?", chat=GROUP)
    await harness.answered()
    assert "lunch" not in asked(harness)


async def test_a_caption_counts_as_text(harness: Harness) -> None:
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
    await harness.message(ANNA, None, caption="Who painted this?", photo=photo)
    await harness.answered()
    assert asked(harness) == "Who painted this?"


async def test_whoever_asks_about_a_picture_hears_that_only_the_words_are_answered(harness: Harness) -> None:
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
    await harness.message(ANNA, None, caption="What is in it?", photo=photo)
    await harness.message(ANNA, "And without one?")
    assert harness.said.count("I can't see what is attached, so I'll answer your words only.") == 1


async def test_other_content_gets_one_friendly_line_an_album_too(harness: Harness) -> None:
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
    await harness.message(ANNA, None, photo=photo, media_group_id="album")
    await harness.message(ANNA, None, photo=photo, media_group_id="album")
    assert harness.said == ["I can't see pictures here: the model takes words only. Please put it into words."]


async def test_service_messages_are_passed_over(harness: Harness) -> None:
    await harness.message(ANNA, None, new_chat_members=[BORIS.user], chat=GROUP)
    await harness.message(ANNA, None, pinned_message=SOMEBODYS)
    assert harness.recording.calls == []


async def test_an_unknown_command_is_named_in_private_and_a_path_is_a_question(harness: Harness) -> None:
    await harness.message(ANNA, "/frobnicate now")
    assert harness.last == "There is no such command. /help lists the ones you can use here."
    await harness.message(ANNA, "/etc/passwd: what is it?")
    await harness.answered()
    assert asked(harness) == "/etc/passwd: what is it?"


async def test_an_edited_question_is_answered_again_in_the_same_message(harness: Harness) -> None:
    question = await harness.message(ANNA, "Qne")
    await harness.answered(1)
    await harness.edited(ANNA, question, "One")
    await harness.answered(2)
    assert asked(harness) == "One"
    assert len(harness.said) == 1


async def test_edits_of_other_messages_do_nothing(harness: Harness) -> None:
    await harness.edited(ANNA, 4321, f"{MENTION} hello", chat=GROUP)
    await harness.edited(ANNA, 4322, "hello")
    assert harness.recording.calls == []


async def test_an_edit_that_changes_nothing_does_nothing(harness: Harness) -> None:
    question = await harness.message(ANNA, "One")
    await harness.answered(1)
    await harness.edited(ANNA, question, "One")
    assert harness.turns.in_progress() == 0
    assert len(harness.paths) == 1


async def test_an_unexpected_failure_is_a_friendly_line(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    harness.turns.ask = fail  # type: ignore[method-assign, assignment]
    await harness.message(ANNA, "Hello")
    assert harness.last == "Something went wrong on my side. Please try again."
    assert "a bug" in caplog.text


async def test_what_could_not_be_stored_is_left_to_come_again_without_a_word(harness: Harness) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StorageUnavailable("the disk is full")

    ask, harness.turns.ask = harness.turns.ask, fail  # type: ignore[method-assign, assignment]
    with pytest.raises(StorageUnavailable):
        await harness.message(ANNA, "Hello", update=300, message_id=30)
    assert harness.recording.calls == []
    harness.turns.ask = ask  # type: ignore[method-assign]
    await harness.message(ANNA, "Hello", update=300, message_id=30)
    await harness.answered()
    assert asked(harness) == "Hello"


async def test_that_nothing_can_be_stored_is_not_said_between_two_messages_of_an_answer(harness: Harness) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StorageUnavailable("the disk is full")

    async def comes_again() -> None:
        with pytest.raises(StorageUnavailable):
            await harness.message(ANNA, "And?", update=300, message_id=30)
        await harness.quiet()

    harness.may_write.clear()
    await harness.message(ANNA, "Hello")
    await harness.written_to()
    harness.turns.ask = fail  # type: ignore[method-assign, assignment]
    for _ in range(3):
        await comes_again()
    assert harness.said == ["Answer to Hello"]
    harness.may_write.set()
    await harness.answered()
    await comes_again()
    assert harness.last.startswith("I can't save anything at the moment.")
    assert len(harness.said) == 2


SENDERS = {
    "another bot": {"from": Actor(5, "Bot", is_bot=True).user},
    "a linked channel's post": {
        "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"},
        "sender_chat": {"id": -500, "type": "channel", "title": "News"},
        "is_automatic_forward": True,
    },
    "via another bot": {"via_bot": Actor(6, "Inline", is_bot=True).user},
}


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS.keys())
async def test_bots_and_channel_posts_in_groups_are_not_answered(harness: Harness, sender: dict[str, Any]) -> None:
    await harness.message(ANNA, f"{MENTION} hello", chat=GROUP, **sender)
    assert harness.recording.calls == []


async def test_channels_and_anonymous_administrators_may_ask(harness: Harness) -> None:
    channel = {"id": -500, "type": "channel", "title": "News"}
    await harness.message(Actor(136817688, "Channel", is_bot=True), f"{MENTION} hi", chat=GROUP, sender_chat=channel)
    await harness.answered(1)
    assert harness.paths[-1][-1].author == "News"
    group = {"id": GROUP, "type": "supergroup", "title": "Friends"}
    anonymous = Actor(1087968824, "Group", is_bot=True)
    await harness.message(anonymous, f"{MENTION} hi", chat=GROUP, sender_chat=group)
    await harness.answered(2)
    assert harness.paths[-1][-1].author == "Friends"
    await harness.message(anonymous, "/new", chat=GROUP, sender_chat=group)
    assert harness.last == "A new conversation. What would you like to know?"
    assert await harness.people.page(BOT_ID, "", offset=0, limit=1) == ([], 0)
