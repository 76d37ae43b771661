"""Updates that no Bot API would send: any JSON in getUpdates, any bytes at the webhook, ids that begin anew."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

KINDS = ("message", "edited_message", "callback_query", "my_chat_member", "brand_new_kind_of_update", "poll", "")
DEEP = 100_000
"""Brackets in a body that no parser should follow to its end."""
FRESH_IDS = (1, 2**30)
"""A range from which ids that begin anew are drawn; none is likely to come twice."""


def any_json(chance: random.Random, depth: int = 0) -> Any:
    """A value of any type and size, small enough to be sent often."""
    plain: tuple[Callable[[], Any], ...] = (
        lambda: None,
        lambda: chance.random() < 0.5,
        lambda: chance.choice((0, -1, 1, 2**31, 2**63, 10**30, -(10**30))),
        lambda: chance.choice((0.5, -1e308, 1e-300)),
        lambda: chance.choice(("", "x", "\u0000", "\u202e", "<b>", "/start", "😀" * 50, "9" * 40, "null")),
    )
    if depth > 3 or chance.random() < 0.6:
        return chance.choice(plain)()
    size = chance.randrange(4)
    if chance.random() < 0.5:
        return [any_json(chance, depth + 1) for _ in range(size)]
    return {
        chance.choice(("id", "chat", "from", "text", "date", "data")): any_json(chance, depth + 1) for _ in range(size)
    }


def raw_update(chance: random.Random, valid_id: int) -> Any:
    """What stands where an update should; its id, if any, may be the valid one."""
    if chance.random() < 0.3:
        return any_json(chance)
    update: dict[str, Any] = {chance.choice(KINDS): any_json(chance)}
    if chance.random() < 0.8:
        update["update_id"] = chance.choice(("abc", None, -1, 10**30, valid_id, valid_id))
    return update


def unreadable_fields(chance: random.Random) -> dict[str, Any]:
    """An update of a known kind in a chat that is nobody's, for a playground that hands out no others."""
    chat = {"id": 5, "type": chance.choice(("weird", "private", 7, None))}
    return {"message": {"chat": chat, "text": any_json(chance), "from": any_json(chance), "date": any_json(chance)}}


def webhook_body(chance: random.Random) -> bytes:
    """A body that comes to the webhook with the right secret."""
    return chance.choice(
        (
            b"",
            b"{",
            b"null",
            b"\xff\xfe",
            b"[" * DEEP,
            b'{"update_id": 1e400}',
            json.dumps(raw_update(chance, chance.randrange(*FRESH_IDS))).encode(),
        )
    )
