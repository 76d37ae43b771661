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


PRIVATE_CHAT = BucketLimit(5, 1.0)
GROUP = WindowLimit(20, 60.0)
WHOLE_BOT = BucketLimit(30, 30.0)
DRAFTS = BucketLimit(4, 2.0)
