"""Documents in, conversations out, and everything erased."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiogram import methods
from aiogram.types import BufferedInputFile

from bot.preferences import Source
from tests.handlers.harness import ANNA, BORIS, GROUP, Harness

MENTION = "@aura_bot"


def document(
    harness: Harness, content: bytes, name: str = "notes.txt", mime_type: str = "text/plain"
) -> dict[str, Any]:
    harness.recording.files["f1"] = content
    return {"document": {"file_id": "f1", "file_unique_id": "f1", "file_name": name, "mime_type": mime_type}}


async def test_a_text_document_is_read_with_its_question(harness: Harness) -> None:
    await harness.message(ANNA, None, caption="What is it about?", **document(harness, b"Quarks\nLeptons\n"))
    await harness.answered()
    assert harness.paths[0][-1].text == "Document notes.txt:\n```\nQuarks\nLeptons\n```\n\nWhat is it about?"
    assert len(harness.said) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
async def test_a_document_is_read_in_its_encoding(harness: Harness, encoding: str) -> None:
    await harness.message(BORIS, None, **document(harness, "Кварки и лептоны".encode(encoding)))
    await harness.answered()
    assert "Кварки и лептоны" in harness.paths[0][-1].text


async def test_a_long_document_is_cut_and_that_is_said(harness: Harness) -> None:
    await harness.message(ANNA, None, **document(harness, b"A line of a long list\n" * 1000))
    await harness.answered()
    cut = next(text for text in harness.said if "too long to read in full" in text)
    assert "of its 1000 lines" in cut
    assert "of 1000 lines" in harness.paths[0][-1].text


async def test_documents_that_cannot_be_read_are_refused_in_a_line(harness: Harness) -> None:
    await harness.message(ANNA, None, **document(harness, b"\x00\x01\x02", "data.csv", "text/csv"))
    assert harness.last == "I can't find any text in that document."
    await harness.message(ANNA, None, **document(harness, b"a" * 1_100_000))
    assert harness.last == "That document is too large: I read up to 1 MB of text."
    await harness.message(ANNA, None, **document(harness, b"%PDF", "book.pdf", "application/pdf"))
    assert harness.last == "I can read text and text documents only, so I can't do anything with this one."
    assert harness.paths == []


async def test_every_text_of_an_album_is_read(harness: Harness) -> None:
    for _ in range(3):
        await harness.message(ANNA, None, media_group_id="album", **document(harness, b"Quarks\n"))
    await harness.answered(3)


async def test_a_huge_document_is_not_even_asked_for(harness: Harness) -> None:
    huge = document(harness, b"")
    huge["document"]["file_size"] = 25_000_000
    await harness.message(ANNA, None, **huge)
    assert harness.said == ["That document is too large: I read up to 1 MB of text."]
    assert not harness.recording.made(methods.GetFile)


async def test_a_document_in_a_group_is_read_when_the_bot_is_mentioned(harness: Harness) -> None:
    file = document(harness, b"print('hi')", "hello.py", "text/x-python")
    await harness.message(ANNA, None, chat=GROUP, caption="look", **file)
    assert harness.recording.calls == []
    entities = [{"type": "mention", "offset": 0, "length": len(MENTION)}]
    await harness.message(ANNA, None, chat=GROUP, caption=f"{MENTION} explain", caption_entities=entities, **file)
    await harness.answered()
    assert harness.paths[0][-1].text == "Document hello.py:\n```\nprint('hi')\n```\n\nexplain"


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
    assert harness.redrawn == "Everything about this chat is erased."
    assert await harness.conversations.history(harness.key()) == []
    assert (await harness.preferences.effective(harness.key())).system_prompt.source is Source.DEFAULT


async def test_in_a_group_only_an_administrator_erases(harness: Harness) -> None:
    await harness.press(BORIS, "forget:yes", 9, chat=GROUP)
    assert harness.toasts == ["Это может менять только администратор группы."]
