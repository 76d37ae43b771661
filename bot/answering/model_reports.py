"""Reports to admins: a model fails, a model answers again, a budget is nearly spent."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.conversation.people import Person
from bot.conversation.usage import Period
from bot.errors import StorageUnavailable
from bot.models.breaker import Change
from bot.models.entry import ModelEntry
from bot.runtime.task_supervisor import StartTask
from bot.telegram.destination import Destination
from bot.texts import Texts

logger = logging.getLogger(__name__)


class StoredNotices(Protocol):
    """`DurableOutbox`, as far as it stores notices."""

    async def enqueue(self, place: Destination, text: str) -> None:
        """Store a message, and send it afterwards. Raises StorageUnavailable."""
        ...


class AdminNotices:
    """Says a text to every bot admin in private, each in the language of their app."""

    def __init__(
        self,
        texts: Texts,
        start: StartTask,
        admins: Callable[[], Awaitable[list[int]]],
        person: Callable[[int], Awaitable[Person | None]],
        messages: StoredNotices,
    ) -> None:
        self._texts = texts
        self._start = start
        self._admins = admins
        self._person = person
        self._messages = messages

    def report(self, entry: ModelEntry, change: Change, reason: str) -> None:
        """Tell admins what has changed with a model; `reason` is a Fluent id, or empty."""
        if change is Change.FAILS:
            self._say("model-fails", reason, model=entry.name)
        else:
            self._say("model-works-again", "", model=entry.name)

    def warn_of_budget(self, period: Period, tokens: int, budget: int) -> None:
        """Tell admins that most of the bot's budget of a day or month is spent."""
        self._say("budget-warning", "", period=period, tokens=tokens, budget=budget)

    def _say(self, key: str, reason: str, **args: str | float) -> None:
        self._start(self._say_to_all(key, reason, args), name=f"tell admins: {key}")

    async def _say_to_all(self, key: str, reason: str, args: dict[str, str | float]) -> None:
        try:
            for admin in await self._admins():
                known = await self._person(admin)
                language = self._texts.language_of(known.language if known is not None else "")
                why = {"reason": self._texts.get(language, reason)} if reason else {}
                text = self._texts.get(language, key, **args, **why)
                await self._messages.enqueue(Destination(admin, private=True), text)
        except StorageUnavailable:
            logger.warning("admins could not be told: %s", key)
