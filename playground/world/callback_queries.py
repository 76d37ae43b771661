"""Presses of buttons that wait for the bot's answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from cachetools import FIFOCache

from playground.errors import bad_request

Json = dict[str, Any]

CALLBACK_ANSWER_TIMEOUT: Final = 15.0
"""Seconds after which a press cannot be answered any more."""
MAX_QUERIES: Final = 10_000
TOO_OLD: Final = "query is too old and response timeout expired or query ID is invalid"


@dataclass(slots=True)
class CallbackQuery:
    """One press; `answer` is set when the bot answers it."""

    chat_id: int
    until: float
    answer: asyncio.Future[Json]


class CallbackQueries:
    """The presses that can still be answered."""

    def __init__(self) -> None:
        self._open: FIFOCache[str, CallbackQuery] = FIFOCache(MAX_QUERIES)
        self._next = 1

    def ask(self, chat_id: int, now: float) -> tuple[str, CallbackQuery]:
        """Note a press and return its id."""
        identity = str(4_000_000_000_000_000_000 + self._next)
        self._next += 1
        query = CallbackQuery(chat_id, now + CALLBACK_ANSWER_TIMEOUT, asyncio.get_running_loop().create_future())
        self._open[identity] = query
        return identity, query

    def chat_of(self, identity: str) -> int | None:
        """Return the chat of a press."""
        query = self._open.get(identity)
        return query.chat_id if query else None

    def answer(self, identity: str, now: float, answer: Json) -> None:
        """Give the bot's answer to whoever pressed. Raises 400 for a query that is unknown, answered or too old."""
        query = self._open.pop(identity, None)
        if query is None or query.until <= now:
            raise bad_request(TOO_OLD)
        if not query.answer.done():
            query.answer.set_result(answer)
