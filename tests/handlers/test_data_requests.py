"""Conversations out, and everything erased."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiogram import methods
from aiogram.types import BufferedInputFile

from bot.preferences import Source
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Harness, open_harness


async def test_export_sends_the_conversation_as_markdown_and_json(harness: Harness) -> None:
    await harness.message(ANNA, "/export")
    assert harness.last == "There is no conversation here yet that I could send."
    await harness.message(ANNA, "One")
    await harness.answered()
    await harness.message(ANNA, "/export")
    files: dict[str, str] = {}
    for call in harness.recording.made(methods.SendDocument):
        assert isinstance(call.document, BufferedInputFile)
        files[str(call.document.filename).rpartition(".")[2]] = call.document.data.decode()
    assert files["md"].startswith("# Conversation with Aura, ")
    assert "## Anna, " in files["md"]
    assert [entry["content"] for entry in json.loads(files["json"])["messages"]] == ["One", "Answer to One"]


async def test_forget_erases_everything_after_a_confirmation(harness: Harness) -> None:
    await harness.message(ANNA, "/system Be brief.")
    await harness.message(ANNA, "One")
    await harness.answered()
    await harness.message(ANNA, "/forget")
    assert list(harness.buttons().values()) == ["forget:yes", "forget:no"]
    await harness.press(ANNA, "forget:no", 9)
    assert harness.redrawn == "Nothing was erased."
    assert await harness.conversations.history(harness.key()) != []
    await harness.press(ANNA, "forget:yes", 9)
    assert harness.redrawn.startswith("I have erased everything about this chat.")
    assert await harness.conversations.history(harness.key()) == []
    assert (await harness.preferences.effective(harness.key())).system_prompt.source is Source.DEFAULT


async def test_in_a_group_only_an_administrator_erases(harness: Harness) -> None:
    await harness.press(BORIS, "forget:yes", 9, chat=GROUP)
    assert harness.toasts == ["Это может менять только администратор группы."]


@pytest.mark.parametrize(
    ("settings", "said", "unsaid"),
    [
        (
            {},
            ["until somebody sends /forget", "your questions go nowhere else", "90 days", "The id and the hour stay"],
            ["Until an admin lets you in"],
        ),
        ({"history_days": 1}, ["my answers for one day,"], []),
        ({"history_days": 30, "aura_url": "http://h"}, ["for 30 days", "the model's server"], ["nowhere else"]),
        ({"trouble_days": 12}, ["Why an answer failed I keep for 12 days, or until /forget"], []),
        ({"access": "approved"}, ["(5 at most)", "for up to 30 days"], []),
    ],
)
async def test_privacy_says_what_these_settings_keep(
    folder: Path, settings: dict[str, Any], said: list[str], unsaid: list[str]
) -> None:
    async with open_harness(folder, **settings) as harness:
        await harness.message(OWNER, "/privacy")
        assert [words for words in said if words not in harness.last] == []
        assert [words for words in unsaid if words in harness.last] == []
        assert "In groups" not in harness.last
        await harness.message(OWNER, "/privacy", chat=GROUP)
        assert "In groups" in harness.last
