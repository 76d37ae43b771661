"""Chats that Telegram wants left alone: an admin sees them, and ends that."""

from __future__ import annotations

from bot.storage.repositories.pacing import PacingRepository
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Harness
from tests.harness.recording_session import BOT_ID


async def hold(harness: Harness, chat: int) -> PacingRepository:
    pacing = PacingRepository(harness.database, BOT_ID)
    await pacing.hold(chat, harness.database.clock() + 86_400)
    return pacing


async def test_a_hold_is_listed_with_the_chats_name_and_ended(harness: Harness) -> None:
    await harness.message(ANNA, "/help")
    pacing = await hold(harness, ANNA.id)
    await harness.message(OWNER, "/hold")
    title, line = harness.last.splitlines()
    assert title.startswith("Telegram doesn't let me write to these chats")
    assert line.startswith("Anna (1001): 2")
    assert line.endswith(" UTC")
    await harness.message(OWNER, "/hold 1001")
    assert harness.last == "I'll write to Anna (1001) again. If it is too early, Telegram makes me wait again."
    assert harness.freed == [ANNA.id]
    assert await pacing.holds() == {}
    await harness.message(OWNER, "/hold")
    assert harness.last == "There is no chat where I have to wait."
    await harness.message(OWNER, "/audit")
    assert "ended the pause of Anna" in harness.last


async def test_only_what_is_held_can_be_ended(harness: Harness) -> None:
    pacing = await hold(harness, BORIS.id)
    for wrong in ("1001", "soon", "-", "9" * 40):
        await harness.message(OWNER, f"/hold {wrong}")
        assert harness.last == "I may write to that chat. /hold lists those where I may not."
    assert list(await pacing.holds()) == [BORIS.id]
    assert harness.freed == []


async def test_only_bot_admins_see_and_end_holds_and_groups_read_none(harness: Harness) -> None:
    pacing = await hold(harness, BORIS.id)
    for asked in ("/hold", f"/hold {BORIS.id}"):
        await harness.message(ANNA, asked)
        assert harness.last.startswith("Only an admin of the bot")
    assert list(await pacing.holds()) == [BORIS.id]
    await harness.message(OWNER, "/hold@Aura_Bot", chat=GROUP)
    assert harness.last == "Ask me that in our private chat: the list names other chats."


async def test_words_of_others_on_the_channel_end_nothing(harness: Harness) -> None:
    for payload in ("", "[]", "null", "{", '{"chat": "1001"}', "[" * 5000):
        await harness.database.notify("holds", payload)
    await harness.quiet()
    assert harness.freed == []
