"""How clients finish drafts: adopted by a message that begins alike, else a ghost beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.world.drafts import Draft, Drafts, common_beginning
from tests.playground.local_telegram import ANNA, Clock, Json, LocalTelegram, local_telegram


async def standing(telegram: LocalTelegram) -> list[tuple[int, str, bool]]:
    found: list[Json] = await telegram.get("drafts")
    return [(draft["draft_id"], draft["text"], draft["ghost"]) for draft in found]


@pytest.mark.parametrize(
    ("drafted", "said", "stays"),
    [
        ("The answer", "The answer is 42.", False),
        ("The answer grows", "The end", False),  # one common character is enough
        ("", "The answer", True),
        ("The answer", "⚠️ It failed", True),
        ("the answer", "The answer", True),
    ],
)
async def test_a_message_takes_a_drafts_place_if_they_begin_alike(drafted: str, said: str, *, stays: bool) -> None:
    clock = Clock()
    async with local_telegram(clock=clock) as telegram:
        await telegram.send("hello")
        await telegram.bot.send_message_draft(ANNA, 5, text=drafted)
        clock.now += 10
        await telegram.bot.send_message(ANNA, said)
        assert await standing(telegram) == ([(5, drafted, True)] if stays else [])
        clock.now += 19.9
        assert bool(await standing(telegram)) == stays
        clock.now += 0.1
        assert await standing(telegram) == []


async def test_each_id_is_a_draft_of_its_own_and_the_longest_beginning_wins(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    for number, text in ((5, "The"), (6, "The answer"), (7, "")):
        await telegram.bot.send_message_draft(ANNA, number, text=text)
    await telegram.bot.send_message(ANNA, "The answer is 42.")
    assert await standing(telegram) == [(5, "The", True), (7, "", True)]


async def test_a_draft_that_lands_after_the_message_stands_for_thirty_seconds() -> None:
    clock = Clock()
    async with local_telegram(clock=clock) as telegram:
        await telegram.send("hello")
        await telegram.bot.send_message_draft(ANNA, 5, text="The answer")
        await telegram.bot.send_message(ANNA, "The answer")
        await telegram.bot.send_message_draft(ANNA, 5, text="The answ")
        assert await standing(telegram) == [(5, "The answ", False)]
        clock.now += 30
        assert await standing(telegram) == []


async def test_messages_of_people_and_of_other_topics_take_no_draft(telegram: LocalTelegram) -> None:
    await telegram.post("bot", has_topics_enabled=True)
    await telegram.send("hello")
    topic = (await telegram.post(f"chats/{ANNA}/topics", name="Plans"))["id"]
    await telegram.bot.send_message_draft(ANNA, 5, text="The answer")
    await telegram.bot.send_message_draft(ANNA, 6, text="The answer", message_thread_id=topic)
    await telegram.send("The answer")
    await telegram.bot.send_message(ANNA, "The answer", message_thread_id=topic)
    assert await standing(telegram) == [(5, "The answer", False)]


async def test_a_document_begins_as_its_caption_does(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    upload = await telegram.send("", document={"file_name": "a.txt", "content_base64": "YQ=="})
    file_id = upload["document"]["file_id"]
    await telegram.bot.send_message_draft(ANNA, 5, text="Here")
    await telegram.bot.send_document(ANNA, file_id)
    assert await standing(telegram) == [(5, "Here", True)]
    await telegram.bot.send_document(ANNA, file_id, caption="Here you are")
    assert await standing(telegram) == []


async def test_stop_is_pressed_on_one_draft_and_ends_that_one(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    for number in (5, 6):
        await telegram.bot.send_message_draft(ANNA, number, text="A", can_stop=True, keep_on_stop=number == 5)
    await telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA, draft_id=5)
    for number in (5, 6):
        assert await telegram.bot.send_message_draft(ANNA, number, text="A and more", can_stop=True)
    assert await standing(telegram) == [(5, "A", False), (6, "A and more", False)]
    await telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA)
    assert await standing(telegram) == [(5, "A", False)]


async def test_the_press_of_stop_may_be_lost(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.updates()
    await telegram.post("faults", kind="lose_update", update="stopped_message_generation")
    for number in (5, 6):
        await telegram.bot.send_message_draft(ANNA, number, text="A", can_stop=True)
        await telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA)
    assert [update.stopped_message_generation.draft_id for update in await telegram.updates()] == [6]  # type: ignore[union-attr]  # nothing else came


async def test_the_id_of_a_stopped_draft_may_come_as_a_string(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.updates()
    await telegram.post("faults", kind="stringify_update", update="stopped_message_generation", fields=["draft_id"])
    await telegram.bot.send_message_draft(ANNA, 5, text="A", can_stop=True)
    await telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA)
    assert (await telegram.raw("getUpdates"))["result"][0]["stopped_message_generation"]["draft_id"] == "5"
    await telegram.post("faults", kind="lose_update")
    async with telegram.session.delete(f"{telegram.url}/faults"):
        await telegram.send("comes")
    assert (await telegram.raw("getUpdates", offset=-1))["result"][0]["message"]["text"] == "comes"


async def test_a_refused_draft_leaves_messages_alone() -> None:
    clock = Clock()
    async with local_telegram(clock=clock, strict=True) as telegram:
        await telegram.send("hello")
        for _ in range(10):
            assert await telegram.bot.send_message_draft(ANNA, 5, text="A")
            assert await telegram.bot.send_chat_action(ANNA, "typing")
        for method in ("sendMessageDraft", "sendChatAction", "sendRichMessageDraft"):
            assert (await telegram.raw(method, chat_id=ANNA))["parameters"] == {"retry_after": 5}
        assert await telegram.bot.send_message(ANNA, "A")
        assert await telegram.bot.send_chat_action(telegram.friends, "typing")


async def test_drafts_alone_can_be_held(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.post("faults", kind="hold", of="drafts", chat_id=ANNA, retry_after=60)
    assert (await telegram.raw("sendChatAction", chat_id=ANNA, action="typing"))["error_code"] == 429
    assert await telegram.bot.send_message(ANNA, "A")


@given(st.lists(st.text("ab", max_size=4), max_size=5), st.text("ab", max_size=4))
def test_adoption_takes_one_draft_that_begins_alike_and_loses_none(texts: list[str], said: str) -> None:
    drafts = Drafts()
    for number, text in enumerate(texts, start=1):
        drafts.put(Draft(number, text, [], can_stop=True, keep_on_stop=True, until=30.0))
    adopted = drafts.adopt(0, said)
    best = max((common_beginning(text, said) for text in texts), default=0)
    assert (adopted is None) == (best == 0)
    assert adopted is None or common_beginning(adopted.text, said) == best
    assert len(drafts.values()) == len(texts) - (adopted is not None)
    assert all(draft.ghost for draft in drafts.values())
