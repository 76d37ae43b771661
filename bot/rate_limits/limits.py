"""Telegram's budgets as values: what may be sent in which time, and how a person writes that down."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BUCKET = re.compile(r"(\d+)\s*\+\s*(\d+(?:\.\d+)?)\s*/\s*s")
_WINDOW = re.compile(r"(\d+)\s*/\s*(\d+(?:\.\d+)?)\s*s")


@dataclass(frozen=True, slots=True)
class BucketLimit:
    """`burst` calls at once, and `per_second` more each second."""

    burst: int
    per_second: float

    @classmethod
    def parse(cls, text: str) -> BucketLimit:
        """Read `5+1/s`. Raises ValueError that shows the form."""
        match = _BUCKET.fullmatch(text.strip())
        if match is None or int(match[1]) < 1 or float(match[2]) <= 0:
            raise ValueError("write it as 5+1/s: five at once, one more each second")
        return cls(int(match[1]), float(match[2]))


@dataclass(frozen=True, slots=True)
class WindowLimit:
    """At most `count` calls in any `seconds`."""

    count: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> WindowLimit:
        """Read `20/60s`. Raises ValueError that shows the form."""
        match = _WINDOW.fullmatch(text.strip())
        if match is None or int(match[1]) < 1 or float(match[2]) <= 0:
            raise ValueError("write it as 20/60s: twenty in any sixty seconds")
        return cls(int(match[1]), float(match[2]))


@dataclass(frozen=True, slots=True)
class TieredLimit:
    """Two windows that hold together: many calls in a `short` time, and fewer a second over a `long` one."""

    short: WindowLimit
    long: WindowLimit

    @classmethod
    def parse(cls, text: str) -> TieredLimit:
        """Read `20/5s+40/30s`. Raises ValueError that shows the form, also for the bucket that this was once."""
        try:
            short, long = (WindowLimit.parse(part) for part in text.split("+"))
        except ValueError:
            raise cls._wrong_form() from None
        if short.seconds >= long.seconds or short.count > long.count:
            raise cls._wrong_form()
        return cls(short, long)

    @staticmethod
    def _wrong_form() -> ValueError:
        return ValueError("write it as 20/5s+40/30s: twenty in any five seconds, forty in any thirty")


PRIVATE_CHAT = BucketLimit(5, 1.0)
GROUP = WindowLimit(20, 60.0)
WHOLE_BOT = BucketLimit(30, 30.0)
DRAFTS = TieredLimit(WindowLimit(20, 5.0), WindowLimit(40, 30.0))
"""Drafts and chat actions of one chat together (core.telegram.org/api/bots/ai)."""
