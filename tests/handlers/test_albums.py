"""Albums: several messages that are one question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.messages import Message
from tests.attachments.samples import picture
from tests.handlers.test_documents import document
from tests.handlers.test_pictures import MODELS, photo
from tests.harness.bot_scene import ANNA, BORIS, GROUP, Actor, Harness, open_harness

MENTION = "@aura_bot"


@pytest.fixture
async def seeing(folder: Path) -> AsyncIterator[Harness]:
    """A bot whose model sees."""
    models = folder / "models.toml"
    models.write_text(MODELS)
    async with open_harness(folder, models_file=models, admin_ids={ANNA.id}) as harness:
        yield harness


def captioned(caption: str) -> dict[str, Any]:
    """A caption with what Telegram marks in it."""
    entities = [{"type": "mention", "offset": 0, "length": len(MENTION)}] if caption.startswith(MENTION) else []
    return {"caption": caption, "caption_entities": entities} if caption else {}


async def send(
    harness: Harness, *files: dict[str, Any], caption: str, at: int = 0, who: Actor = ANNA, chat: int | None = None
) -> list[int]:
    """Somebody sends an album, whose caption stands under one of its files; gives the ids of its messages."""
    return [
        await harness.message(
            who, None, chat=chat, media_group_id="album", **file, **captioned(caption if number == at else "")
        )
        for number, file in enumerate(files)
    ]


async def the_question(harness: Harness) -> Message:
    await harness.answered()
    await harness.at_rest()
    assert len(harness.paths) == 1
    return harness.paths[0][-1]


@pytest.mark.parametrize("at", [0, 1], ids=["caption first", "caption last"])
async def test_the_documents_of_an_album_are_one_question(harness: Harness, at: int) -> None:
    files = document(harness, b"Quarks", "a.txt"), document(harness, b"Leptons", "b.txt")
    await send(harness, *files, caption="Compare these two", at=at)
    question = await the_question(harness)
    assert question.text == (
        "Document a.txt:\n```\nQuarks\n```\n\nDocument b.txt:\n```\nLeptons\n```\n\nCompare these two"
    )
    assert len(harness.said) == 1


async def test_all_pictures_of_an_album_are_one_question(seeing: Harness) -> None:
    await send(seeing, *(photo(seeing) for _ in range(3)), caption="Which is the oldest?")
    question = await the_question(seeing)
    assert [one.file_id for one in question.pictures] == ["p0", "p1", "p2"]
    assert question.text == "Which is the oldest?"


async def test_pictures_and_documents_go_together(seeing: Harness) -> None:
    as_file = document(seeing, picture("PNG"), "plan.png", "image/png")
    await send(seeing, as_file, document(seeing, b"Quarks"), caption="What fits?", at=1)
    question = await the_question(seeing)
    assert [one.name for one in question.pictures] == ["plan.png"]
    assert question.text == "Document notes.txt:\n```\nQuarks\n```\n\nWhat fits?"


@pytest.mark.parametrize("at", [0, 1, 2])
async def test_in_a_group_one_caption_that_names_the_bot_is_enough(harness: Harness, at: int) -> None:
    files = [document(harness, f"text {number}".encode(), f"{number}.txt") for number in range(3)]
    await send(harness, *files, caption=f"{MENTION} compare", at=at, chat=GROUP)
    question = await the_question(harness)
    assert all(f"text {number}" in question.text for number in range(3))
    assert question.text.endswith("compare")


async def test_an_album_in_a_group_that_names_nobody_is_left_alone(harness: Harness) -> None:
    await send(harness, document(harness, b"Quarks"), document(harness, b"Leptons"), caption="look", chat=GROUP)
    await harness.at_rest()
    assert harness.paths == []
    assert harness.said == []


async def test_what_of_an_album_cannot_be_read_is_told_and_the_rest_is_answered(harness: Harness) -> None:
    files = document(harness, b"\x00\x01", "a.bin"), document(harness, b"Leptons", "b.txt")
    await send(harness, *files, caption="Compare")
    question = await the_question(harness)
    assert question.text == "Document b.txt:\n```\nLeptons\n```\n\nCompare"
    assert len([text for text in harness.said if "a.bin" in text]) == 1


async def test_a_blind_model_is_excused_once_for_an_album(harness: Harness) -> None:
    await send(harness, *(photo(harness) for _ in range(3)), caption="Which is the oldest?")
    await the_question(harness)
    assert len([text for text in harness.said if "I can't see what is attached" in text]) == 1
    assert len(harness.said) == 2


async def test_an_album_without_words_that_nobody_can_see_is_told_once(harness: Harness) -> None:
    await send(harness, *(photo(harness) for _ in range(3)), caption="")
    assert len(harness.said) == 1


async def test_an_album_counts_as_one_question_against_the_limits(folder: Path) -> None:
    async with open_harness(folder, questions_per_minute=1) as harness:
        await send(harness, *(document(harness, b"Quarks") for _ in range(3)), caption="Compare")
        await the_question(harness)
        assert len(harness.said) == 1


async def test_a_file_that_comes_late_starts_the_answer_over(harness: Harness) -> None:
    harness.may_write.clear()
    await send(harness, document(harness, b"Quarks", "a.txt"), caption="Compare")
    await harness.written_to()
    await send(harness, document(harness, b"Leptons", "b.txt"), caption="")
    harness.may_write.set()
    await harness.answered(2)
    assert "Quarks" in harness.paths[1][-1].text
    assert "Leptons" in harness.paths[1][-1].text
    assert len(harness.said) == 1


async def test_an_edited_caption_asks_about_the_whole_album_again(harness: Harness) -> None:
    files = document(harness, b"Quarks", "a.txt"), document(harness, b"Leptons", "b.txt")
    first, _ = await send(harness, *files, caption="Compare")
    await harness.answered()
    change = {"message_id": first, "edit_date": 2, "date": 1, "from": ANNA.user, "caption": "Sum up", **files[0]}
    chat = {"id": ANNA.id, "type": "private", "first_name": ANNA.name}
    await harness.update({"edited_message": {**change, "chat": chat, "media_group_id": "album"}})
    await harness.answered(2)
    question = harness.paths[1][-1]
    assert "Quarks" in question.text
    assert "Leptons" in question.text
    assert question.text.endswith("Sum up")


async def test_an_edit_that_changes_nothing_asks_nothing(harness: Harness) -> None:
    file = document(harness, b"Quarks", "a.txt")
    (first,) = await send(harness, file, caption="Compare")
    await harness.answered()
    other_id = {"document": {**file["document"], "file_id": "another"}}
    change = {"message_id": first, "edit_date": 2, "date": 1, "from": ANNA.user, "caption": "Compare", **other_id}
    chat = {"id": ANNA.id, "type": "private", "first_name": ANNA.name}
    await harness.update({"edited_message": {**change, "chat": chat, "media_group_id": "album"}})
    await harness.at_rest()
    assert len(harness.paths) == 1


async def test_undo_takes_the_whole_album_out(harness: Harness) -> None:
    files = document(harness, b"Quarks"), document(harness, b"Leptons")
    ids = await send(harness, *files, caption="Compare")
    await harness.answered()
    await harness.message(ANNA, "/undo")
    assert await harness.conversations.history(harness.key()) == []
    for id_ in ids:
        assert await harness.conversations.at(harness.key(), id_) is None


async def test_albums_of_two_people_stay_apart(harness: Harness) -> None:
    for who in (ANNA, BORIS):
        await harness.message(
            who,
            None,
            chat=GROUP,
            media_group_id=f"album of {who.id}",
            **document(harness, who.name.encode()),
            **captioned(f"{MENTION} look"),
        )
    await harness.answered(2)
    assert ["Anna" in path[-1].text for path in harness.paths] == [True, False]
