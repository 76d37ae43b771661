"""The greeting and `/help`: what this bot reads with its settings, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.test_membership import changed
from tests.handlers.test_pictures import MODELS
from tests.harness.bot_scene import ANNA, BORIS, GROUP, Actor, Harness, open_harness

GREETINGS = {
    (ANNA, "both"): "Besides words I read documents, look at pictures and listen to voice messages.",
    (ANNA, "sees"): "Besides words I read documents and look at pictures.",
    (ANNA, "hears"): "Besides words I read documents and listen to voice messages.",
    (ANNA, "reads"): "Besides words I read documents.",
    (BORIS, "both"): "Кроме слов, я читаю документы, смотрю картинки и слушаю голосовые.",
    (BORIS, "sees"): "Кроме слов, я читаю документы и смотрю картинки.",
    (BORIS, "hears"): "Кроме слов, я читаю документы и слушаю голосовые.",
    (BORIS, "reads"): "Кроме слов, я читаю документы.",
}
PICTURES = {"I see pictures", "Картинки я тоже вижу"}
RECORDINGS = {"Voice messages, audio and video notes are heard", "Голосовые, аудио и видеосообщения я тоже слушаю"}
DOCUMENTS = {"PDF, Word, Excel, PowerPoint, OpenDocument"}
OTHERS = {"Forwarded messages, places, contacts", "Пересланные сообщения, места, контакты"}


@asynccontextmanager
async def bot(folder: Path, can: str) -> AsyncIterator[Harness]:
    """A bot that sees, hears, does both, or only reads."""
    settings: dict[str, Any] = {}
    if can in {"both", "sees"}:
        settings["models_file"] = folder / "models.toml"
        (folder / "models.toml").write_text(MODELS)
    if can in {"both", "hears"}:
        settings["transcription_url"] = "http://127.0.0.1:9"
    async with open_harness(folder, **settings) as harness:
        yield harness


def names(text: str, lines: set[str]) -> bool:
    return any(line in text for line in lines)


@pytest.mark.parametrize(("who", "can"), GREETINGS)
async def test_the_greeting_and_help_name_what_is_read_and_nothing_else(folder: Path, who: Actor, can: str) -> None:
    async with bot(folder, can) as harness:
        for chat in (None, GROUP):
            at = "@aura_bot" if chat else ""
            await harness.message(who, f"/start{at}", chat=chat)
            assert harness.last.split("\n\n")[2] == GREETINGS[who, can]
            await harness.message(who, f"/help{at}", chat=chat)
            assert names(harness.last, PICTURES) == (can in {"both", "sees"})
            assert names(harness.last, RECORDINGS) == (can in {"both", "hears"})
            assert names(harness.last, DOCUMENTS)
            assert names(harness.last, OTHERS)


@pytest.mark.parametrize("can", ["both", "reads"])
async def test_a_group_that_the_bot_is_added_to_hears_it_as_well(folder: Path, can: str) -> None:
    async with bot(folder, can) as harness:
        await changed(harness, "member", by=ANNA)
        assert GREETINGS[ANNA, can] in harness.last.split("\n\n")
