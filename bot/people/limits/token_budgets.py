"""Budgets of tokens: a person's and the whole bot's, in a day and in a month (UTC)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from bot.conversation.people import Person
from bot.conversation.usage import Period, UsageColumn, UsageSum, next_period, period_start
from bot.errors import Problem
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.settings import Settings

WARNING_SHARE = 0.8
"""The share of the bot's budget at which admins are warned, once in each day or month."""
Whose = Literal["person", "bot"]


class BudgetSpent(Problem):
    """A budget of tokens is used up; `details` say whose, of which period, and when it begins anew."""

    key = "budget-spent"


class UsageSums(Protocol):
    """`TokenUsageRepository`."""

    async def tokens(self, since: float, *, person: int | None = None) -> int:
        """Tokens of a person, or of everybody, since a Unix time."""
        ...

    async def sums(self, since: float, by: UsageColumn, *, person: int | None = None) -> list[UsageSum]:
        """Sums for each person, chat or model since a Unix time."""
        ...


@dataclass(frozen=True, slots=True)
class PersonalUsage:
    """The tokens of a person in a day or month, and how many are left of their budget (None: no limit)."""

    period: Period
    tokens: int
    left: int | None


@dataclass(frozen=True, slots=True)
class _Budget:
    whose: Whose
    period: Period
    tokens: int


class TokenBudgets:
    """Counts stored tokens against the budgets of the settings.

    `person` finds somebody, `clock` gives Unix times, `warn` tells admins: the period, the tokens spent, the budget.

    An answer in progress is not counted yet, so that the last one may go beyond a budget.
    """

    def __init__(
        self,
        settings: Settings,
        usage: UsageSums,
        permissions: Permissions,
        *,
        person: Callable[[int], Awaitable[Person | None]],
        clock: Callable[[], float],
        warn: Callable[[Period, int, int], None],
    ) -> None:
        self._person = {"day": settings.tokens_per_day, "month": settings.tokens_per_month}
        budgets: tuple[_Budget, ...] = (
            _Budget("bot", "day", settings.bot_tokens_per_day),
            _Budget("bot", "month", settings.bot_tokens_per_month),
            _Budget("person", "day", settings.tokens_per_day),
            _Budget("person", "month", settings.tokens_per_month),
        )
        self._budgets = [one for one in budgets if one.tokens]
        self._usage = usage
        self._permissions = permissions
        self._known = person
        self._clock = clock
        self._warn = warn
        self._warned: dict[Period, float] = {}

    async def admit(self, speaker: Speaker) -> None:
        """Let a question through while there are tokens; bot admins are not limited. Raises BudgetSpent."""
        now = self._clock()
        for budget in self._budgets:
            person = speaker.id if budget.whose == "person" else None
            spent = await self._usage.tokens(period_start(budget.period, now), person=person)
            if budget.whose == "bot" and spent >= budget.tokens * WARNING_SHARE:
                self._warn_once(budget, spent, now)
            if spent >= budget.tokens and not speaker.admin:
                again = datetime.fromtimestamp(next_period(budget.period, now), UTC)
                raise BudgetSpent(
                    f"the {budget.whose}'s budget of the {budget.period} is spent",
                    whose=budget.whose,
                    period=budget.period,
                    at=f"{again:%Y-%m-%d %H:%M} UTC",
                )

    async def of_person(self, person: int) -> list[PersonalUsage]:
        """The tokens of a person, today and this month."""
        now = self._clock()
        periods: tuple[Period, ...] = ("day", "month")
        found = []
        for period in periods:
            tokens, budget = await self._usage.tokens(period_start(period, now), person=person), self._person[period]
            found.append(PersonalUsage(period, tokens, max(0, budget - tokens) if budget else None))
        return found

    async def sums(self, speaker: Speaker, by: UsageColumn) -> list[UsageSum]:
        """Give this month's sums of the whole bot, for its admins. Raises OnlyBotAdmins."""
        self._permissions.require_bot_admin(speaker)
        sums = await self._usage.sums(period_start("month", self._clock()), by)
        return sums if by == "model" else [replace(one, subject=await self._name(one.subject)) for one in sums]

    async def _name(self, id_: str) -> str:
        """A person's name; a group's id stays."""
        known = await self._known(int(id_))
        return known.name if known is not None and known.name else id_

    def _warn_once(self, budget: _Budget, spent: int, now: float) -> None:
        beginning = period_start(budget.period, now)
        if self._warned.get(budget.period) != beginning:
            self._warned[budget.period] = beginning
            self._warn(budget.period, spent, budget.tokens)
