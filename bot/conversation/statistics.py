"""Statistics of a bot over some days, as its admins see them. Pure; days and hours are those of UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

DAY_LENGTH = 86_400
"""Seconds."""
HOUR_LENGTH = 3600
"""Seconds."""
HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class ModelShare:
    """A model, and the number of answers that it wrote."""

    model: str
    answers: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers of some days; the tuples have an entry for each day, or each hour of the day, oldest first."""

    first_day: date
    questions: tuple[int, ...]
    """Questions that were answered or failed."""
    people: tuple[int, ...]
    failed: tuple[int, ...]
    """Questions whose answer failed or broke off, among `questions`."""
    first_text: tuple[float | None, ...]
    """Median seconds between the request to the model and its first text. None: no answer that day."""
    hours: tuple[int, ...]
    models: tuple[ModelShare, ...]
    """The models with the most answers, the most first."""
    distinct_people: int
    median_first_text: float | None
    """Of all the days."""

    @property
    def busiest_hours(self) -> list[int]:
        """The three hours with the most questions, the busiest first; fewer where there were none."""
        asked = [hour for hour, count in enumerate(self.hours) if count]
        return sorted(asked, key=lambda hour: self.hours[hour], reverse=True)[:3]


def first_day_of(now: float, days: int) -> date:
    """The first of `days` days of which the day of `now`, a Unix time, is the last."""
    return date.fromordinal(datetime.fromtimestamp(now, UTC).date().toordinal() - days + 1)


def start_of(day: date) -> float:
    """The Unix time at which a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
