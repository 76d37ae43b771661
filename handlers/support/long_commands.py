"""Commands that fill a message: the app has split what was pasted, and the rest is no question."""

from __future__ import annotations

from collections.abc import Callable

from aiogram.types import Message
from cachetools import TTLCache

from handlers.support.addressee_filter import PASTE_SPLIT_DELAY
from handlers.support.event_context import EventContext
from handlers.support.mapping import is_long

MAX_LONG_COMMANDS = 1000
"""Long commands that are remembered at once."""


class LongCommands:
    """Sees messages one after another. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._long: TTLCache[tuple[object, int], None] = TTLCache(MAX_LONG_COMMANDS, PASTE_SPLIT_DELAY, timer=clock)

    def is_rest(self, message: Message, origin: EventContext) -> bool:
        """Recognize what follows a command that the app has split."""
        somebody = (origin.key, origin.author.id)
        follows = somebody in self._long
        self._long.pop(somebody, None)
        command = (message.text or "").startswith("/")
        if (follows or command) and is_long(message):
            self._long[somebody] = None
        return follows and not command
