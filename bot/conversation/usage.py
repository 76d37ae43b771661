"""Sums of tokens, and the periods over which they are counted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

UsageColumn = Literal["person", "chat", "model"]
Period = Literal["day", "month"]


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens, and their costs in one currency."""

    tokens: int
    cost: float
    estimated: bool = False
    """Some of the tokens are estimated, because a server did not say."""


@dataclass(frozen=True, slots=True)
class UsageSum:
    """The tokens and costs of one person, chat or model."""

    subject: str
    """An id, or a model's name."""
    answers: int
    input_tokens: int
    output_tokens: int
    estimated: bool
    """Some of it is estimated, because a server did not say."""
    cost: float | None
    currency: str
    cut: int = 0
    """Attempts that were cut by a kill: their tokens are in none of these sums, because only the server counted."""

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.input_tokens + self.output_tokens


def period_start(period: Period, now: float) -> float:
    """The Unix time at which the day or month of `now` began, in UTC."""
    return _beginning(period, now).timestamp()


def next_period(period: Period, now: float) -> float:
    """The Unix time at which the next day or month begins, in UTC."""
    beginning = _beginning(period, now)
    if period == "day":
        return (beginning + timedelta(days=1)).timestamp()
    return (beginning.replace(day=28) + timedelta(days=4)).replace(day=1).timestamp()


def _beginning(period: Period, now: float) -> datetime:
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day if period == "day" else day.replace(day=1)
