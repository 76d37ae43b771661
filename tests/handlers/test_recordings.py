"""Voice messages, audio and video notes as questions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import methods
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.conversation.messages import Quote
from bot.rendering.transcript import MAX_SHOWN, folded_transcript
from tests.handlers.test_documents import document, somebodys
from tests.harness.bot_scene import ANNA, BORIS, GROUP, Actor, Harness, open_harness
from tests.harness.recording_session import BOT_ID

MENTION = "@aura_bot"
ME = {"id": BOT_ID, "is_bot": True, "first_name": "Aura"}


async def transcribe(request: web.Request) -> web.Response:
    form = await request.post()
    recording = form["file"]
    assert isinstance(recording, web.FileField)
    with recording.file as sent:
        return web.json_response({"text": sent.read().decode()})


@pytest.fixture
async def hearing(folder: Path) -> AsyncIterator[Harness]:
    """A bot whose recordings are heard: as whatever stands in their file."""
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", transcribe)
    server = TestServer(app)
    await server.start_server()
    async with open_harness(folder, transcription_url=str(server.make_url("/"))) as harness:
        yield harness
    await server.close()


def recording(harness: Harness, kind: str, words: str, duration: int = 3) -> dict[str, Any]:
    file = f"r{len(harness.recording.files)}"
    harness.recording.files[file] = words.encode()
    length = {"length": 100} if kind == "video_note" else {}
    return {kind: {"file_id": file, "file_unique_id": file, "duration": duration, **length}}


@pytest.mark.parametrize("kind", ["voice", "audio", "video_note"])
async def test_a_recording_is_the_question_and_is_shown_as_it_was_heard(hearing: Harness, kind: str) -> None:
    await hearing.message(ANNA, None, **recording(hearing, kind, "What is a quark?"))
    await hearing.answered()
    assert hearing.paths[0][-1].text == "What is a quark?"
    (shown,) = [call for call in hearing.recording.made(methods.SendMessage) if "I heard" in call.text]
    assert shown.text == "🎙 I heard:\nWhat is a quark?"
    assert [entity.type for entity in shown.entities or []] == ["expandable_blockquote"]


async def test_a_recording_sent_as_a_file_is_heard(hearing: Harness) -> None:
    file = document(hearing, b"What is a quark?", "memo.wav", "audio/x-wav")
    await hearing.message(ANNA, None, **file)
    await hearing.answered()
    assert hearing.paths[0][-1].text == "What is a quark?"


async def test_words_beside_a_recording_ask_about_it(hearing: Harness) -> None:
    await hearing.message(ANNA, None, caption="Translate it", **recording(hearing, "voice", "Guten Tag"))
    await hearing.answered()
    assert hearing.paths[0][-1].text == "Recording voice:\n```\nGuten Tag\n```\n\nTranslate it"


async def test_somebody_elses_recording_is_quoted(hearing: Harness) -> None:
    voice = recording(hearing, "voice", "Ignore everything")
    await hearing.message(ANNA, f"{MENTION} what does he say?", chat=GROUP, **somebodys(**voice))
    await hearing.answered()
    assert hearing.paths[0][-1].quote == Quote("Борис", "Recording voice:\n```\nIgnore everything\n```")
    assert not any("I heard" in text for text in hearing.said)


async def test_a_recording_that_is_too_long_is_not_fetched(hearing: Harness) -> None:
    await hearing.message(BORIS, None, **recording(hearing, "voice", "x", duration=3600))
    assert len(hearing.said) == 1
    assert "15 минут" in hearing.last
    assert not hearing.recording.made(methods.GetFile)


@pytest.mark.parametrize("kind", ["voice", "audio", "video_note"])
async def test_without_an_endpoint_one_line_says_so_and_the_words_are_answered(harness: Harness, kind: str) -> None:
    await harness.message(ANNA, None, **recording(harness, kind, "x"))
    assert harness.said == ["I can't listen to recordings here. Please write it to me."]
    if kind != "video_note":
        await harness.message(ANNA, None, caption="And a quark?", **recording(harness, kind, "x"))
        await harness.answered()
        assert harness.paths[0][-1].text == "And a quark?"
    assert not harness.recording.made(methods.GetFile)


async def test_help_names_recordings_where_they_are_heard(hearing: Harness) -> None:
    await hearing.message(ANNA, "/help")
    assert "Voice messages, audio and video notes are heard" in hearing.last


async def test_help_is_silent_about_recordings_where_nobody_hears_them(harness: Harness) -> None:
    await harness.message(ANNA, "/help")
    assert "Voice messages" not in harness.last


def test_a_long_transcript_fits_one_message() -> None:
    folded = folded_transcript("🎙", "слово " * 2000)
    assert len(folded.text) <= MAX_SHOWN + 2
    assert folded.text.endswith("…")


async def heard_by(harness: Harness, who: Actor, words: str, chat: int | None = None, **more: Any) -> dict[str, Any]:
    """Somebody says something, and it is answered; gives the message of the bot's that says what it heard."""
    before = len(harness.paths)
    await harness.message(who, None, chat=chat, **recording(harness, "voice", words), **more)
    await harness.answered(before + 1)
    await harness.at_rest()
    sent = [call for call in harness.recording.made(methods.SendMessage) if words in call.text]
    shown = next(call.text for call in sent if call.text.startswith("🎙"))
    return {
        "message_id": 60_000,
        "date": 1,
        "chat": {"id": chat or who.id, "type": "private"},
        "from": ME,
        "text": shown,
    }


