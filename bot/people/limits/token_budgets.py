"""Budgets of tokens and of money: a person's and the whole bot's, in a day and in a month (UTC)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal, Protocol

from bot.conversation.usage import Period, Spent, UsageColumn, UsageSum, next_period, period_start
from bot.errors import Problem
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.settings import Settings

WARNING_SHARE = 0.8
"""The share of a budget at which admins, or the person, are told of it, once in each day or month."""
BUDGET_PERIODS: tuple[Period, ...] = ("day", "month")
Whose = Literal["person", "bot"]
BudgetUnit = Literal["tokens", "money"]


class BudgetSpent(Problem):
    """A budget is used up; `details` say whose, of which period, and when it begins anew."""

    key = "budget-spent"


class MoneySpent(BudgetSpent):
    """The same, of a budget of money."""

    key = "budget-money-spent"


@dataclass(frozen=True, slots=True)
class Budget:
    """An amount that may be spent in each day or month."""

    whose: Whose
    period: Period
    unit: BudgetUnit
    amount: float

    @property
    def name(self) -> str:
        """The name under which its warnings are stored."""
        return f"{self.unit} a {self.period}"

    def used(self, spent: Spent) -> float:
        """The part of what was spent that counts here."""
        return spent.tokens if self.unit == "tokens" else spent.cost


class UsageSums(Protocol):
    """`TokenUsageRepository`."""

    async def spent(self, since: float, *, person: int | None = None, currency: str = "") -> Spent:
        """Tokens and costs of a person, or of everybody, since a Unix time."""
        ...

    async def sums(self, since: float, by: UsageColumn, *, person: int | None = None) -> list[UsageSum]:
        """Sums for each person, chat or model since a Unix time."""
        ...


class BudgetWarnings(Protocol):
    """`BudgetNotices`."""

    def warn(self, person: int, budget: Budget, used: float, beginning: float) -> None:
        """Tell a person, or with 0 the admins, that most of a budget is spent, unless they were told."""
        ...


@dataclass(frozen=True, slots=True)
class PersonalUsage:
    """The tokens and costs of a person in a day or month, and what is left of their budgets (None: no limit)."""

    period: Period
    spent: Spent
    tokens_left: int | None
    cost_left: float | None


def budgets_of(settings: Settings) -> list[Budget]:
    """Give the budgets of the settings, those of the bot first, and those over the same answers side by side."""
    amounts: tuple[Budget, ...] = (
        Budget("bot", "day", "tokens", settings.bot_tokens_per_day),
        Budget("bot", "day", "money", settings.bot_cost_per_day),
        Budget("bot", "month", "tokens", settings.bot_tokens_per_month),
        Budget("bot", "month", "money", settings.bot_cost_per_month),
        Budget("person", "day", "tokens", settings.tokens_per_day),
        Budget("person", "day", "money", settings.cost_per_day),
        Budget("person", "month", "tokens", settings.tokens_per_month),
        Budget("person", "month", "money", settings.cost_per_month),
    )
    return [one for one in amounts if one.amount]


class TokenBudgets:
    """Counts stored tokens and costs against the budgets of the settings.

    `name` gives the name of a person or group (empty: unknown), `clock` Unix times. `currency` is that of the prices:
    costs in others do not count.

    An answer in progress is not counted yet, so that the last one may go beyond a budget.
    """

    def __init__(
        self,
        budgets: Sequence[Budget],
        usage: UsageSums,
        permissions: Permissions,
        *,
        name: Callable[[int], Awaitable[str]],
        clock: Callable[[], float],
        warnings: BudgetWarnings,
        currency: str = "",
    ) -> None:
        self._budgets = budgets
        self._usage = usage
        self._permissions = permissions
        self._name_of = name
        self._clock = clock
        self._warnings = warnings
        self.currency = currency
        """The currency of costs; empty: no model has a price."""

    async def admit(self, speaker: Speaker) -> None:
        """Let a question through while nothing is spent; bot admins are not limited. Raises BudgetSpent."""
        for (whose, period), budgets in groupby(self._budgets, lambda one: (one.whose, one.period)):
            if whose == "person" and speaker.admin:
                continue
            person = speaker.id if whose == "person" else None
            beginning = period_start(period, self._clock())
            spent = await self._usage.spent(beginning, person=person, currency=self.currency)
            for budget in budgets:
                self._check(budget, budget.used(spent), beginning, speaker)

    def _check(self, budget: Budget, used: float, beginning: float, speaker: Speaker) -> None:
        """Warn of a budget that is nearly spent. Raises BudgetSpent."""
        is_spent = used >= budget.amount
        if used >= budget.amount * WARNING_SHARE and (budget.whose == "bot" or not is_spent):
            self._warnings.warn(0 if budget.whose == "bot" else speaker.id, budget, used, beginning)
        if is_spent and not speaker.admin:
            again = datetime.fromtimestamp(next_period(budget.period, self._clock()), UTC)
            raise (BudgetSpent if budget.unit == "tokens" else MoneySpent)(
                f"the {budget.whose}'s {budget.name} are spent",
                whose=budget.whose,
                period=budget.period,
                at=f"{again:%Y-%m-%d %H:%M} UTC",
            )

    async def of_person(self, person: int) -> list[PersonalUsage]:
        """Tokens and costs of a person, today and this month."""
        found = []
        for period in BUDGET_PERIODS:
            since = period_start(period, self._clock())
            spent = await self._usage.spent(since, person=person, currency=self.currency)
            left = {
                one.unit: max(0.0, one.amount - one.used(spent))
                for one in self._budgets
                if (one.whose, one.period) == ("person", period)
            }
            tokens = left.get("tokens")
            found.append(PersonalUsage(period, spent, None if tokens is None else int(tokens), left.get("money")))
        return found

    async def sums(self, speaker: Speaker, by: UsageColumn) -> list[UsageSum]:
        """Give this month's sums of the whole bot, for its admins. Raises OnlyBotAdmins."""
        self._permissions.require_bot_admin(speaker)
        sums = await self._usage.sums(period_start("month", self._clock()), by)
        return sums if by == "model" else [replace(one, subject=await self._name(one.subject)) for one in sums]

    async def _name(self, id_: str) -> str:
        """A person's name or a group's title; an unknown id stays, and so does the 0 of what was forgotten."""
        return await self._name_of(int(id_)) or id_
