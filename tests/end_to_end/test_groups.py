"""People talk to each other, and to the bot where they mean it."""

from __future__ import annotations

from tests.end_to_end.scene import Scene
from tests.end_to_end.telegram import ANNA, BORIS


async def test_a_mention_is_answered_and_ordinary_talk_is_not(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        await scene.telegram.send("aura is a nice word, bot", by=BORIS, chat=group)
        asked = await scene.telegram.send("@Aura_Bot what is it?", by=BORIS, chat=group)
        answer = await scene.telegram.reads_answer("You said:", chat=group)
        assert answer["reply_to_message"]["message_id"] == asked["message_id"]
        assert len(scene.telegram.said(group)) == 1
    request = scene.generator.requests[0]
    assert len(scene.generator.requests) == 1
    assert request.question.endswith(": what is it?"), "the mention is taken out, and who speaks stands before it"
    assert "aura_bot" not in request.question.lower()


async def test_a_reply_to_the_bot_goes_on_from_there(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        await scene.telegram.send("@aura_bot one", by=ANNA, chat=group)
        answer = await scene.telegram.reads_answer("one", chat=group)
        await scene.telegram.send("and then?", by=BORIS, chat=group, reply_to=answer["message_id"])
        await scene.telegram.reads_answer("and then?", chat=group)
    assert [message["role"] for message in scene.generator.requests[-1].messages] == ["user", "assistant", "user"]


async def test_topics_are_separate_conversations(scene: Scene) -> None:
    group = await scene.telegram.group()
    world = await scene.telegram.world()
    topic = next(chat for chat in world["chats"] if chat["id"] == group)["topics"][-1]["id"]
    async with scene.program():
        await scene.telegram.send("@aura_bot in general", by=ANNA, chat=group)
        await scene.telegram.reads_answer("in general", chat=group)
        await scene.telegram.send("@aura_bot in the topic", by=ANNA, chat=group, topic=topic)
        answer = await scene.telegram.reads_answer("in the topic", chat=group)
    assert answer["message_thread_id"] == topic
    assert len(scene.generator.requests[-1].messages) == 1
