"""What the bot listens to: messages that are for it, and the rest of a paste whose beginning was."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from aiogram.types import Message

from bot.conversation.addressing import BotIdentity, is_for_bot
from handlers.support.bot_commands import COMMANDS
from handlers.support.mapping import has_text_document, is_long, to_incoming_message, topic_of

PASTE_SPLIT_DELAY = 0.8
"""How soon the app sends the next part of a paste."""
MAX_REMEMBERED = 1000
"""Pastes, and albums, that are remembered at once."""

K = TypeVar("K")
V = TypeVar("V")


class AddresseeFilter:
    """Hears messages one after another; `clock` is monotonic, in seconds."""

    def __init__(self, me: BotIdentity, clock: Callable[[], float]) -> None:
        self._me = me
        self._clock = clock
        self._pastes: OrderedDict[tuple[int, int, int], float] = OrderedDict()
        self._albums: OrderedDict[str, None] = OrderedDict()

    def accepts(self, message: Message) -> bool:
        """Whether a new message is for the bot."""
        incoming = to_incoming_message(message)
        speaker = message.sender_chat or message.from_user
        paste = (message.chat.id, topic_of(message), speaker.id if speaker else 0)
        until = self._pastes.pop(paste, None)
        goes_on = until is not None and self._clock() < until and message.text is not None and not incoming.from_bot
        mine = is_for_bot(incoming, self._me, COMMANDS) or goes_on
        if mine and not incoming.private and is_long(message):
            _remember(self._pastes, paste, self._clock() + PASTE_SPLIT_DELAY)
        return mine and not self._is_rest_of_album(message)

    def _is_rest_of_album(self, message: Message) -> bool:
        """An album comes as several messages; one word about it is enough, but each text in it is read."""
        album = message.media_group_id
        if album is None:
            return False
        seen = album in self._albums
        _remember(self._albums, album, None)
        return seen and message.caption is None and not has_text_document(message)


def _remember(where: OrderedDict[K, V], key: K, value: V) -> None:
    where[key] = value
    while len(where) > MAX_REMEMBERED:
        where.popitem(last=False)
