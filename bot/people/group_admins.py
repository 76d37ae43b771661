"""Who administers a group, as Telegram says; asked once a minute at the most."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

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
    """Knows whether somebody administers a group. `clock` is monotonic, in seconds."""

    def __init__(self, status: Status, *, clock: Callable[[], float]) -> None:
        self._status = status
        self._clock = clock
        self._known: OrderedDict[tuple[int, int], tuple[float, bool]] = OrderedDict()

    async def administers(self, chat: int, user: int) -> bool:
        """Whether the user is a group's creator or administrator. Raises TelegramProblem where Telegram cannot say."""
        now = self._clock()
        known = self._known.get((chat, user))
        if known is not None and known[0] > now:
            return known[1]
        try:
            async with asyncio.timeout(QUERY_TIMEOUT):
                administers = await self._status(chat, user) in {"creator", "administrator"}
        except TimeoutError:
            raise TelegramProblem("getChatMember took too long") from None
        self._known[chat, user] = (now + STATUS_LIFETIME, administers)
        self._known.move_to_end((chat, user))
        while len(self._known) > MAX_STATUSES:
            self._known.popitem(last=False)
        return administers

    def forget(self, chat: int) -> None:
        """Ask anew: something about the members of this chat has changed."""
        for known in [known for known in self._known if known[0] == chat]:
            del self._known[known]
