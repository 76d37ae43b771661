"""Documents that are sent with a question, alone, or in the message that a question replies to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiogram import methods

from bot.conversation.messages import Quote
from tests.attachments.hostile import HOSTILE
from tests.attachments.samples import docx, docx_paragraph, epub, odt, pdf, pptx, xlsx
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Actor, Harness, open_harness

MENTION = "@aura_bot"
KINDS: dict[str, bytes] = {
    "notes.txt": b"Quarks",
    "Makefile": b"all:\n\techo Quarks\n",
    "paper.pdf": pdf(["Quarks"]),
    "letter.docx": docx(docx_paragraph("Quarks")),
    "table.xlsx": xlsx([["Quarks", 6]]),
    "talk.pptx": pptx(["Quarks"]),
    "letter.odt": odt("<office:text><text:p>Quarks</text:p></office:text>"),
    "page.html": b"<!doctype html><html><body><p>Quarks</p></body></html>",
    "book.epub": epub(["<html><body><p>Quarks</p></body></html>"]),
    "letter.rtf": rb"{\rtf1\ansi Quarks\par}",
}


def document(harness: Harness, content: bytes, name: str = "notes.txt", mime_type: str = "") -> dict[str, Any]:
    file = f"f{len(harness.recording.files)}"
    harness.recording.files[file] = content
    return {"document": {"file_id": file, "file_unique_id": file, "file_name": name, "mime_type": mime_type}}


def somebodys(**content: object) -> dict[str, Any]:
    """A message of Boris's in the group."""
    chat = {"id": GROUP, "type": "supergroup"}
    return {"reply_to_message": {"message_id": 900, "date": 1, "chat": chat, "from": BORIS.user, **content}}


async def test_a_document_is_read_with_its_question(harness: Harness) -> None:
    await harness.message(ANNA, None, caption="What is it about?", **document(harness, b"Quarks\nLeptons"))
    await harness.answered()
    assert harness.paths[0][-1].text == "Document notes.txt:\n```\nQuarks\nLeptons\n```\n\nWhat is it about?"
    assert len(harness.said) == 1


@pytest.mark.parametrize("name", KINDS)
async def test_every_kind_of_document_is_read(harness: Harness, name: str) -> None:
    await harness.message(ANNA, None, **document(harness, KINDS[name], name, "application/octet-stream"))
    await harness.answered()
    assert harness.paths[0][-1].text.startswith(f"Document {name}:")
    assert "Quarks" in harness.paths[0][-1].text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
async def test_a_document_is_read_in_its_encoding(harness: Harness, encoding: str) -> None:
    await harness.message(BORIS, None, **document(harness, "Кварки и лептоны".encode(encoding)))
    await harness.answered()
    assert "Кварки и лептоны" in harness.paths[0][-1].text


async def test_typescript_is_no_video(harness: Harness) -> None:
    await harness.message(ANNA, None, **document(harness, b"const quarks = 6", "main.ts", "video/mp2t"))
    await harness.answered()
    assert "quarks" in harness.paths[0][-1].text


async def test_a_long_document_is_cut_and_that_is_said(harness: Harness) -> None:
    await harness.message(ANNA, None, **document(harness, b"A line of a long list\n" * 1000))
    await harness.answered()
    cut = next(text for text in harness.said if "notes.txt is too long to read in full" in text)
    assert "of its 1000 lines" in cut
    assert "of 1000 lines" in harness.paths[0][-1].text


UNREADABLE = {
    "no text": (b"\x00\x01\x02", "data.csv", "I can't read data.csv: I don't know this kind of file."),
    "a scan": (pdf([""]), "scan.pdf", "scan.pdf"),
    "damaged": (b"%PDF-1.4", "book.pdf", "I can't read book.pdf: the file is damaged"),
}


