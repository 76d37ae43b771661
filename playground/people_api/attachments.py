"""Media that bring no file along, as far as a bot sees them: stickers, places, polls."""

from __future__ import annotations

from typing import Any

from playground.errors import Impossible

Json = dict[str, Any]


def pretended_media(kind: str) -> Json:
    """Return the content of a message with a medium of a kind; its file, where it has one, cannot be fetched."""
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
