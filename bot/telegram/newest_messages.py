"""The newest messages of each private chat, as far as this process has seen them."""

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
        self._before: LRUCache[int, int] = LRUCache(MAX_KNOWN_CHATS)

    def note(self, chat: int, message_id: int) -> None:
        """Remember a message that was sent or came in."""
        newest = self._newest.get(chat, 0)
        if chat > 0 and message_id > newest:
            self._before[chat], self._newest[chat] = newest, message_id

    def stands_between(self, chat: int, upper: int, newest: int) -> bool:
        """Tell whether anything stands between a message and the newest one. Groups count their messages one by one."""
        if chat < 0:
            return newest - upper > 1
        return self._newest.get(chat) == newest and self._before.get(chat, 0) > upper

    def attach(self, to: Destination) -> Destination:
        """The destination without its reply where that is needless: right below the message that is replied to."""
        if to.private and to.reply_to is not None and self._newest.get(to.chat) == to.reply_to:
            return replace(to, reply_to=None)
        return to
