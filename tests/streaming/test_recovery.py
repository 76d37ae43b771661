"""An answer that is shown a second time: after a crash, with another text, or because it was not delivered whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.conversation.messages import Shown
from bot.errors import StorageUnavailable
from bot.rendering.reply import Reply
from tests.harness.telegram_scene import AGAIN, ANNA, MemoryJournalStore, TelegramScene, telegram_scene

LONG = "\n\n".join(f"Paragraph {number}. " + "Some words of it. " * 20 for number in range(30))


@pytest.fixture
async def scene() -> AsyncIterator[TelegramScene]:
    async with telegram_scene() as running:
        yield running


def words(texts: list[str]) -> list[str]:
    return " ".join(texts).split()


async def show(scene: TelegramScene, text: str, store: MemoryJournalStore) -> None:
    """Deliver a whole text."""
    reply = Reply()
    reply.write(text)
    reply.end()
    live = scene.open(reply, store)
    live.end(AGAIN)
    await live.run()


async def begin(scene: TelegramScene, text: str, store: MemoryJournalStore) -> None:
    """Show the beginning of an answer, and crash."""
    reply = Reply()
    reply.write(text)
    live = scene.open(reply, store)
    live.notify()
    running = asyncio.get_running_loop().create_task(live.run())
    await scene.until(lambda: words(scene.texts()) == text.split())
    running.cancel()
    await asyncio.wait([running])


async def test_an_answer_goes_on_in_the_message_it_was_begun_in(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await begin(scene, "It was a dark and stormy night", store)
    await scene.stream(["The sun was shining. ", "All was well. ", "The end."], every=1.0, store=store)
    assert scene.texts() == ["The sun was shining. All was well. The end."]
    assert len(scene.calls("sendMessage")) == 1


async def test_a_message_is_noted_again_before_it_is_sent_where_the_store_may_have_failed(scene: TelegramScene) -> None:
    store = MemoryJournalStore(shown=(Shown(None),), stores=False)
    await show(scene, "Hello.", store)
    assert [one.message_id for one in store.history[0]] == [None]
    assert store.history[0] != (Shown(None),), "SQLite writes nothing where nothing changes"
    assert len(scene.calls("sendMessage")) == 1


async def test_a_message_goes_at_once_where_the_store_has_just_taken_the_claim(scene: TelegramScene) -> None:
    store = MemoryJournalStore(shown=(Shown(None),))
    await show(scene, "Hello.", store)
    assert [one.message_id is None for one in store.history[0]] == [False]


async def test_no_message_goes_while_its_id_could_not_be_kept(scene: TelegramScene) -> None:
    store = MemoryJournalStore(shown=(Shown(None),), stores=False, fails=True)
    with pytest.raises(StorageUnavailable):
        await show(scene, "Hello.", store)
    assert scene.calls("sendMessage") == []


async def test_nothing_shorter_than_a_sentence_replaces_what_was_shown(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await begin(scene, "It was a dark and stormy night, and the rain fell in torrents.", store)
    before = len(scene.calls("editMessageText"))
    await scene.stream(["The ", "sun ", "was ", "shining ", "on us. ", "The end."], every=1.0, store=store)
    edits = [call["parameters"]["text"] for call in scene.calls("editMessageText")][before:]
    assert edits[0].startswith("The sun was shining on us.")


async def test_what_is_left_over_of_a_longer_answer_is_deleted(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await show(scene, LONG, store)
    assert len(scene.messages()) >= 3
    await show(scene, "A short answer after all.", store)
    assert scene.texts() == ["A short answer after all."]
    assert len(store.shown) == 1


async def test_a_longer_answer_is_written_over_a_shorter_one(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await show(scene, "A short answer.", store)
    first = scene.messages()[0].id
    await show(scene, LONG, store)
    assert words(scene.texts()) == LONG.split()
    assert scene.messages()[0].id == first


async def test_full_messages_are_not_touched_when_the_same_answer_is_delivered_again(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await begin(scene, LONG, store)
    assert [shown.sealed for shown in store.shown] == [True, True, False]
    before = len(scene.calls())
    await show(scene, LONG, store)
    assert words(scene.texts()) == LONG.split()
    after = scene.calls()[before:]
    assert [call["method"] for call in after] == ["editMessageText"]
    assert after[0]["parameters"]["message_id"] == scene.messages()[-1].id


async def test_an_answer_between_two_of_its_messages_goes_on_with_the_next(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await show(scene, LONG, store)
    lost = scene.messages()[-1].id
    await scene.telegram.delete(ANNA, [lost])
    store.shown = (*store.shown[:-1], Shown(None))  # it was noted, and may have been sent or not
    before = len(scene.calls())
    await show(scene, LONG, store)
    assert words(scene.texts()) == LONG.split()
    assert [call["method"] for call in scene.calls()[before:]] == ["sendMessage"]


async def test_each_send_is_noted_before_it_goes_and_its_id_after(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await show(scene, LONG, store)
    known = [[shown.message_id is not None for shown in kept] for kept in store.history]
    assert known == [
        [False],
        [True],
        [True, False],
        [True, True],
        [True, True, False],
        [True, True, True],
    ]


async def test_a_send_under_way_is_not_lost_when_its_answer_is_cancelled(scene: TelegramScene) -> None:
    scene.fault(kind="delay", method="sendMessage", seconds=0.2)
    store, reply = MemoryJournalStore(), Reply()
    reply.write("All of it is here.")
    live = scene.open(reply, store)
    live.notify()
    running = asyncio.get_running_loop().create_task(live.run())
    await scene.until(lambda: store.history)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert [shown.message_id for shown in store.shown] == [scene.messages()[0].id]


class StalledJournalStore(MemoryJournalStore):
    """A journal that can note no id until it works; as the real one, it writes also while being cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.stalls, self.works = asyncio.Event(), asyncio.Event()

    async def keep(self, shown: tuple[Shown, ...]) -> None:
        writing = asyncio.get_running_loop().create_task(self._write(shown))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise

    async def _write(self, shown: tuple[Shown, ...]) -> None:
        if shown[-1].message_id is not None:
            self.stalls.set()
            await self.works.wait()
        await super().keep(shown)


async def test_a_cancelled_answer_waits_until_the_id_of_its_last_send_is_kept(
    scene: TelegramScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.streaming.message_writer.SEND_GRACE", 0.05)
    store, reply = StalledJournalStore(), Reply()
    reply.write("All of it is here.")
    live = scene.open(reply, store)
    live.notify()
    running = asyncio.get_running_loop().create_task(live.run())
    await store.stalls.wait()
    running.cancel()
    await asyncio.wait([running], timeout=0.5)
    assert not running.done(), "whoever claims the turn next must read the id"
    store.works.set()
    await asyncio.wait([running])
    assert [shown.message_id for shown in store.shown] == [scene.messages()[0].id]


async def test_what_cannot_be_deleted_any_more_stays(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await show(scene, LONG, store)
    scene.fault(
        kind="error", method="deleteMessages", error_code=400, description="Bad Request: message can't be deleted"
    )
    await show(scene, "Short.", store)
    assert scene.texts()[0] == "Short."
    assert len(store.shown) == 1


async def test_what_telegram_will_not_delete_for_whatever_reason_stays(scene: TelegramScene) -> None:
    store = MemoryJournalStore()
    await show(scene, LONG, store)
    scene.fault(kind="error", method="deleteMessages", error_code=400, description="Bad Request: the moon is full")
    await show(scene, "Short.", store)
    assert scene.texts()[0] == "Short."
