"""Albums: several messages that an app sends as one, of which a single one has the caption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiogram.types import Message
from cachetools import LRUCache, TTLCache

ALBUM_DELAY = 5.0
"""Seconds within which the messages of one album come."""
MAX_REMEMBERED_ALBUMS = 1000
"""Albums that are remembered at once."""
MAX_ALBUM = 10
"""Messages of an album, as Telegram limits it."""


@dataclass(frozen=True, slots=True)
class Album:
    """The album of a message; every other message is one of its own."""

    before: Sequence[Message]
    """Its messages that came before one of them addressed the bot."""
    may_tell: Callable[[], bool]
    """True for the first notice about it: one is enough for all of its messages."""


class Albums:
    """Remembers albums for a moment, in memory; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._unaddressed: TTLCache[str, tuple[Message, ...]] = TTLCache(
            MAX_REMEMBERED_ALBUMS, ALBUM_DELAY, timer=clock
        )
        self._told: LRUCache[str, None] = LRUCache(MAX_REMEMBERED_ALBUMS)

    def set_aside(self, message: Message) -> None:
        """Remember a message that is not for the bot: one that follows may address the whole album."""
        album = message.media_group_id
        if album is not None:
            self._unaddressed[album] = (*self._unaddressed.get(album, ()), message)[:MAX_ALBUM]

    def of(self, message: Message) -> Album:
        """The album of a message that is for the bot; what was set aside of it is given once."""
        album = message.media_group_id
        before = () if album is None else self._unaddressed.pop(album, ())
        return Album(before, lambda: album is None or self._tell(album))

    def _tell(self, album: str) -> bool:
        told = album in self._told
        self._told[album] = None
        return not told
