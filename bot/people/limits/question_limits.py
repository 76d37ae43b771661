"""Limits of questions: a person's and a chat's, in a minute and in a day."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.errors import Problem
from bot.people.limits.token_budgets import TokenBudgets
from bot.people.speaker import Speaker
from bot.settings import Settings
from bot.storage.repositories.question_times import QuestionTimes

MINUTE = 60.0
DAY = 86_400.0


class TooManyQuestions(Problem):
    """A limit is reached; `details` say when the next question works (`seconds` from now) and whose limit it is."""

    key = "too-many-questions"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Questions a minute and a day; 0 is no limit."""

    per_minute: int
    per_day: int

    @property
    def longest(self) -> float:
        """Seconds back to which questions count; 0 where nothing is limited."""
        return DAY if self.per_day else MINUTE if self.per_minute else 0.0

    def wait(self, asked: Sequence[float], now: float) -> float:
        """Seconds until the next question is within the limits, given when earlier ones were asked; 0: now."""
        return max(_wait(asked, self.per_minute, MINUTE, now), _wait(asked, self.per_day, DAY, now))


def _wait(asked: Sequence[float], count: int, seconds: float, now: float) -> float:
    if not count or len(asked) < count:
        return 0.0
    return max(0.0, sorted(asked)[-count] + seconds - now)


class QuestionLimits:
    """The limits of the settings, counted from the stored turns: they hold over restarts and among replicas."""

    def __init__(
        self,
        settings: Settings,
        times: QuestionTimes,
        budgets: TokenBudgets,
        *,
        bot: int,
        clock: Callable[[], float],
    ) -> None:
        self.budgets = budgets
        """The budgets of tokens, which are asked last."""
        self._person = Allowance(settings.questions_per_minute, settings.questions_per_day)
        self._chat = Allowance(settings.chat_questions_per_minute, settings.chat_questions_per_day)
        self._times = times
        self._bot = bot
        self._clock = clock

    async def admit(self, speaker: Speaker) -> None:
        """Let one more question through; bot admins are not limited. Raises TooManyQuestions, BudgetSpent."""
        if not speaker.admin and (self._person.longest or self._chat.longest):
            await self._count(speaker)
        await self.budgets.admit(speaker)

    async def _count(self, speaker: Speaker) -> None:
        now = self._clock()
        by_person, in_chat = await self._times.asked_since(
            self._bot,
            person=(speaker.id, now - self._person.longest),
            chat=(speaker.key.chat, now - self._chat.longest),
        )
        _check(self._person.wait(by_person, now), "person")
        _check(self._chat.wait(in_chat, now), "chat")


def _check(wait: float, whose: str) -> None:
    if wait > 0:
        raise TooManyQuestions(f"the limit of this {whose} is reached", whose=whose, **_in_units(wait))


def _in_units(seconds: float) -> dict[str, str | int]:
    """A waiting time as people say it: whole seconds, minutes or hours, never too little."""
    unit, length = ("hours", 3600) if seconds > 3600 else ("minutes", 60) if seconds > 60 else ("seconds", 1)  # noqa: PLR2004  # an hour, a minute
    return {"unit": unit, "count": math.ceil(seconds / length)}
