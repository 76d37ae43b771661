"""Pictures, albums, recordings and forwards of people, and media that the bot sends: as Telegram hands them out."""

from __future__ import annotations

import base64
import io
import json
import struct
import wave
from typing import Any

import pytest
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
)
from PIL import Image

from playground.bot_api.file_methods import MAX_DOWNLOAD_BYTES
from playground.media.ogg import ogg_of_opus, opus_seconds
from playground.media.webm import OpusRecording
from tests.playground.local_telegram import ANNA, BORIS, LocalTelegram

Json = dict[str, Any]

OPUS_HEAD = b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 48000, 0, 0)
TWENTY_MILLISECONDS = b"\x78" + bytes(80)
"""A packet of one frame of 20 ms."""


def picture(width: int = 1600, height: int = 1200, kind: str = "JPEG", mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (width, height)).save(file, kind)
    return file.getvalue()


def sound(seconds: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(1)
        writer.setframerate(8000)
        writer.writeframes(bytes(8000 * seconds))
    return file.getvalue()


def element(identity: bytes, data: bytes, *, sized: bool = True) -> bytes:
    size = (1 << 56 | len(data)).to_bytes(8, "big") if sized else b"\x01" + b"\xff" * 7
    return identity + size + data


def webm(packets: list[bytes], codec: bytes = b"A_OPUS") -> bytes:
    """A recording as a browser streams it: segment and cluster without sizes."""
    track = element(b"\xae", element(b"\x86", codec) + element(b"\x63\xa2", OPUS_HEAD))
    blocks = b"".join(element(b"\xa3", b"\x81\x00\x00\x80" + packet) for packet in packets)
    cluster = element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\x00") + blocks, sized=False)
    segment = element(b"\x18\x53\x80\x67", element(b"\x16\x54\xae\x6b", track) + cluster, sized=False)
    return element(b"\x1a\x45\xdf\xa3", b"") + segment


def voice_file(seconds: int = 3) -> bytes:
    return ogg_of_opus(OpusRecording(OPUS_HEAD, [TWENTY_MILLISECONDS] * 50 * seconds))


def chosen(name: str, content: bytes, mime_type: str = "", **more: object) -> Json:
    return {
        "file_name": name,
        "mime_type": mime_type,
        "content_base64": base64.b64encode(content).decode(),
        **more,
    }


async def heard(telegram: LocalTelegram) -> list[Message]:
    return [update.message for update in await telegram.updates() if update.message]


async def download(telegram: LocalTelegram, file_id: str) -> bytes:
    content = await telegram.bot.download(file_id)
    assert content is not None
    return content.read()


async def test_a_picture_becomes_a_photo_of_several_sizes(telegram: LocalTelegram) -> None:
    await telegram.send(files=[chosen("trip.jpg", picture(), "image/jpeg")], caption="Where is @this?")
    [message] = await heard(telegram)
    assert message.photo is not None
    assert [(size.width, size.height) for size in message.photo] == [
        (90, 68),
        (320, 240),
        (800, 600),
        (1280, 960),
        (1600, 1200),
    ]
    assert (message.caption, (message.caption_entities or [])[0].type) == ("Where is @this?", "mention")
    largest = message.photo[-1]
    content = await download(telegram, largest.file_id)
    assert len(content) == largest.file_size
    assert Image.open(io.BytesIO(content)).format == "JPEG"
    assert len({size.file_unique_id for size in message.photo}) == 5


@pytest.mark.parametrize(("width", "height", "sizes"), [(40, 30, 1), (90, 90, 1), (4000, 3000, 5)])
async def test_a_photo_is_never_larger_than_the_picture(
    telegram: LocalTelegram, width: int, height: int, sizes: int
) -> None:
    await telegram.send(files=[chosen("p.png", picture(width, height, "PNG", "RGBA"), "image/png")])
    [message] = await heard(telegram)
    assert message.photo is not None
    assert len(message.photo) == sizes
    assert message.photo[-1].width == min(width, 2560)


async def test_a_picture_as_a_file_keeps_its_bytes_and_has_a_thumbnail(telegram: LocalTelegram) -> None:
    content = picture(kind="PNG")
    await telegram.send(files=[chosen("plan.png", content, "image/png", **{"as": "document"})])
    [message] = await heard(telegram)
    assert message.document is not None
    assert (message.document.file_name, message.document.mime_type) == ("plan.png", "image/png")
    assert message.document.thumbnail is not None
    assert message.document.thumbnail.width == 320
    assert await download(telegram, message.document.file_id) == content
    assert len(await download(telegram, message.document.thumbnail.file_id)) == message.document.thumbnail.file_size


@pytest.mark.parametrize(
    ("name", "content", "mime_type", "kind"),
    [
        ("broken.jpg", b"\xff\xd8\xff", "image/jpeg", "document"),
        ("long.png", picture(2100, 100, "PNG"), "image/png", "document"),
        ("drawing.svg", b"<svg/>", "image/svg+xml", "document"),
        ("dance.gif", picture(60, 40, "GIF", "P"), "image/gif", "animation"),
        ("notes.txt", b"words", "text/plain", "document"),
        ("memo.ogg", voice_file(), "audio/ogg", "voice"),
        ("song.mp3", b"ID3", "audio/mpeg", "audio"),
        ("tone.wav", sound(2), "", "audio"),
        ("clip.mp4", b"....ftyp", "video/mp4", "video"),
    ],
)
async def test_a_file_is_sent_as_apps_would_send_it(
    telegram: LocalTelegram, name: str, content: bytes, mime_type: str, kind: str
) -> None:
    await telegram.send(files=[chosen(name, content, mime_type)])
    [message] = await heard(telegram)
    assert message.content_type == kind
    assert await download(telegram, getattr(message, kind).file_id) == content


async def test_a_recording_of_the_browser_becomes_a_voice_message_of_its_length(telegram: LocalTelegram) -> None:
    recorded = webm([TWENTY_MILLISECONDS] * 160)
    await telegram.send(files=[chosen("voice.webm", recorded, "audio/webm;codecs=opus")])
    [message] = await heard(telegram)
    assert message.voice is not None
    assert (message.voice.mime_type, message.voice.duration) == ("audio/ogg", 3)
    content = await download(telegram, message.voice.file_id)
    assert content.startswith(b"OggS")
    assert opus_seconds(content) == pytest.approx(3.2)


@pytest.mark.parametrize(
    "content", [webm([TWENTY_MILLISECONDS], b"V_VP8"), webm([])[:40], b"\x1a\x45\xdf\xa3\x00", b""]
)
async def test_what_is_no_recording_is_not_sent_as_one(telegram: LocalTelegram, content: bytes) -> None:
    await telegram.post(
        f"people/{ANNA}/send", status=400, files=[chosen("voice.webm", content, "audio/webm", **{"as": "voice"})]
    )
    assert await heard(telegram) == []


async def test_lengths_are_found_out_or_told(telegram: LocalTelegram) -> None:
    await telegram.send(files=[chosen("tone.wav", sound(2), "audio/x-wav", duration=99)])
    await telegram.send(files=[chosen("song.mp3", b"ID3", "audio/mpeg", duration=61.4)])
    lengths = [message.audio.duration for message in await heard(telegram) if message.audio]
    assert lengths == [2, 61]


async def test_pictures_chosen_together_are_an_album(telegram: LocalTelegram) -> None:
    files = [chosen(f"{number}.jpg", picture(50 + number, 50), "image/jpeg") for number in range(3)]
    await telegram.send(files=files, caption="All of us")
    messages = await heard(telegram)
    assert [message.caption for message in messages] == ["All of us", None, None]
    assert [message.photo[-1].width for message in messages if message.photo] == [50, 51, 52]
    assert len({message.media_group_id for message in messages}) == 1
    assert messages[0].media_group_id
    await telegram.send(files=files[:2])
    assert {message.media_group_id for message in await heard(telegram)}.isdisjoint({messages[0].media_group_id})


async def test_only_what_telegram_groups_is_in_one_album(telegram: LocalTelegram) -> None:
    files = [
        chosen("a.jpg", picture(9, 9), "image/jpeg"),
        chosen("b.mp4", b"....ftyp", "video/mp4"),
        chosen("c.txt", b"c"),
        chosen("d.txt", b"d"),
        chosen("e.ogg", voice_file(), "audio/ogg"),
        *(chosen(f"{number}.mp3", b"ID3", "audio/mpeg") for number in range(11)),
    ]
    await telegram.send(files=files)
    messages = await heard(telegram)
    groups: dict[str | None, list[str]] = {}
    for message in messages:
        groups.setdefault(message.media_group_id, []).append(message.content_type)
    assert groups.pop(None) == ["voice", "audio"], "a voice message, and the eleventh of the recordings"
    assert list(groups.values()) == [["photo", "video"], ["document", "document"], ["audio"] * 10]


async def test_a_file_of_more_than_twenty_megabytes_can_be_sent_but_not_fetched(telegram: LocalTelegram) -> None:
    body = {"chat_id": ANNA, "files": [chosen("large.bin", bytes(MAX_DOWNLOAD_BYTES + 1))]}
    url = f"{telegram.url}/people/{ANNA}/send"
    async with telegram.session.post(url, data=io.BytesIO(json.dumps(body).encode())) as response:
        assert response.status == 200
    [message] = await heard(telegram)
    assert message.document is not None
    assert await telegram.complaint("getFile", file_id=message.document.file_id) == "Bad Request: file is too big"


async def test_a_forward_says_where_it_is_from_and_its_comment_comes_first(telegram: LocalTelegram) -> None:
    await telegram.send("hello", by=ANNA)
    answer = await telegram.bot.send_message(ANNA, "**The** answer", reply_markup=_button())
    said = await telegram.send("mine", chat=telegram.friends)
    await heard(telegram)
    await telegram.post(
        f"people/{ANNA}/forward", from_chat_id=ANNA, message_ids=[answer.message_id], chat_id=ANNA, text="Is this true?"
    )
    comment, forward = await heard(telegram)
    assert (comment.text, comment.forward_origin) == ("Is this true?", None)
    assert (forward.text, forward.date) == ("**The** answer", comment.date)
    assert forward.reply_markup is None
    assert isinstance(forward.forward_origin, MessageOriginUser)
    assert forward.forward_origin.sender_user.is_bot
    assert forward.message_id == comment.message_id + 1

    await telegram.post(
        f"people/{BORIS}/forward",
        from_chat_id=telegram.friends, message_ids=[said["message_id"]], chat_id=BORIS, hidden=True,
    )  # fmt: skip
    [forward] = await heard(telegram)
    assert isinstance(forward.forward_origin, MessageOriginHiddenUser)
    assert forward.forward_origin.sender_user_name == "Anna"
    again = await telegram.post(
        f"people/{BORIS}/forward", from_chat_id=BORIS, message_ids=[forward.message_id], chat_id=BORIS
    )
    assert again["message"]["forward_origin"]["sender_user_name"] == "Anna", "the first author stays"


async def test_forwards_of_groups_and_channels_name_them(telegram: LocalTelegram) -> None:
    group = telegram.friends
    anonymous = await telegram.send("from the group", chat=group, sender_chat="anonymous")
    channel = await telegram.send("from a channel", chat=group, sender_chat="channel")
    await telegram.post(
        f"people/{ANNA}/forward",
        from_chat_id=group, message_ids=[channel["message_id"], anonymous["message_id"]], chat_id=ANNA,
    )  # fmt: skip
    first, second = await heard(telegram)
    assert isinstance(first.forward_origin, MessageOriginChat)
    assert first.forward_origin.sender_chat.id == group
    assert isinstance(second.forward_origin, MessageOriginChannel)


async def test_an_album_stays_one_when_it_is_forwarded(telegram: LocalTelegram) -> None:
    files = [chosen(f"{number}.txt", b"text") for number in range(2)]
    sent = await telegram.post(f"people/{ANNA}/send", chat_id=telegram.friends, files=files, caption="Both")
    ids = [message["message_id"] for message in sent["messages"]]
    await telegram.post(
        f"people/{ANNA}/forward",
        from_chat_id=telegram.friends, message_ids=ids, chat_id=telegram.friends, topic=telegram.ideas,
        text="@aura_bot, look",
    )  # fmt: skip
    world = telegram.hub.world.chats[telegram.friends].messages
    comment, *copies = list(world.values())[-3:]
    groups = {message.extra["media_group_id"] for message in copies}
    assert groups.isdisjoint({sent["message"]["media_group_id"]})
    assert len(groups) == 1
    assert {message.thread for message in [comment, *copies]} == {telegram.ideas}
    assert copies[0].content["caption"] == "Both"


async def test_what_cannot_be_forwarded_is_refused(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    secret = await telegram.bot.send_message(ANNA, "secret", protect_content=True)
    group = telegram.friends
    for status, source, ids in [
        (400, ANNA, [secret.message_id]),
        (404, ANNA, [99]),
        (400, ANNA, []),
        (400, BORIS, [1]),
        (400, group, [telegram.ideas]),
    ]:
        await telegram.post(f"people/{ANNA}/forward", status=status, from_chat_id=source, message_ids=ids, chat_id=ANNA)


def _button(data: str = "x") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="x", callback_data=data)]])


