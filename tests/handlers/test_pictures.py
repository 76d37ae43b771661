"""Pictures in questions: kept with them for a model that sees, told to be unseen by one that is blind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import methods

from bot.conversation.messages import Quote
from tests.attachments.samples import picture
from tests.handlers.test_documents import document, somebodys
from tests.harness.bot_scene import ANNA, BORIS, GROUP, Harness, open_harness

MENTION = "@aura_bot"
UNSEEN = "I can't see what is attached, so I'll answer your words only."
MODELS = """
[sees]
generator = "openai"
address = "http://127.0.0.1:9/v1"
model = "m"
pictures = true

[blind]
generator = "openai"
address = "http://127.0.0.1:9/v1"
model = "n"
"""


@pytest.fixture
async def seeing(folder: Path) -> AsyncIterator[Harness]:
    """A bot whose default model sees, and whose other one does not."""
    models = folder / "models.toml"
    models.write_text(MODELS)
    async with open_harness(folder, models_file=models, admin_ids={ANNA.id}) as harness:
        yield harness


def photo(harness: Harness, content: bytes | None = None) -> dict[str, Any]:
    """A photo in two sizes, of which the larger one can be fetched."""
    file = f"p{len(harness.recording.files)}"
    harness.recording.files[file] = picture("JPEG") if content is None else content
    small = {"file_id": "small", "file_unique_id": "small", "width": 90, "height": 60}
    return {"photo": [small, {"file_id": file, "file_unique_id": file, "width": 900, "height": 600}]}


async def test_the_largest_size_of_a_photo_is_kept_with_its_question(seeing: Harness) -> None:
    await seeing.message(ANNA, None, caption="Who painted this?", **photo(seeing))
    await seeing.answered()
    question = seeing.paths[0][-1]
    assert question.text == "Who painted this?"
    assert [one.file_id for one in question.pictures] == ["p0"]
    assert seeing.said == ["Answer to Who painted this?"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_a_picture_sent_as_a_file_is_one(seeing: Harness, kind: str) -> None:
    file = document(seeing, picture(kind), "a picture", f"image/{kind.lower()}")
    await seeing.message(ANNA, None, caption="Look", **file)
    await seeing.answered()
    assert [one.name for one in seeing.paths[0][-1].pictures] == ["a picture"]


@pytest.mark.parametrize(("who", "asked"), [(ANNA, "What is in this picture?"), (BORIS, "Что на этой картинке?")])
async def test_a_picture_without_words_asks_what_is_in_it(seeing: Harness, who: Any, asked: str) -> None:
    await seeing.message(who, None, **photo(seeing))
    await seeing.answered()
    assert seeing.paths[0][-1].text == asked


async def test_the_picture_of_the_message_that_is_replied_to_comes_along(seeing: Harness) -> None:
    await seeing.message(ANNA, f"{MENTION} is it old?", chat=GROUP, **somebodys(caption="Mine", **photo(seeing)))
    await seeing.answered()
    question = seeing.paths[0][-1]
    assert [one.file_id for one in question.pictures] == ["p0"]
    assert question.quote == Quote("Борис", "[picture]\n\nMine")


async def test_a_picture_that_cannot_be_opened_is_told_and_the_words_are_answered(seeing: Harness) -> None:
    await seeing.message(ANNA, None, caption="What is it?", **photo(seeing, b"\xff\xd8\xff broken"))
    await seeing.answered()
    assert seeing.paths[0][-1].pictures == ()
    assert len([text for text in seeing.said if "I can't open photo" in text]) == 1


async def test_a_chat_whose_model_is_blind_is_told_once_and_its_words_are_answered(seeing: Harness) -> None:
    await seeing.message(ANNA, "/model n")
    before = len(seeing.said)
    await seeing.message(ANNA, None, caption="Who painted this?", **photo(seeing))
    await seeing.answered()
    assert seeing.paths[0][-1].pictures == ()
    assert sorted(seeing.said[before:]) == ["Answer to Who painted this?", UNSEEN]
    assert not seeing.recording.made(methods.GetFile)


async def test_a_blind_model_says_so_of_the_picture_that_is_replied_to(harness: Harness) -> None:
    await harness.message(ANNA, f"{MENTION} is it old?", chat=GROUP, **somebodys(**photo(harness)))
    await harness.answered()
    assert sorted(harness.said) == ["Answer to is it old?", UNSEEN]


async def test_an_edited_caption_is_asked_with_its_picture(seeing: Harness) -> None:
    content = photo(seeing)
    asked = await seeing.message(ANNA, None, caption="Who painted this?", **content)
    await seeing.answered()
    change = {"message_id": asked, "edit_date": 2, "date": 1, "from": ANNA.user, "caption": "When?", **content}
    chat = {"id": ANNA.id, "type": "private", "first_name": ANNA.name}
    await seeing.update({"edited_message": {**change, "chat": chat}})
    await seeing.answered(2)
    assert seeing.paths[1][-1].text == "When?"
    assert [one.file_id for one in seeing.paths[1][-1].pictures] == ["p0"]


@pytest.mark.parametrize(("choice", "named"), [("sees", True), ("blind", False)])
async def test_help_names_pictures_only_where_the_model_sees(seeing: Harness, choice: str, named: bool) -> None:
    await seeing.message(ANNA, f"/model {choice}")
    await seeing.message(ANNA, "/help")
    assert ("I see pictures, too" in seeing.last) == named


def still(harness: Harness, kind: str = "WEBP") -> dict[str, Any]:
    """A picture as Telegram describes those that it made."""
    file = f"s{len(harness.recording.files)}"
    harness.recording.files[file] = picture(kind)
    return {"file_id": file, "file_unique_id": file, "width": 512, "height": 512}


def sticker(**more: Any) -> dict[str, Any]:
    return {"sticker": {"type": "regular", "is_animated": False, "is_video": False, "emoji": "👋", **more}}


async def test_a_sticker_is_seen_beside_its_emoji(seeing: Harness) -> None:
    await seeing.message(ANNA, None, **sticker(**still(seeing)))
    await seeing.answered()
    assert seeing.paths[0][-1].text == "👋"
    assert [one.file_id for one in seeing.paths[0][-1].pictures] == ["s0"]


async def test_of_a_sticker_that_moves_its_still_is_seen(seeing: Harness) -> None:
    moving = {"file_id": "tgs", "file_unique_id": "tgs", "width": 512, "height": 512}
    await seeing.message(ANNA, None, **sticker(**moving, thumbnail=still(seeing), is_animated=True))
    await seeing.answered()
    assert [one.file_id for one in seeing.paths[0][-1].pictures] == ["s0"]


async def test_of_a_sticker_that_cannot_be_opened_the_emoji_says_enough(seeing: Harness) -> None:
    broken = still(seeing)
    seeing.recording.files[broken["file_id"]] = b"\xff\xd8\xff broken"
    await seeing.message(ANNA, None, **sticker(**broken))
    await seeing.answered()
    await seeing.at_rest()
    assert seeing.said == ["Answer to 👋"]


async def test_a_blind_model_reads_a_stickers_emoji(harness: Harness) -> None:
    await harness.message(ANNA, None, **sticker(**still(harness)))
    await harness.answered()
    assert harness.said == ["Answer to 👋"]


@pytest.mark.parametrize("caption", ["What is funny?", ""])
async def test_a_gif_without_a_still_is_told_to_be_unseen(seeing: Harness, caption: str) -> None:
    film = {"file_id": "mp4", "file_unique_id": "mp4", "width": 512, "height": 512, "duration": 3}
    document = {"file_id": "mp4", "file_unique_id": "mp4", "file_name": "a.mp4", "mime_type": "video/mp4"}
    said: dict[str, Any] = {"caption": caption} if caption else {}
    await seeing.message(ANNA, None, animation=film, document=document, **said)
    if caption:
        await seeing.answered()
        assert sorted(seeing.said) == ["Answer to What is funny?", UNSEEN]
    else:
        assert seeing.said == ["I can't watch videos. Please put it into words."]
    assert not seeing.recording.made(methods.GetFile)


async def test_of_a_gif_its_still_is_seen(seeing: Harness) -> None:
    film = {"file_id": "mp4", "file_unique_id": "mp4", "width": 512, "height": 512, "duration": 3}
    document = {"file_id": "mp4", "file_unique_id": "mp4", "file_name": "a.mp4", "mime_type": "video/mp4"}
    animation = {**film, "thumbnail": still(seeing, "JPEG")}
    await seeing.message(ANNA, None, caption="What is funny?", animation=animation, document=document)
    await seeing.answered()
    assert seeing.paths[0][-1].text == "What is funny?"
    assert [one.file_id for one in seeing.paths[0][-1].pictures] == ["s0"]
