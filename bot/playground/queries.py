"""Presses of buttons that wait for the bot's answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from bot.playground.errors import bad_request

Json = dict[str, Any]

ANSWER_WITHIN: Final = 15.0
"""Seconds after which a press cannot be answered any more."""
QUERIES_KEPT: Final = 10_000
TOO_OLD: Final = "query is too old and response timeout expired or query ID is invalid"


@dataclass(slots=True)
class Query:
    """One press; `answer` is set when the bot answers it."""

    chat_id: int
    until: float
    answer: asyncio.Future[Json]


class Queries:
    """The presses that can still be answered."""

    def __init__(self) -> None:
        self._open: dict[str, Query] = {}
        self._next = 1

    def ask(self, chat_id: int, now: float) -> tuple[str, Query]:
        """Note a press and return its id."""
        while len(self._open) >= QUERIES_KEPT:
            del self._open[next(iter(self._open))]
        identity = str(4_000_000_000_000_000_000 + self._next)
        self._next += 1
        query = Query(chat_id, now + ANSWER_WITHIN, asyncio.get_running_loop().create_future())
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