async def test_the_bot_sends_a_photo_and_puts_another_in_its_place(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    sent = await telegram.bot.send_photo(
        ANNA, BufferedInputFile(picture(400, 300, "PNG"), "week.png"), caption="Week", reply_markup=_button()
    )
    assert sent.photo is not None
    assert [size.width for size in sent.photo] == [90, 320, 400]
    media = InputMediaPhoto(media=BufferedInputFile(picture(500, 300, "PNG"), "month.png"), caption="Month")
    edited = await telegram.bot.edit_message_media(media, chat_id=ANNA, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert edited.photo is not None
    assert (edited.photo[-1].width, edited.caption, edited.reply_markup) == (500, "Month", None)
    again = await telegram.bot.send_photo(ANNA, edited.photo[-1].file_id)
    assert again.photo == edited.photo
    same = {"type": "photo", "media": edited.photo[0].file_id, "caption": "Month"}
    complaint = await telegram.complaint("editMessageMedia", chat_id=ANNA, message_id=sent.message_id, media=same)
    assert complaint.startswith("Bad Request: message is not modified")
    await telegram.bot.edit_message_caption(chat_id=ANNA, message_id=sent.message_id, caption="May")
    kept = telegram.hub.world.chats[ANNA].messages[sent.message_id].content
    assert (kept["caption"], len(kept["photo"])) == ("May", 3)


async def test_the_bot_sends_an_album(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    media = [
        InputMediaPhoto(media=BufferedInputFile(picture(20, 20), "a.jpg"), caption="Both"),
        InputMediaPhoto(media=BufferedInputFile(picture(30, 30), "b.jpg")),
    ]
    sent = await telegram.bot.send_media_group(ANNA, media)  # type: ignore[arg-type]  # a list of one of the kinds
    assert [message.caption for message in sent] == ["Both", None]
    assert len({message.media_group_id for message in sent}) == 1
    document = await telegram.bot.send_document(ANNA, BufferedInputFile(b"x", "x.txt"))
    assert document.document is not None
    mixed = [{"type": "photo", "media": sent[0].photo[0].file_id}] if sent[0].photo else []
    for items, words in [
        ([], "there are no messages to send"),
        ([*mixed, {"type": "document", "media": document.document.file_id}], "Document can't be mixed"),
        (mixed * 11, "too many messages to send as an album"),
        ([{"type": "photo", "media": document.document.file_id}], "can't use file of type Document as Photo"),
        ([{"type": "pigeon", "media": "x"}], "type of an input media is invalid"),
    ]:
        assert words in await telegram.complaint("sendMediaGroup", chat_id=ANNA, media=items)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (picture(2100, 100, "PNG"), "PHOTO_INVALID_DIMENSIONS"),
        (b"", "file must be non-empty"),
        (bytes(10 * 1024 * 1024 + 1), "file is too big"),
    ],
    ids=["broken", "long", "empty", "large"],
)
async def test_what_is_no_photo_is_refused_in_telegrams_words(
    telegram: LocalTelegram, content: bytes, words: str
) -> None:
    await telegram.send("hello")
    with pytest.raises(Exception, match=words):
        await telegram.bot.send_photo(ANNA, BufferedInputFile(content, "p.png"))


async def test_media_are_shown_with_their_types_and_never_as_a_page(telegram: LocalTelegram) -> None:
    await telegram.send(files=[chosen("p.jpg", picture(), "image/jpeg")])
    await telegram.send(files=[chosen("page.html", b"<script>alert(1)</script>", "text/html")])
    photo, page = await heard(telegram)
    assert photo.photo is not None
    assert page.document is not None
    for file_id, kind in [(photo.photo[0].file_id, "image/jpeg"), (page.document.file_id, "application/octet-stream")]:
        async with telegram.session.get(f"{telegram.url}/files/{file_id}") as response:
            assert response.headers["Content-Type"] == kind
            assert response.headers["Content-Security-Policy"] == "sandbox"
            assert response.headers["Content-Disposition"] == "attachment"
