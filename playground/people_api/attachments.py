"""Media that the page sends at a press: a sticker, places, polls, and others whose files cannot be fetched."""

from __future__ import annotations

from typing import Any

from playground.errors import Impossible
from playground.media.pictures import STICKER_SIDE, sticker_picture
from playground.media.upload import Upload
from playground.world.files import FileStore

Json = dict[str, Any]


def pretended_media(kind: str, files: FileStore) -> Json:
    """Return the content of a message with a medium of a kind; of its files, only a sticker's can be fetched."""
    small = {"file_id": f"AgACAgIAAx{kind}", "file_unique_id": f"AQAD{kind}", "file_size": 1234}
    square = {**small, "width": 512, "height": 512}
    known: Json = {
        "photo": [square],
        "sticker": {**square, "type": "regular", "is_animated": False, "is_video": False, "emoji": "👋"},
        "voice": {**small, "duration": 3},
        "audio": {**small, "duration": 3},
        "video": {**square, "duration": 3},
        "animation": {**square, "duration": 3},
        "video_note": {**small, "length": 240, "duration": 3},
        "location": {"latitude": 52.5, "longitude": 13.4},
        "contact": {"phone_number": "+10000000000", "first_name": "Somebody"},
        "dice": {"emoji": "🎲", "value": 4},
        "venue": {"location": {"latitude": 52.5, "longitude": 13.4}, "title": "Somewhere", "address": "A street"},
        "poll": {
            "id": "1", "question": "Tea or coffee?", "total_voter_count": 0, "is_closed": False,
            "options": [{"persistent_id": text, "text": text, "voter_count": 0} for text in ("Tea", "Coffee")],
            "is_anonymous": True, "type": "regular", "allows_multiple_answers": False, "allows_revoting": False,
            "members_only": False,
        },
    }  # fmt: skip
    if kind not in known:
        raise Impossible(f"media: one of {', '.join(sorted(known))}")
    content = {kind: known[kind]}
    if kind == "sticker":
        content["sticker"] |= _stored_sticker(files)
    if kind == "animation":
        content["document"] = small
    return content


def _stored_sticker(files: FileStore) -> Json:
    stored = files.add(Upload("sticker.webp", "image/webp", sticker_picture()), "stickers")
    named = {name: stored[name] for name in ("file_id", "file_unique_id", "file_size")}
    return {**named, "width": STICKER_SIDE, "height": STICKER_SIDE}
