"""`/broadcast` of more than text: what is stored to be copied, and what is refused with a word."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram import methods

from bot.storage.repositories.broadcasts import BroadcastRepository
from playground.people_api.attachments import pretended_media
from playground.world.files import FileStore
from tests.harness.bot_scene import BORIS, OWNER, Harness
from tests.harness.recording_session import BOT_ID

NEWS = "The bot moves on Friday"
COPIED = (
    "photo",
    "video",
    "animation",
    "audio",
    "voice",
    "video_note",
    "sticker",
    "location",
    "venue",
    "contact",
    "document",
)


def media(kind: str) -> dict[str, Any]:
    """The content of a message of a kind."""
    if kind == "document":
        return {"document": {"file_id": "rules", "file_unique_id": "rules", "file_name": "rules.txt"}}
    return dict(pretended_media(kind, FileStore()))


async def asked(harness: Harness, replied: dict[str, Any], command: str = "/broadcast") -> None:
    """Somebody else has written, and the owner replies to a message of their own with the command."""
    await harness.message(BORIS, "Hello")
    theirs = {"message_id": 77, "date": 1, "chat": {"id": OWNER.id, "type": "private"}, "from": OWNER.user, **replied}
    await harness.message(OWNER, command, reply_to_message=theirs)


async def stored(harness: Harness) -> dict[str, Any]:
    """What is sent after the press on Send."""
    await harness.press(OWNER, harness.buttons()["Send"], 900)
    running = await BroadcastRepository(harness.database, bot=BOT_ID).running()
    assert running is not None
    return running.message


@pytest.mark.parametrize("kind", COPIED)
async def test_each_kind_that_telegram_copies_as_it_is_goes_out(harness: Harness, kind: str) -> None:
    await asked(harness, media(kind))
    assert harness.last.endswith("(the message above)")
    assert await stored(harness) == {"chat": OWNER.id, "message_id": 77, "caption": None}


@pytest.mark.parametrize("kind", ["poll", "dice"])
async def test_a_kind_that_would_not_be_the_same_is_refused(harness: Harness, kind: str) -> None:
    await asked(harness, media(kind))
    assert "can't send that to everybody" in harness.last


@pytest.mark.parametrize("more", [{"media_group_id": "1"}, {"has_protected_content": True}])
async def test_a_part_of_an_album_and_what_is_protected_are_refused(harness: Harness, more: dict[str, Any]) -> None:
    await asked(harness, {**media("photo"), **more})
    assert "can't send that to everybody" in harness.last


async def test_a_text_after_the_command_goes_out_instead_of_what_is_replied_to(harness: Harness) -> None:
    await asked(harness, media("photo"), f"/broadcast {NEWS}")
    assert harness.last.endswith(NEWS)
    assert await stored(harness) == {"text": NEWS, "entities": []}


@pytest.mark.parametrize(("words", "caption"), [("", ""), (f" {NEWS}", NEWS), (f" 30 {NEWS}", NEWS)])
async def test_a_picture_with_the_command_as_its_caption_goes_out_with_the_rest_of_it(
    harness: Harness, words: str, caption: str
) -> None:
    await harness.message(BORIS, "Hello")
    picture = await harness.message(OWNER, caption=f"/broadcast{words}", **media("photo"))
    assert harness.last.endswith(f"(the message above)\n{caption}".strip())
    assert await stored(harness) == {"chat": OWNER.id, "message_id": picture, "caption": caption}


async def test_a_caption_beyond_what_bots_may_write_is_refused(harness: Harness) -> None:
    await harness.message(BORIS, "Hello")
    await harness.message(OWNER, caption="/broadcast " + "🙂" * 513, **media("photo"))
    assert "can't send that to everybody" in harness.last
    assert not harness.recording.made(methods.CopyMessage)
