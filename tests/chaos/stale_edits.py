"""Edits of processes that stood still within a call: they arrive after another process has written the message anew.

No process can take back a request that is on its way. A full message is not written again, so such an edit stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from tests.harness.telegram_people import Json, Seen, Telegram, is_being_written
from tests.soak.counting import Interruptions
from tests.soak.people import has_failed

ON_ITS_WAY = 1.0
"""Seconds between an edit and the moment at which it is stored that the message is full."""


def take_back(telegram: Telegram, sealed: Mapping[tuple[int, int], float], interruptions: Interruptions) -> int:
    """Let the people see what stood there before such an edit. Gives how many there were.

    `sealed`: when it was stored that a message is full, on `time.monotonic`.
    """
    versions: dict[tuple[int, int], list[Seen]] = defaultdict(list)
    for seen in telegram.history:
        if seen.kind in {"message", "edited"}:
            versions[seen.chat, seen.message["message_id"]].append(seen)
    found = 0
    for (chat, message), full_at in sealed.items():
        states = versions[chat, message]
        if len(states) > 1 and _is_stale(states[-1], full_at, interruptions):
            telegram.chats[chat][message] = states[-2].message
            found += 1
    return found


def _is_stale(last: Seen, full_at: float, interruptions: Interruptions) -> bool:
    unfinished: Json = last.message
    late = last.at > full_at + ON_ITS_WAY and (has_failed(unfinished) or is_being_written(unfinished))
    return late and interruptions.any_between(last.chat, full_at, last.at)
