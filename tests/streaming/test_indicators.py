"""Signs of life in groups, and what a group's answers teach."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.streaming.live_reply_factory import LiveReplyFactory
from tests.harness.telegram_scene import ANNA, MemoryPacingStore, TelegramScene, telegram_scene

PIECES = ["", "", "Here it is, at last."]


@pytest.fixture
async def scene() -> AsyncIterator[TelegramScene]:
    async with telegram_scene() as running:
        running.live_replies = LiveReplyFactory(
            running.telegram, running.slots, running.tasks.start, acknowledge_in_groups=True
        )
        yield running


async def asked(scene: TelegramScene, chat: int) -> int:
    message = await scene.people(f"people/{ANNA}/send", {"chat_id": chat, "text": "/ask why?"})
    return int(message["message"]["message_id"])


async def test_a_question_in_a_group_is_acknowledged_until_its_answer_stands(scene: TelegramScene) -> None:
    question = await asked(scene, scene.group)
    await scene.stream(PIECES, every=3.0, chat=scene.group, reply_to=question)
    reactions = [call["parameters"] for call in scene.calls("setMessageReaction")]
    assert [bool(reaction.get("reaction")) for reaction in reactions] == [True, False]
    assert {reaction["message_id"] for reaction in reactions} == {question}
    assert scene.calls("sendChatAction") == []
    methods = [call["method"] for call in scene.calls()]
    assert methods[0] == methods[-1] == "setMessageReaction"


async def test_the_eyes_of_a_question_that_waited_go_when_its_answer_stands(scene: TelegramScene) -> None:
    scene.live_replies = LiveReplyFactory(scene.telegram, scene.slots, scene.tasks.start)
    for chat in (ANNA, scene.group):
        question = await asked(scene, chat)
        await scene.stream(PIECES, every=3.0, chat=chat, reply_to=question, acknowledged=True)
        taken = scene.calls("setMessageReaction")[-1]["parameters"]
        assert (taken["message_id"], taken.get("reaction") or []) == (question, [])
    assert {call["parameters"]["chat_id"] for call in scene.calls("sendChatAction")} == {ANNA, scene.group}
    assert len(scene.calls("setMessageReaction")) == 2


async def test_a_private_chat_and_an_answer_to_nothing_have_typing(scene: TelegramScene) -> None:
    await scene.stream(PIECES, every=3.0, reply_to=await asked(scene, ANNA))
    await scene.stream(PIECES, every=3.0, chat=scene.group)
    assert scene.calls("setMessageReaction") == []
    assert {call["parameters"]["chat_id"] for call in scene.calls("sendChatAction")} == {ANNA, scene.group}


async def test_an_answer_comes_although_no_reaction_may_be_set(scene: TelegramScene) -> None:
    text = "Bad Request: REACTION_INVALID"
    scene.fault(kind="error", method="setMessageReaction", error_code=400, description=text, count=9)
    await scene.stream(PIECES, every=3.0, chat=scene.group, reply_to=await asked(scene, scene.group))
    assert scene.texts(scene.group) == ["Here it is, at last."]


async def test_what_a_group_teaches_outlasts_a_restart() -> None:
    store = MemoryPacingStore()
    for learned in (0.5, 0.4, 0.32):
        async with telegram_scene(pacing=store) as scene:
            await scene.stream(["Here it is."], every=0.5, chat=scene.group)
            await scene.stream(["Here it is."], every=0.5)
            group = scene.group
        assert store.tempos == {group: pytest.approx(learned)}
