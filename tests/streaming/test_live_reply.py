from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.rendering.entities import MESSAGE_LIMIT
from bot.rendering.reply import Reply
from bot.streaming.live_reply import LAYOUT_SLICE
from tests.harness.telegram_scene import AGAIN, ANNA, STOP, MemoryJournalStore, TelegramScene, telegram_scene

WORDS = [f"word{number} " for number in range(400)]


@pytest.fixture
async def scene() -> AsyncIterator[TelegramScene]:
    async with telegram_scene() as running:
        yield running


def buttons(markup: dict[str, list[list[dict[str, str]]]] | None) -> list[str]:
    return [button["text"] for row in markup["inline_keyboard"] for button in row] if markup else []


async def test_an_answer_grows_and_ends_whole_under_its_final_buttons(scene: TelegramScene) -> None:
    store = await scene.stream(WORDS, every=0.025)
    assert scene.texts() == ["".join(WORDS).strip()]
    assert buttons(scene.messages()[0].markup) == ["Again"]
    edits = scene.calls("editMessageText")
    assert len(edits) >= 5
    assert [len(edit["parameters"]["text"]) for edit in edits] == sorted(len(e["parameters"]["text"]) for e in edits)
    assert scene.refused() == []
    assert [shown.message_id for shown in store.shown] == [scene.messages()[0].id]


async def test_the_first_words_come_with_the_buttons_attached_to_the_question(scene: TelegramScene) -> None:
    question = (await scene.people(f"people/{ANNA}/send", {"chat_id": ANNA, "text": "Why?"}))["message"]["message_id"]
    await scene.stream(WORDS[:50], every=0.05, reply_to=question)
    first = scene.calls("sendMessage")[0]["parameters"]
    assert first["reply_parameters"] == {"message_id": question}
    assert buttons(first["reply_markup"]) == ["Stop"]
    assert len(first["text"].split()) >= 2
    assert len(scene.calls("editMessageReplyMarkup")) == 0


async def test_no_preview_is_shown_while_the_answer_grows(scene: TelegramScene) -> None:
    await scene.stream(["see https://example.org/ and ", "more ", "words "], every=1.0)
    for call in scene.calls("sendMessage", "editMessageText"):
        assert call["parameters"]["link_preview_options"] == {"is_disabled": True}


async def test_typing_is_shown_until_there_is_text(scene: TelegramScene) -> None:
    await scene.stream(["", "", "", "Here it is, at last."], every=4.0)
    methods = [call["method"] for call in scene.calls()]
    typing = methods.count("sendChatAction")
    assert 2 <= typing <= 4
    assert methods[:typing] == ["sendChatAction"] * typing


async def test_short_first_words_are_shown_though_nothing_follows(scene: TelegramScene) -> None:
    reply = Reply()
    live = scene.open(reply, MemoryJournalStore())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live.run())
        reply.write("I")
        live.notify()
        await scene.until(lambda: scene.texts() == ["I"])
        reply.end()
        live.end(AGAIN)


async def test_a_long_answer_goes_on_in_further_messages(scene: TelegramScene) -> None:
    text = "\n\n".join(f"Paragraph {number}. " + "Some words of it. " * 20 for number in range(30))
    pieces = [text[start : start + 100] for start in range(0, len(text), 100)]
    store = await scene.stream(pieces, every=0.05)
    assert len(scene.texts()) >= 3
    assert " ".join(" ".join(scene.texts()).split()) == " ".join(text.split())
    assert [buttons(message.markup) for message in scene.messages()] == [[]] * (len(scene.messages()) - 1) + [["Again"]]
    assert [shown.sealed for shown in store.shown] == [True] * (len(scene.messages()) - 1) + [False]
    assert scene.refused() == []


async def test_a_full_message_is_not_touched_again_and_only_the_first_one_rings(scene: TelegramScene) -> None:
    text = "word " * 2500
    await scene.stream([text[start : start + 200] for start in range(0, len(text), 200)], every=0.05)
    sent = scene.calls("sendMessage")
    assert len(sent) == 4
    assert ["disable_notification" in call["parameters"] for call in sent] == [False, True, True, True]
    numbers = [call["parameters"].get("message_id") for call in scene.calls("editMessageText")]
    assert numbers == sorted(numbers)


async def test_an_answer_that_is_there_at_once_needs_one_call_a_message(scene: TelegramScene) -> None:
    reply, store = Reply(), MemoryJournalStore()
    reply.write("word " * 1200)
    reply.end("the end")
    live = scene.open(reply, store)
    live.end(AGAIN)
    await live.run()
    assert [call["method"] for call in scene.calls()] == ["sendMessage", "sendMessage"]
    assert scene.texts()[1].endswith("the end")


async def test_a_final_text_that_stands_there_already_gets_its_buttons_alone(scene: TelegramScene) -> None:
    reply, store = Reply(), MemoryJournalStore()
    live = scene.open(reply, store)
    running = asyncio.get_running_loop().create_task(live.run())
    reply.write("All of it at once.")
    live.notify()
    await scene.until(lambda: scene.texts() == ["All of it at once."])
    assert buttons(scene.messages()[0].markup) == ["Stop"]
    reply.end()
    live.end(AGAIN)
    await running
    assert buttons(scene.messages()[0].markup) == ["Again"]
    written = [call["method"] for call in scene.calls() if call["method"] != "sendChatAction"]
    assert written == ["sendMessage", "editMessageReplyMarkup"]


