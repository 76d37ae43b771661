"""The administrators of groups, as Telegram says; asked once a minute at the most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cachetools import TTLCache

from bot.errors import TelegramProblem

STATUS_LIFETIME = 60.0
"""Seconds for which an answer of Telegram's counts."""
QUERY_TIMEOUT = 5.0
"""Seconds that Telegram may take to answer: other updates wait meanwhile."""
MAX_STATUSES = 4096
"""Answers that are remembered at once."""

Status = Callable[[int, int], Awaitable[str]]
"""A chat and a user → the ChatMember status (getChatMember)."""


class GroupAdmins:
    """Tells administrators from members. `clock` is monotonic, in seconds."""

    def __init__(self, status: Status, *, clock: Callable[[], float]) -> None:
        self._status = status
        self._known: TTLCache[tuple[int, int], bool] = TTLCache(MAX_STATUSES, STATUS_LIFETIME, timer=clock)

    async def administers(self, chat: int, user: int) -> bool:
        """Recognize a group's creator or administrator. Raises TelegramProblem where Telegram cannot say."""
        known = self._known.get((chat, user))
        if known is not None:
            return known
        try:
            async with asyncio.timeout(QUERY_TIMEOUT):
                administers = await self._status(chat, user) in {"creator", "administrator"}
        except TimeoutError:
            raise TelegramProblem("getChatMember took too long") from None
        self._known[chat, user] = administers
        return administers

    def forget(self, chat: int) -> None:
        """Ask anew: something about the members of this chat has changed."""
        for known in [known for known in self._known if known[0] == chat]:
            self._known.pop(known, None)
