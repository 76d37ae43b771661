"""The newest message of each private chat, as far as this process has seen it."""

from __future__ import annotations

from dataclasses import replace

from cachetools import LRUCache

from bot.telegram.destination import Destination

MAX_KNOWN_CHATS = 10_000
"""Private chats of which the newest message is remembered."""


class NewestMessages:
    """Tells whether anything stands below a message; in memory only, so after a start nothing is known."""

    def __init__(self) -> None:
        self._newest: LRUCache[int, int] = LRUCache(MAX_KNOWN_CHATS)

    def note(self, chat: int, message_id: int) -> None:
        """Remember a message that was sent or came in."""
        if chat > 0 and message_id > self._newest.get(chat, 0):
            self._newest[chat] = message_id

    def attach(self, to: Destination) -> Destination:
        """The destination without its reply where that is needless: right below the message that is replied to."""
        if to.private and to.reply_to is not None and self._newest.get(to.chat) == to.reply_to:
            return replace(to, reply_to=None)
        return to
