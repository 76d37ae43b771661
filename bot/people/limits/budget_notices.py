"""Notices that most of a budget is spent: to admins about the bot's, to a person about their own, once a period."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.conversation.people import Person
from bot.errors import StorageUnavailable
from bot.people.limits.token_budgets import Budget
from bot.runtime.task_supervisor import StartTask
from bot.storage.database import Database
from bot.storage.repositories.token_usage import BudgetWarningRepository
from bot.telegram.destination import Destination
from bot.texts import Texts

logger = logging.getLogger(__name__)

MAX_REMEMBERED_WARNINGS = 10_000
"""Warnings that a process remembers, so that it need not ask the database again."""


class StoredNotices(Protocol):
    """`DurableOutbox`, as far as it stores notices."""

    async def enqueue(self, place: Destination, text: str) -> None:
        """Store a message with the open transaction; it is sent afterwards. Raises StorageUnavailable."""
        ...


class BudgetNotices:
    """Says it in private, in the language of each one's app.

    `admins` gives the bot's admins, `person` finds somebody, `currency` is that of the budgets of money.
    """

    def __init__(
        self,
        database: Database,
        start: StartTask,
        texts: Texts,
        messages: StoredNotices,
        *,
        bot: int,
        admins: Callable[[], Awaitable[list[int]]],
        person: Callable[[int], Awaitable[Person | None]],
        currency: str = "",
    ) -> None:
        self._database = database
        self._start = start
        self._warnings = BudgetWarningRepository(database, bot=bot)
        self._texts = texts
        self._messages = messages
        self._admins = admins
        self._person = person
        self._currency = currency
        self._given: dict[tuple[int, str], float] = {}

    def warn(self, person: int, budget: Budget, used: float, beginning: float) -> None:
        """Tell a person, or with 0 the admins, unless they were told in the day or month that began then.

        It is told in a task of its own: the question that was one too many takes nothing back.
        """
        if person < 0 or self._given.get((person, budget.name)) == beginning:
            return  # a channel has no private chat
        if len(self._given) >= MAX_REMEMBERED_WARNINGS:
            self._given.clear()
        self._given[person, budget.name] = beginning
        self._start(self._tell(person, budget, used, beginning), name=f"warn of the {budget.name}")

    async def _tell(self, person: int, budget: Budget, used: float, beginning: float) -> None:
        try:
            async with self._database.transaction():
                if not await self._warnings.begin(person, budget.name, beginning):
                    return
                for reader in [person] if person else await self._admins():
                    text = await self._text(reader, budget, used)
                    await self._messages.enqueue(Destination(reader, private=True), text)
        except StorageUnavailable as error:
            self._given.pop((person, budget.name), None)
            logger.warning("nobody was warned of the %s: %s", budget.name, error)

    async def _text(self, reader: int, budget: Budget, used: float) -> str:
        known = await self._person(reader)
        language = self._texts.language_of(known.language if known is not None else "")
        if budget.unit == "tokens":
            spent, whole = (self._texts.grouped(language, int(value)) for value in (used, budget.amount))
            amount = self._texts.get(language, "budget-tokens", used=spent, budget=whole)
        else:
            spent, whole = (self._texts.decimal(language, value, 2) for value in (used, budget.amount))
            amount = self._texts.get(language, "budget-money", used=spent, budget=whole, currency=self._currency)
        key = "budget-warning-person" if budget.whose == "person" else "budget-warning-bot"
        return self._texts.get(language, key, period=budget.period, amount=amount)
