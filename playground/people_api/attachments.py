"""Attachments of people's messages: documents with their content, other media as far as a bot sees them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from playground.errors import Impossible
from playground.world.files import Upload
from playground.world.hub import Hub

Json = dict[str, Any]


def attachment(hub: Hub, body: Json) -> Json:
    """Return the content of a message with a `document` or a `media` of some kind.

    A document whose `kind` says so is sent as a photo, a recording or a sticker, with its content.
    """
    if body.get("document"):
        return _sent_as(body["document"], _document(hub, body["document"]))
    kind = str(body["media"])
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
            "id": "1", "question": "Which?", "options": [], "total_voter_count": 0, "is_closed": False,
            "is_anonymous": True, "type": "regular", "allows_multiple_answers": False, "allows_revoting": False,
            "members_only": False,
        },
    }  # fmt: skip
    if kind not in known:
        raise Impossible(f"media: one of {', '.join(sorted(known))}")
    content = {kind: known[kind]}
    if kind == "animation":
        content["document"] = small
    return content


def _sent_as(given: Json, stored: Json) -> Json:
    """Return a stored file as the kind of message that the app makes of it."""
    kind = str(given.get("kind") or "document")
    file = {name: stored[name] for name in ("file_id", "file_unique_id", "file_size")}
    square, duration = {**file, "width": 512, "height": 512}, int(given.get("duration") or 3)
    known: Json = {
        "document": stored,
        "photo": [square],
        "sticker": {**square, "type": "regular", "is_animated": False, "is_video": False, "emoji": "👋"},
        "voice": {**file, "duration": duration, "mime_type": "audio/ogg"},
        "audio": {**stored, "duration": duration},
        "video_note": {**file, "length": 240, "duration": duration},
    }
    if kind not in known:
        raise Impossible(f"document.kind: one of {', '.join(sorted(known))}")
    return {kind: known[kind]}


def _document(hub: Hub, given: Json) -> Json:
    try:
        content = base64.b64decode(given.get("content_base64") or "", validate=True)
    except binascii.Error:
        raise Impossible("content_base64 is not base64") from None
    upload = Upload(str(given.get("file_name") or "file"), str(given.get("mime_type") or ""), content)
    return hub.store_file(upload)
