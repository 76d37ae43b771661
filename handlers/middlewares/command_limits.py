"""Limits of commands, before any handler sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject
from cachetools import TTLCache

from bot.people.speaker import Speaker
from handlers.middlewares.contract import Handler
from handlers.support.addressee_filter import PASTE_SPLIT_DELAY
from handlers.support.command_limits import CommandLimits
from handlers.support.event_context import EventContext
from handlers.support.mapping import is_long

MAX_LONG_COMMANDS = 1000
"""Long commands that are remembered at once."""


class LongCommands:
    """Commands that fill a message: the app has split what was pasted, and the rest is no question.

    It sees messages one after another; `clock` is monotonic, in seconds.
    """

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


class CommandLimitMiddleware(BaseMiddleware):
    """Lets repetitions of a command end here, and the rest of one that was split; bot admins are not limited."""

    def __init__(self, limits: CommandLimits, long_commands: LongCommands) -> None:
        self._limits = limits
        self._long_commands = long_commands

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Pass on what is to be answered. Raises TooManyCommands."""
        origin: EventContext | None = data.get("origin")
        if origin is not None and isinstance(event, Message):
            if self._long_commands.is_rest(event, origin):
                return None
            speaker: Speaker = data["speaker"]
            target = event.reply_to_message
            replies_to = target.message_id if target is not None else None
            if not speaker.admin and not self._limits.accepts(event.text or "", origin, replies_to=replies_to):
                return None
        return await handler(event, data)
