"""Plain messages, captions, mentions, replies and edits."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.messages import Quote
from bot.errors import StorageUnavailable
from tests.handlers.scene import ANNA, BORIS, FORUM, GROUP, Actor, Scene
from tests.recording import BOT_ID, ME

MENTION = "@aura_bot"
SOMEBODYS = {"message_id": 900, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "from": BORIS.user}
BOTS = {**SOMEBODYS, "message_id": 901, "from": ME.model_dump()}


def asked(stage: Scene) -> str:
    """The newest question that was answered."""
    return stage.paths[-1][-1].text


async def test_every_private_text_is_a_question(stage: Scene) -> None:
    await stage.message(ANNA, "What is a quark?")
    await stage.answered()
    assert asked(stage) == "What is a quark?"
    assert stage.said == ["Answer to What is a quark?"]


async def test_the_next_question_goes_on_from_the_last_answer(stage: Scene) -> None:
    await stage.message(ANNA, "One")
    await stage.answered(1)
    await stage.message(ANNA, "Two")
    await stage.answered(2)
    assert [message.text for message in stage.paths[-1]] == ["One", "Answer to One", "Two"]


async def test_a_redelivered_update_does_nothing(stage: Scene) -> None:
    await stage.message(ANNA, "Once", update=500, message_id=77)
    await stage.answered()
    await stage.message(ANNA, "Once", update=500, message_id=77)
    await stage.message(ANNA, "/help", update=501)
    await stage.message(ANNA, "/help", update=501)
    assert len(stage.paths) == 1
    assert len(stage.said) == 2


@pytest.mark.parametrize("text", ["@aura_bot why?", "@AURA_BOT, why?", "why? @Aura_Bot"])
async def test_a_mention_in_a_group_asks_and_is_taken_out(stage: Scene, text: str) -> None:
    await stage.message(ANNA, text, chat=GROUP)
    await stage.answered()
    assert asked(stage) == "why?"
    assert stage.paths[-1][-1].author == "Anna"


async def test_talk_in_a_group_is_left_alone_and_nobody_is_remembered(stage: Scene) -> None:
    await stage.message(ANNA, "aura, are you there?", chat=GROUP)
    await stage.message(ANNA, "@other_bot hello", chat=GROUP)
    await stage.message(ANNA, "/new@other_bot", chat=GROUP)
    await stage.message(ANNA, "/weather", chat=GROUP)
    assert stage.recording.calls == []
    assert await stage.people.everyone(BOT_ID) == []


async def test_a_reply_to_the_bot_asks(stage: Scene) -> None:
    await stage.message(ANNA, "And then?", chat=GROUP, reply_to_message=BOTS)
    await stage.answered()
    assert asked(stage) == "And then?"
    assert stage.paths[-1][-1].quote is None


async def test_a_text_mention_of_the_bot_asks(stage: Scene) -> None:
    mention = [{"type": "text_mention", "offset": 0, "length": 4, "user": ME.model_dump()}]
    await stage.message(ANNA, "Aura what now?", chat=GROUP, entities=mention)
    await stage.answered()
    assert asked(stage) == "what now?"


async def test_what_a_question_replies_to_comes_along_as_a_quote(stage: Scene) -> None:
    target = {**SOMEBODYS, "text": "It rains in Rome."}
    await stage.message(ANNA, f"{MENTION} is that so?", chat=GROUP, reply_to_message=target)
    await stage.answered()
    assert stage.paths[-1][-1].quote == Quote("Борис", "It rains in Rome.")


async def test_a_mention_alone_below_somebodys_message_asks_about_it(stage: Scene) -> None:
    await stage.message(BORIS, MENTION, chat=GROUP, reply_to_message={**SOMEBODYS, "text": "It rains."})
    await stage.answered()
    assert asked(stage) == "Что вы об этом скажете?"


async def test_a_mention_alone_is_asked_for_a_question(stage: Scene) -> None:
    await stage.message(ANNA, MENTION, chat=GROUP)
    assert stage.last == "Yes? Write your question after @Aura_Bot, or reply to a message of mine."


async def test_a_reply_to_a_question_of_the_conversation_goes_on_from_there_without_a_quote(stage: Scene) -> None:
    first = await stage.message(ANNA, f"{MENTION} One", chat=GROUP)
    await stage.answered(1)
    target = {**SOMEBODYS, "message_id": first, "from": ANNA.user, "text": "One"}
    await stage.message(BORIS, f"{MENTION} Two", chat=GROUP, reply_to_message=target)
    await stage.answered(2)
    assert stage.paths[-1][-1].quote is None
    assert stage.paths[-1][0].text == "One"


async def test_the_chosen_part_of_an_answer_comes_along(stage: Scene) -> None:
    await stage.message(
        ANNA,
        "What is that?",
        reply_to_message={**BOTS, "text": "Quarks and leptons"},
        quote={"text": "leptons", "position": 11, "is_manual": True},
    )
    await stage.answered()
    assert stage.paths[-1][-1].quote == Quote("Aura", "leptons")


async def test_topics_are_separate_conversations(stage: Scene) -> None:
    head = {**SOMEBODYS, "message_id": 5, "forum_topic_created": {"name": "Ideas", "icon_color": 1}}
    topic: dict[str, Any] = {"message_thread_id": 5, "is_topic_message": True, "reply_to_message": head}
    await stage.message(ANNA, f"{MENTION} in the topic", chat=FORUM, **topic)
    await stage.answered(1)
    await stage.message(ANNA, f"{MENTION} in General", chat=FORUM)
    await stage.answered(2)
    assert [len(path) for path in stage.paths] == [1, 1]
    assert await stage.conversations.newest(stage.key(FORUM, 5)) is not None
    assert await stage.conversations.newest(stage.key(FORUM, 0)) is not None


async def test_a_reply_thread_of_a_plain_group_is_no_topic(stage: Scene) -> None:
    await stage.message(ANNA, f"{MENTION} hi", chat=GROUP, message_thread_id=900)
    await stage.answered()
    assert await stage.conversations.newest(stage.key(GROUP)) is not None


async def test_the_parts_of_a_split_paste_are_one_question(stage: Scene) -> None:
    await stage.message(ANNA, f"{MENTION} " + "a" * 4086, chat=GROUP)
    await stage.message(ANNA, "and the rest", chat=GROUP)
    await stage.answered()
    assert asked(stage).endswith("and the rest")
    assert len(stage.paths) == 1


async def test_what_comes_later_than_a_split_paste_does_is_talk(stage: Scene) -> None:
    await stage.message(ANNA, f"{MENTION} " + "a" * 4086, chat=GROUP)
    stage.now += 1
    await stage.message(ANNA, "by the way, lunch?", chat=GROUP)
    await stage.answered()
    assert "lunch" not in asked(stage)


async def test_a_caption_counts_as_text(stage: Scene) -> None:
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
    await stage.message(ANNA, None, caption="Who painted this?", photo=photo)
    await stage.answered()
    assert asked(stage) == "Who painted this?"


async def test_whoever_asks_about_a_picture_hears_that_only_the_words_are_answered(stage: Scene) -> None:
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
    await stage.message(ANNA, None, caption="What is in it?", photo=photo)
    await stage.message(ANNA, "And without one?")
    assert stage.said.count("I can't see what is attached: my answer is to your words alone.") == 1


async def test_other_content_gets_one_friendly_line_an_album_too(stage: Scene) -> None:
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
    await stage.message(ANNA, None, photo=photo, media_group_id="album")
    await stage.message(ANNA, None, photo=photo, media_group_id="album")
    assert stage.said == ["I can read text and text documents only, so I can't do anything with this one."]


async def test_service_messages_are_passed_over(stage: Scene) -> None:
    await stage.message(ANNA, None, new_chat_members=[BORIS.user], chat=GROUP)
    await stage.message(ANNA, None, pinned_message=SOMEBODYS)
    assert stage.recording.calls == []


async def test_an_unknown_command_is_named_in_private_and_a_path_is_a_question(stage: Scene) -> None:
    await stage.message(ANNA, "/frobnicate now")
    assert stage.last == "There is no such command. /help shows what works here."
    await stage.message(ANNA, "/etc/passwd: what is it?")
    await stage.answered()
    assert asked(stage) == "/etc/passwd: what is it?"


async def test_an_edited_question_is_answered_again_in_the_same_message(stage: Scene) -> None:
    question = await stage.message(ANNA, "Qne")
    await stage.answered(1)
    await stage.edited(ANNA, question, "One")
    await stage.answered(2)
    assert asked(stage) == "One"
    assert len(stage.said) == 1


async def test_edits_of_other_messages_do_nothing(stage: Scene) -> None:
    await stage.edited(ANNA, 4321, f"{MENTION} hello", chat=GROUP)
    await stage.edited(ANNA, 4322, "hello")
    assert stage.recording.calls == []


async def test_an_edit_that_changes_nothing_does_nothing(stage: Scene) -> None:
    question = await stage.message(ANNA, "One")
    await stage.answered(1)
    await stage.edited(ANNA, question, "One")
    assert stage.turns.in_progress() == 0
    assert len(stage.paths) == 1


async def test_too_many_waiting_questions_are_refused_in_a_line(stage: Scene) -> None:
    stage.may_write.clear()
    for number in range(7):
        await stage.message(BORIS, f"{number}")
    stage.may_write.set()
    assert "Здесь уже ждут 5 вопросов. Дайте мне сначала на них ответить." in stage.said


async def test_an_unexpected_failure_is_a_friendly_line(stage: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    stage.turns.ask = fail  # type: ignore[method-assign, assignment]
    await stage.message(ANNA, "Hello")
    assert stage.last == "Something went wrong on my side. Please try again."
    assert "a bug" in caplog.text


async def test_what_could_not_be_stored_is_left_to_come_again_without_a_word(stage: Scene) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StorageUnavailable("the disk is full")

    ask, stage.turns.ask = stage.turns.ask, fail  # type: ignore[method-assign, assignment]
    with pytest.raises(StorageUnavailable):
        await stage.message(ANNA, "Hello", update=300, message_id=30)
    assert stage.recording.calls == []
    stage.turns.ask = ask  # type: ignore[method-assign]
    await stage.message(ANNA, "Hello", update=300, message_id=30)
    await stage.answered()
    assert asked(stage) == "Hello"


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
async def test_bots_and_channel_posts_in_groups_are_not_answered(stage: Scene, sender: dict[str, Any]) -> None:
    await stage.message(ANNA, f"{MENTION} hello", chat=GROUP, **sender)
    assert stage.recording.calls == []


async def test_channels_and_anonymous_administrators_may_ask(stage: Scene) -> None:
    channel = {"id": -500, "type": "channel", "title": "News"}
    await stage.message(Actor(136817688, "Channel", is_bot=True), f"{MENTION} hi", chat=GROUP, sender_chat=channel)
    await stage.answered(1)
    assert stage.paths[-1][-1].author == "News"
    group = {"id": GROUP, "type": "supergroup", "title": "Friends"}
    anonymous = Actor(1087968824, "Group", is_bot=True)
    await stage.message(anonymous, f"{MENTION} hi", chat=GROUP, sender_chat=group)
    await stage.answered(2)
    assert stage.paths[-1][-1].author == "Friends"
    await stage.message(anonymous, "/new", chat=GROUP, sender_chat=group)
    assert stage.last == "A new conversation. What would you like to know?"
    assert await stage.people.everyone(BOT_ID) == []
