"""Addressing over several messages: a paste that the app split."""

from __future__ import annotations

from collections.abc import Callable, Collection

from aiogram.types import Message
from cachetools import TTLCache

from bot.conversation.addressing import BotIdentity, is_for_bot
from handlers.support.event_context import topic_of
from handlers.support.mapping import is_long, to_incoming_message

PASTE_SPLIT_DELAY = 0.8
"""Seconds within which the app sends the next part of a paste."""
MAX_REMEMBERED = 1000
"""Pastes that are remembered at once."""


class AddresseeFilter:
    """Sees messages one after another; `clock` is monotonic, in seconds, `commands` are those that the bot knows."""

    def __init__(self, me: BotIdentity, commands: Collection[str], clock: Callable[[], float]) -> None:
        self._me = me
        self._commands = frozenset(commands)
        self._pastes: TTLCache[tuple[int, int, int], None] = TTLCache(MAX_REMEMBERED, PASTE_SPLIT_DELAY, timer=clock)

    def accepts(self, message: Message) -> bool:
        """Tell a new message that is for the bot, also as the rest of a paste, from others."""
        incoming = to_incoming_message(message)
        speaker = message.sender_chat or message.from_user
        paste = (message.chat.id, topic_of(message), speaker.id if speaker else 0)
        follows = paste in self._pastes
        self._pastes.pop(paste, None)
        goes_on = follows and message.text is not None and not incoming.from_bot
        mine = is_for_bot(incoming, self._me, self._commands) or goes_on
        if mine and not incoming.private and is_long(message):
            self._pastes[paste] = None
        return mine