@pytest.mark.parametrize(("content", "name", "line"), UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_said_in_one_line(harness: Harness, content: bytes, name: str, line: str) -> None:
    await harness.message(ANNA, None, **document(harness, content, name))
    await harness.at_rest()
    assert len(harness.said) == 1
    assert line in harness.last
    assert harness.paths == []


@pytest.mark.parametrize(("content", "name", "line"), UNREADABLE.values(), ids=UNREADABLE)
async def test_words_beside_what_cannot_be_read_are_answered(
    harness: Harness, content: bytes, name: str, line: str
) -> None:
    await harness.message(ANNA, None, caption="What is a quark?", **document(harness, content, name))
    await harness.answered()
    assert harness.paths[0][-1].text == "What is a quark?"
    assert len([text for text in harness.said if line in text]) == 1
    assert len(harness.said) == 2


@pytest.mark.parametrize(
    ("who", "kind", "line"),
    [
        (ANNA, "image/png", "I can't see pictures here: the model takes words only. Please put it into words."),
        (ANNA, "audio/mpeg", "I can't listen to recordings here. Please write it to me."),
        (ANNA, "video/mp4", "I can't watch videos. Please put it into words."),
        (
            BORIS,
            "image/png",
            "Картинок я здесь не вижу: модель понимает только слова. Опишите, пожалуйста, что там, словами.",
        ),
        (BORIS, "video/mp4", "Видео я не смотрю. Опишите, пожалуйста, что там, словами."),
    ],
)
async def test_a_medium_sent_as_a_file_is_not_fetched(harness: Harness, who: Actor, kind: str, line: str) -> None:
    await harness.message(who, None, **document(harness, b"", "file", kind))
    assert harness.said == [line]
    assert not harness.recording.made(methods.GetFile)


async def test_the_same_file_again_is_not_fetched_again(harness: Harness) -> None:
    file = document(harness, b"Quarks")
    await harness.message(ANNA, None, caption="What is it?", **file)
    await harness.answered()
    again: dict[str, Any] = {"document": {**file["document"], "file_id": "another"}}
    await harness.message(BORIS, None, caption="And this?", **again)
    await harness.answered(2)
    assert harness.paths[1][-1].text == "Document notes.txt:\n```\nQuarks\n```\n\nAnd this?"
    assert len(harness.recording.made(methods.GetFile)) == 1


async def test_a_huge_document_is_not_even_asked_for(harness: Harness) -> None:
    huge = document(harness, b"")
    huge["document"]["file_size"] = 25_000_000
    await harness.message(ANNA, None, **huge)
    assert harness.said == ["I can't read notes.txt: it is larger than 20 MB."]
    assert not harness.recording.made(methods.GetFile)


async def test_a_hostile_document_costs_one_line_and_the_bot_goes_on(harness: Harness) -> None:
    name, make = next(iter(HOSTILE.values()))
    await harness.message(ANNA, None, **document(harness, make(), name))
    await harness.at_rest()
    assert len(harness.said) == 1
    await harness.message(ANNA, "What is a quark?")
    await harness.answered()
    assert harness.last == "Answer to What is a quark?"


async def test_a_document_in_a_group_is_read_when_the_bot_is_mentioned(harness: Harness) -> None:
    file = document(harness, b"print('hi')", "hello.py", "text/x-python")
    await harness.message(ANNA, None, chat=GROUP, caption="look", **file)
    assert harness.recording.calls == []
    entities = [{"type": "mention", "offset": 0, "length": len(MENTION)}]
    await harness.message(ANNA, None, chat=GROUP, caption=f"{MENTION} explain", caption_entities=entities, **file)
    await harness.answered()
    assert harness.paths[0][-1].text == "Document hello.py:\n```\nprint('hi')\n```\n\nexplain"


async def test_the_document_of_the_message_that_is_replied_to_is_quoted_with_its_author(harness: Harness) -> None:
    target = somebodys(**document(harness, KINDS["paper.pdf"], "paper.pdf"))
    await harness.message(ANNA, f"{MENTION} is that so?", chat=GROUP, **target)
    await harness.answered()
    assert harness.paths[0][-1].text == "is that so?"
    assert harness.paths[0][-1].quote == Quote("Борис", "Document paper.pdf:\n```\n[Page 1]\nQuarks\n```")


async def test_its_words_are_quoted_below_it(harness: Harness) -> None:
    target = somebodys(caption="My notes", **document(harness, b"Quarks"))
    await harness.message(ANNA, MENTION, chat=GROUP, **target)
    await harness.answered()
    assert harness.paths[0][-1].text == "What do you say to this?"
    assert harness.paths[0][-1].quote == Quote("Борис", "Document notes.txt:\n```\nQuarks\n```\n\nMy notes")


async def test_in_private_the_document_of_a_message_that_the_conversation_does_not_know_comes_along(
    harness: Harness,
) -> None:
    target = {"message_id": 900, "date": 1, "chat": {"id": ANNA.id, "type": "private"}, "from": ANNA.user}
    target.update(document(harness, b"Quarks"))
    await harness.message(ANNA, "What is it about?", reply_to_message=target)
    await harness.answered()
    assert harness.paths[0][-1].quote == Quote("Anna", "Document notes.txt:\n```\nQuarks\n```")


async def test_a_document_that_the_conversation_knows_is_not_read_again(harness: Harness) -> None:
    file = document(harness, b"Quarks")
    first = await harness.message(ANNA, None, **file)
    await harness.answered(1)
    target = {"message_id": first, "date": 1, "chat": {"id": ANNA.id, "type": "private"}, "from": ANNA.user, **file}
    await harness.message(ANNA, "And more?", reply_to_message=target)
    await harness.answered(2)
    assert harness.paths[1][-1].quote is None
    assert "Quarks" in harness.paths[1][0].text


async def test_a_document_of_another_chat_comes_along(harness: Harness) -> None:
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Clara"}
    reply = {"origin": origin, **document(harness, b"Quarks")}
    await harness.message(ANNA, "What is it about?", external_reply=reply)
    await harness.answered()
    assert harness.paths[0][-1].quote == Quote("Clara", "Document notes.txt:\n```\nQuarks\n```")


async def test_two_documents_share_the_room(harness: Harness) -> None:
    long = b"A line of a long list\n" * 1000
    target = somebodys(**document(harness, long, "theirs.txt"))
    entities = [{"type": "mention", "offset": 0, "length": len(MENTION)}]
    mine = document(harness, long, "mine.txt")
    await harness.message(
        ANNA, None, chat=GROUP, caption=f"{MENTION} compare", caption_entities=entities, **mine, **target
    )
    await harness.answered()
    question = harness.paths[0][-1]
    assert question.quote is not None
    assert len(question.text) + len(question.quote.text) < 2048 // 2 * 5
    assert "\n".join(harness.said).count("too long to read in full") == 2


async def test_a_question_is_answered_without_a_quoted_document_that_cannot_be_read(harness: Harness) -> None:
    target = somebodys(**document(harness, b"\x00\x01", "a.bin"))
    await harness.message(ANNA, f"{MENTION} is that so?", chat=GROUP, **target)
    await harness.answered()
    assert harness.paths[0][-1].quote is None
    assert "I can't read a.bin: I don't know this kind of file." in harness.said


async def test_no_document_is_fetched_for_a_question_beyond_the_limits(folder: Path) -> None:
    async with open_harness(folder, questions_per_minute=1) as harness:
        await harness.message(ANNA, "What is a quark?")
        await harness.answered()
        await harness.message(ANNA, None, caption="And this?", **document(harness, b"Quarks"))
        assert len(harness.said) == 2
        assert len(harness.paths) == 1
        assert not harness.recording.made(methods.GetFile)


LONG_PROMPT = "Answer in rhymes. " * 300


@pytest.mark.parametrize("prompt", ["Answer in rhymes.", LONG_PROMPT[:5000]], ids=["short", "longer than a message"])
async def test_a_file_with_system_as_its_caption_is_the_system_prompt(harness: Harness, prompt: str) -> None:
    await harness.message(ANNA, **captioned("/system"), **document(harness, prompt.encode()))
    assert harness.last == "This is the system prompt of this chat now."
    effective = await harness.preferences.effective(harness.key())
    assert effective.system_prompt.value == prompt.strip()
    assert harness.paths == [], "it is no question"


async def test_system_in_reply_to_a_file_takes_it(harness: Harness) -> None:
    file = document(harness, "Говори стихами.".encode("cp1251"))
    await harness.message(OWNER, "/system", chat=GROUP, **somebodys(**file))
    assert (await harness.preferences.effective(harness.key(GROUP))).system_prompt.value == "Говори стихами."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * 9000, "A system prompt has 1 to 8000 characters"),
        (b"", "I can't find any text in prompt.txt."),
        (b"\x00\x01\x02\xff" * 50, "I can't read prompt.txt"),
        (b"x. " * 2600, "That prompt leaves the model no room for a question"),
    ],
    ids=["too long", "empty", "no text", "too long for the model"],
)
async def test_a_file_that_cannot_be_the_prompt_changes_nothing(harness: Harness, content: bytes, said: str) -> None:
    await harness.message(ANNA, "/system Be brief.")
    await harness.message(ANNA, **captioned("/system"), **document(harness, content, "prompt.txt"))
    assert harness.last.startswith(said)
    assert (await harness.preferences.effective(harness.key())).system_prompt.value == "Be brief."


async def test_in_a_group_a_member_sets_no_prompt_by_file_and_none_is_fetched(harness: Harness) -> None:
    await harness.message(BORIS, **captioned("/system"), chat=GROUP, **document(harness, b"Answer in rhymes."))
    assert harness.last == "Это может менять только администратор группы."
    assert harness.recording.made(methods.GetFile) == []


def captioned(command: str) -> dict[str, Any]:
    return {"caption": command, "caption_entities": [{"type": "bot_command", "offset": 0, "length": len(command)}]}