async def test_the_whole_answer_comes_at_the_end_where_streaming_is_off(scene: TelegramScene) -> None:
    await scene.stream(WORDS, every=0.1, streaming="off")
    assert scene.texts() == ["".join(WORDS).strip()]
    assert [call["method"] for call in scene.calls() if call["method"] != "sendChatAction"] == ["sendMessage"]
    assert len(scene.calls("sendChatAction")) >= 2


async def test_an_answer_without_anything_to_see_shows_nothing(scene: TelegramScene) -> None:
    await scene.stream(["\n", " ", "\u200b"], every=0.3)
    assert scene.messages() == []


async def test_thoughts_are_worth_showing_too(scene: TelegramScene) -> None:
    reply, store = Reply(), MemoryJournalStore()
    live = scene.open(reply, store)
    running = asyncio.get_running_loop().create_task(live.run())
    reply.think("First of all I wonder what is meant.")
    live.notify()
    await scene.until(lambda: scene.texts())
    reply.write("It is seven.")
    reply.end()
    live.end(AGAIN)
    await running
    assert scene.texts()[0].endswith("It is seven.")


async def test_answers_and_notices_in_one_group_keep_to_one_budget() -> None:
    async with telegram_scene(speed=15) as scene:
        chat = scene.group
        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(scene.stream(WORDS[:200], every=0.05, chat=chat))
            for number in range(6):
                await scene.clock.sleep(1.5)
                scene.outbox.enqueue(scene.destination(chat), f"notice {number}")
        await scene.until(lambda: sum("notice" in text for text in scene.texts(chat)) == 6)
        assert sum(text == "".join(WORDS[:200]).strip() for text in scene.texts(chat)) == 3
        assert scene.refused() == []


async def test_the_buttons_while_writing_are_the_ones_that_were_given(scene: TelegramScene) -> None:
    await scene.stream(WORDS[:100], every=0.05)
    keyboards = [call["parameters"].get("reply_markup") for call in scene.calls("sendMessage", "editMessageText")]
    assert [buttons(keyboard) for keyboard in keyboards] == [[STOP[0][0].text]] * (len(keyboards) - 1) + [["Again"]]


async def test_thoughts_with_broken_characters_do_not_lose_the_answer(scene: TelegramScene) -> None:
    reply = Reply()
    for piece in ("a wink \ud83d", "\ude09, half of one \ud83d", " and\x00 a control", " at last \ud83d"):
        reply.think(piece)
    reply.write("The answer.")
    reply.end()
    live = scene.open(reply, MemoryJournalStore())
    live.end(AGAIN)
    await live.run()
    (text,) = scene.texts()
    assert text.endswith("The answer.")
    assert "a wink \N{WINKING FACE}, half of one \ufffd and  a control" in text


async def test_nothing_is_looked_at_again_and_again_while_the_beginning_is_held_back(
    scene: TelegramScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = Reply()
    live = scene.open(reply, MemoryJournalStore())
    advance, looks = Reply.advance, 0

    def looked(reply: Reply, *, budget: int | None = None) -> bool:
        nonlocal looks
        looks += 1
        return advance(reply, budget=budget)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live.run())
        reply.write("1")
        live.notify()
        await asyncio.sleep(0)
        reply.write(". **")  # nobody can tell yet what this will be
        live.notify()
        await asyncio.sleep(0)
        monkeypatch.setattr(Reply, "advance", looked)
        await scene.clock.sleep(4)
        monkeypatch.undo()
        reply.write("bold** it is")
        reply.end()
        live.end(AGAIN)
    assert scene.texts() == ["1. bold it is"]
    assert looks < 10


async def test_much_text_at_once_is_laid_out_in_slices_between_which_others_have_their_turn(
    scene: TelegramScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps are counted, not time: characters that are laid out while nobody else has the loop."""
    lay_out, at_a_stretch, most = Reply._lay_out, 0, 0  # where the work is done

    def counted(reply: Reply, source: str, **more: Any) -> Any:
        nonlocal at_a_stretch, most
        at_a_stretch += len(source)
        most = max(most, at_a_stretch)
        return lay_out(reply, source, **more)

    async def others(done: asyncio.Event) -> None:
        nonlocal at_a_stretch
        while not done.is_set():
            at_a_stretch = 0
            await asyncio.sleep(0)

    monkeypatch.setattr(Reply, "_lay_out", counted)
    reply, done = Reply(), asyncio.Event()
    live = scene.open(reply, MemoryJournalStore())
    reply.write("***a*** `b` [c](https://d.e) " * 2000)
    reply.end()
    live.end(AGAIN)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(others(done))
        await live.run()
        done.set()
    assert "".join(scene.texts()).count("a") == 2000
    assert most <= LAYOUT_SLICE + 3 * 4 * MESSAGE_LIMIT, "a slice, and the last look with its cut"
