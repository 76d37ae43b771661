"""Documents in, conversations out, and everything erased."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiogram import methods
from aiogram.types import BufferedInputFile

from bot.preferences import Source
from tests.handlers.scene import ANNA, BORIS, GROUP, Scene

MENTION = "@aura_bot"


def document(stage: Scene, content: bytes, name: str = "notes.txt", mime_type: str = "text/plain") -> dict[str, Any]:
    stage.recording.files["f1"] = content
    return {"document": {"file_id": "f1", "file_unique_id": "f1", "file_name": name, "mime_type": mime_type}}


async def test_a_text_document_is_read_with_its_question(stage: Scene) -> None:
    await stage.message(ANNA, None, caption="What is it about?", **document(stage, b"Quarks\nLeptons\n"))
    await stage.answered()
    assert stage.paths[0][-1].text == "Document notes.txt:\n```\nQuarks\nLeptons\n```\n\nWhat is it about?"
    assert len(stage.said) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
async def test_a_document_is_read_in_its_encoding(stage: Scene, encoding: str) -> None:
    await stage.message(BORIS, None, **document(stage, "Кварки и лептоны".encode(encoding)))
    await stage.answered()
    assert "Кварки и лептоны" in stage.paths[0][-1].text


async def test_a_long_document_is_cut_and_that_is_said(stage: Scene) -> None:
    await stage.message(ANNA, None, **document(stage, b"A line of a long list\n" * 1000))
    await stage.answered()
    cut = next(text for text in stage.said if "too long to read in full" in text)
    assert "of its 1000 lines" in cut
    assert "of 1000 lines" in stage.paths[0][-1].text


async def test_documents_that_cannot_be_read_are_refused_in_a_line(stage: Scene) -> None:
    await stage.message(ANNA, None, **document(stage, b"\x00\x01\x02", "data.csv", "text/csv"))
    assert stage.last == "I can't find any text in that document."
    await stage.message(ANNA, None, **document(stage, b"a" * 1_100_000))
    assert stage.last == "That document is too large: I read up to 1 MB of text."
    await stage.message(ANNA, None, **document(stage, b"%PDF", "book.pdf", "application/pdf"))
    assert stage.last == "I can read text and text documents only, so I can't do anything with this one."
    assert stage.paths == []


async def test_every_text_of_an_album_is_read(stage: Scene) -> None:
    for _ in range(3):
        await stage.message(ANNA, None, media_group_id="album", **document(stage, b"Quarks\n"))
    await stage.answered(3)


async def test_a_huge_document_is_not_even_asked_for(stage: Scene) -> None:
    huge = document(stage, b"")
    huge["document"]["file_size"] = 25_000_000
    await stage.message(ANNA, None, **huge)
    assert stage.said == ["That document is too large: I read up to 1 MB of text."]
    assert not stage.recording.made(methods.GetFile)


async def test_a_document_in_a_group_is_read_when_the_bot_is_mentioned(stage: Scene) -> None:
    file = document(stage, b"print('hi')", "hello.py", "text/x-python")
    await stage.message(ANNA, None, chat=GROUP, caption="look", **file)
    assert stage.recording.calls == []
    entities = [{"type": "mention", "offset": 0, "length": len(MENTION)}]
    await stage.message(ANNA, None, chat=GROUP, caption=f"{MENTION} explain", caption_entities=entities, **file)
    await stage.answered()
    assert stage.paths[0][-1].text == "Document hello.py:\n```\nprint('hi')\n```\n\nexplain"


async def test_export_sends_the_conversation_as_markdown_and_json(stage: Scene) -> None:
    await stage.message(ANNA, "/export")
    assert stage.last == "There is no conversation here yet that I could send."
    await stage.message(ANNA, "One")
    await stage.answered()
    await stage.message(ANNA, "/export")
    files: dict[str, str] = {}
    for call in stage.recording.made(methods.SendDocument):
        assert isinstance(call.document, BufferedInputFile)
        files[str(call.document.filename).rpartition(".")[2]] = call.document.data.decode()
    assert files["md"].startswith("# Conversation with Aura, ")
    assert "## Anna, " in files["md"]
    assert [entry["content"] for entry in json.loads(files["json"])["messages"]] == ["One", "Answer to One"]


async def test_forget_erases_everything_after_a_confirmation(stage: Scene) -> None:
    await stage.message(ANNA, "/system Be brief.")
    await stage.message(ANNA, "One")
    await stage.answered()
    await stage.message(ANNA, "/forget")
    assert list(stage.buttons().values()) == ["forget:yes", "forget:no"]
    await stage.press(ANNA, "forget:no", 9)
    assert stage.redrawn == "Nothing was erased."
    assert await stage.conversations.history(stage.key()) != []
    await stage.press(ANNA, "forget:yes", 9)
    assert stage.redrawn == "Everything about this chat is erased."
    assert await stage.conversations.history(stage.key()) == []
    assert (await stage.preferences.effective(stage.key())).system_prompt.source is Source.DEFAULT


async def test_in_a_group_only_an_administrator_erases(stage: Scene) -> None:
    await stage.press(BORIS, "forget:yes", 9, chat=GROUP)
    assert stage.toasts == ["Это может менять только администратор группы."]
