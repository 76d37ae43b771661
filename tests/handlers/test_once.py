"""Every update acts once: its effects are stored in one transaction together with its id."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiogram import methods
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.harness.bot_scene import ANNA, BORIS, DATABASE, GROUP, OWNER, Harness, open_harness
from tests.harness.recording_session import ME

Act = Callable[[Harness], Awaitable[object]]


def says(who: Any, text: str, chat: int | None = None) -> Act:
    return lambda harness: harness.message(who, text, chat=chat)


def presses(who: Any, data: str) -> Act:
    return lambda harness: harness.press(who, data, harness.answer_ids()[-1])


async def presses_again(harness: Harness) -> None:
    newest = await harness.conversations.newest(harness.key())
    await harness.press(ANNA, f"again:{newest}", harness.answer_ids()[-1])


async def edits(harness: Harness) -> None:
    await harness.edited(ANNA, 1, "One and a half")


async def brings_the_bot(harness: Harness) -> None:
    chat = {"id": GROUP, "type": "supergroup", "title": "Friends"}
    old, new = ({"user": ME.model_dump(), "status": status} for status in ("left", "member"))
    change = {"chat": chat, "from": OWNER.user, "date": 1, "old_chat_member": old, "new_chat_member": new}
    await harness.update({"my_chat_member": change})


ACTS: dict[str, tuple[Act, int]] = {
    "a question": (says(ANNA, "Two"), 2),
    "an edited question": (edits, 2),
    "a press of ↻": (presses_again, 2),
    "a press that is too late": (presses(ANNA, "stop:1:1"), 1),
    "a press on something forgotten": (presses(ANNA, "again:99"), 1),
    "a membership": (brings_the_bot, 1),
    "/retry": (says(ANNA, "/retry"), 2),
    **{
        command: (says(ANNA, command), 1)
        for command in (
            "/start",
            "/help",
            "/new",
            "/stop",
            "/undo",
            "/settings",
            "/persona",
            "/system",
            "/system Answer in rhymes.",
            "/system reset",
            "/export",
            "/forget",
            "/temperature chat 1",
            "/nonsense",
            "/proxy off",
        )
    },
    **{
        f"an admin's {command}": (says(OWNER, command), 1)
        for command in (
            "/temperature",
            "/temperature 1",
            "/temperature reset",
            "/maxtokens 5",
            "/model x",
            "/proxy off",
            "/proxy reset",
            "/people",
            "/admin",
            "/admin add 1001",
            "/admin remove 1001",
            "/allow",
        )
    },
    "an admin's /allow in a group": (says(OWNER, "/allow", GROUP), 1),
    "a member's /new in a group": (says(BORIS, "/new", GROUP), 1),
    **{
        data: (presses(ANNA, data), 1)
        for data in ("forget:yes", "forget:no", "set:home", "set:temperature", "set:temperature:1", "set:persona:-")
    },
    **{
        data: (presses(OWNER, data), 1)
        for data in ("who:approve:1001", "who:block:1001:0", "who:unblock:1001:0", "who:page:0")
    },
}


@pytest.mark.parametrize(("act", "answers"), ACTS.values(), ids=ACTS.keys())
async def test_an_update_that_comes_again_does_nothing_and_the_first_time_takes_one_transaction(
    harness: Harness, folder: Path, monkeypatch: pytest.MonkeyPatch, act: Act, answers: int
) -> None:
    await harness.message(OWNER, "/start")
    await harness.message(ANNA, "One", message_id=1)
    await harness.answered(1)
    came: list[dict[str, Any]] = []
    feed, opened = harness.update, count_transactions(harness, monkeypatch)

    async def remembering(content: dict[str, Any], update: int | None = None) -> None:
        came.append(content)
        await feed(content, update or 77_000)

    monkeypatch.setattr(harness, "update", remembering)
    await act(harness)
    await harness.answered(answers)
    assert len(opened) == 1
    await harness.message(ANNA, "/start", update=99_000)  # whoever was forgotten is met again, whatever they send
    stored, said, changed = dump(folder), list(harness.said), len(harness.recording.made(methods.EditMessageText))
    await feed(came[0], 77_000)
    await harness.answered(answers)
    assert dump(folder) == stored
    assert harness.said == said
    assert len(harness.recording.made(methods.EditMessageText)) == changed


@pytest.mark.parametrize("text", ["/start", "somebody's question"])
async def test_a_newcomer_and_a_strange_group_ask_once(folder: Path, text: str) -> None:
    async with open_harness(folder, access="approved") as harness:
        for chat in (None, GROUP):
            for _ in range(2):
                await harness.message(BORIS, f"{text} @aura_bot", chat=chat, update=88_000 + (chat or 0))
        assert len(harness.said) == 3, "the newcomer, the admin, the group"


def count_transactions(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the outermost durable transactions that this task opens: those of the update, not those of its answer."""
    opened: list[str] = []
    original, here = harness.database.transaction, asyncio.current_task()

    @asynccontextmanager
    async def counted(*, durable: bool = True) -> AsyncIterator[AsyncConnection]:
        if durable and harness.database._open.get() is None and asyncio.current_task() is here:
            opened.append("transaction")
        async with original(durable=durable) as connection:
            yield connection

    monkeypatch.setattr(harness.database, "transaction", counted)
    return opened


def dump(folder: Path) -> list[str]:
    """Everything that is stored."""
    connection = sqlite3.connect(folder / DATABASE)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()