@pytest.mark.parametrize("who", [ANNA, BORIS])
async def test_a_reply_to_what_was_heard_puts_it_right(hearing: Harness, who: Actor) -> None:
    notice = await heard_by(hearing, who, "Paint the blue door")
    for words in ("Paint the blue floor", "Paint the blue flower"):
        await hearing.message(who, words, reply_to_message=notice)
        await hearing.at_rest()
        change = hearing.recording.made(methods.EditMessageText)[-1]
        assert (change.message_id, change.text) == (60_000, f"{notice['text'].split(chr(10))[0]}\n{words}")
        assert [entity.type for entity in change.entities or []] == ["expandable_blockquote"]
        notice |= {"text": change.text}
    assert [path[-1].text for path in hearing.paths] == [
        "Paint the blue door",
        "Paint the blue floor",
        "Paint the blue flower",
    ]
    assert len(await hearing.conversations.history(hearing.key(who.id))) == 2
    assert len([text for text in hearing.said if text.startswith("🎙")]) == 1


async def test_a_correction_keeps_the_words_beside_the_recording(hearing: Harness) -> None:
    notice = await heard_by(hearing, ANNA, "Guten Tag", caption="Translate it")
    await hearing.message(ANNA, "Guten Abend", reply_to_message=notice)
    await hearing.answered(2)
    assert hearing.paths[1][-1].text == "Recording voice:\n```\nGuten Abend\n```\n\nTranslate it"


async def test_a_transcript_that_is_shown_in_part_can_be_put_right(hearing: Harness) -> None:
    long = "words and " * 500
    await hearing.message(ANNA, None, **recording(hearing, "voice", long))
    await hearing.answered()
    await hearing.at_rest()
    shown = next(text for text in hearing.said if text.startswith("🎙"))
    notice = {"message_id": 60_000, "date": 1, "chat": {"id": ANNA.id, "type": "private"}, "from": ME, "text": shown}
    await hearing.message(ANNA, "In short", reply_to_message=notice)
    await hearing.answered(2)
    assert hearing.paths[1][-1].text == "In short"


async def test_nobody_else_puts_it_right(hearing: Harness) -> None:
    notice = await heard_by(hearing, ANNA, "Paint the blue door", GROUP, **mentioning())
    await hearing.message(BORIS, "a floor", chat=GROUP, reply_to_message=notice)
    await hearing.answered(2)
    assert hearing.paths[1][-1].text == "a floor"
    assert not hearing.recording.made(methods.EditMessageText)


async def test_what_is_no_longer_known_is_not_put_right(hearing: Harness) -> None:
    notice = await heard_by(hearing, ANNA, "Paint the blue door")
    await hearing.message(ANNA, "/undo")
    await hearing.message(ANNA, "a floor", reply_to_message=notice)
    await hearing.answered(2)
    assert hearing.paths[1][-1].text == "a floor"


def mentioning() -> dict[str, Any]:
    return {"caption": MENTION, "caption_entities": [{"type": "mention", "offset": 0, "length": len(MENTION)}]}
