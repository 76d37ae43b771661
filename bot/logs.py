"""The log: one line an event, as text or JSON, with every secret blotted out.

One secret is printed on purpose, once and unblotted: the link by which the first person becomes admin of a bot that has
none. It works once and for an hour; whoever reads the log of a new bot is its operator.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from bot.runtime.log_context import LogFields

TEXT_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s%(log_suffix)s"
MIN_SECRET_LENGTH = 6
"""Characters; what is shorter would blot out ordinary words."""
BOT_TOKEN = re.compile(r"(?<!\d)\d{6,20}:[A-Za-z0-9_-]{30,}")
"""A bot's token wherever it turns up, even one that no setting holds."""
PASSWORD = re.compile(r"(?<=://)([^\s/@:]*):[^\s/@]+@")
"""User and password inside an address."""
API_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|hf|xai|nvapi|r8|pplx|csk|fw|ghp|github_pat|glpat)[-_](?=[\w*-]*[\dA-Z*])[\w*-]{6,}"
    r"|\bAIza[\w-]{20,}|\beyJ[\w-]{10,}\.[\w.-]{10,}|(?<=[Bb]earer )(?=[\w.~+/-]*\d)[\w.~+/-]{12,}=*"
    r"|(?i:(?<=key provided: )|(?<=api key: )|(?<=api_key=)|(?<=apikey=))(?=\S*\d)[^\s,;\"'<>]{6,}"
)
"""A key of somebody's API, by the beginnings that providers give theirs, or by the words before it: servers echo keys
that no setting holds."""
REPEAT_INTERVAL = 600.0
"""Seconds after which a line that goes on being true is written again."""
MAX_THROTTLED_KEYS = 1000
"""Kinds of lines that one throttle remembers; beyond that it forgets them all."""

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127)} | {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): " "}
_CHATTY = (
    "aiogram.event",
    "aiohttp.access",
    "aiosqlite",
    "alembic",
    "asyncio",
    "filelock",
    "httpcore",
    "httpx",
    "selenium",
    "urllib3",
)
"""A line for every request and every update would drown the rest; Selenium's would hold the cookies, too."""


class LogThrottle:
    """Lets a line of each kind through once in an interval, and says with the next how many it kept back."""

    def __init__(
        self,
        logger: logging.Logger,
        *,
        interval: float = REPEAT_INTERVAL,
        burst: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`burst` lines of a kind pass in each `interval` of seconds."""
        self._logger = logger
        self._interval = interval
        self._burst = burst
        self._clock = clock
        self._passed: dict[str, tuple[float, int]] = {}

    def log(self, level: int, kind: str, message: str, *args: object) -> None:
        """Write the line, unless as many of its kind were written lately."""
        now = self._clock()
        since, count = self._passed.get(kind, (now, 0))
        if count and now - since >= self._interval:
            kept_back = max(0, count - self._burst)
            if kept_back:
                message, args = f"{message} (and %d more like it before)", (*args, kept_back)
            since, count = now, 0
        if len(self._passed) >= MAX_THROTTLED_KEYS:
            self._passed.clear()
        self._passed[kind] = (since, count + 1)
        if count < self._burst:
            self._logger.log(level, message, *args)

    def reset(self) -> bool:
        """Forget what was written: the trouble is over, and the next one is news. Returns whether there was any."""
        written = bool(self._passed)
        self._passed.clear()
        return written


class SecretsFormatter(logging.Formatter):
    """Wraps a formatter and blots secrets out of whatever it gives, tracebacks included."""

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = frozenset(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """One line (and its traceback) without secrets."""
        return blotted(self._inner.format(record), self._secrets)


class TextFormatter(logging.Formatter):
    """One line of text an event: line breaks in what others sent cannot make it look like two."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name in logging
        """Give the line without control characters; a traceback follows below it."""
        return super().formatMessage(record).translate(_CONTROL)


class ZonedJsonFormatter(JsonFormatter):
    """One JSON object an event; its time names its zone, so that logs of several machines can be put together."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # the name in logging
        """Give the time by ISO 8601, in milliseconds: `2026-01-31T12:00:00.123+01:00`."""
        if datefmt is not None:
            return super().formatTime(record, datefmt)
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


def blotted(text: str, secrets: Iterable[str]) -> str:
    """The same text without secrets: the given ones, tokens, API keys, and passwords inside addresses."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= MIN_SECRET_LENGTH:
            text = text.replace(secret, "***")
    return PASSWORD.sub(r"\1:***@", API_KEY.sub("***", BOT_TOKEN.sub("***", text)))


def set_up_logging(*, level: str, form: Literal["text", "json"], secrets: Iterable[str]) -> None:
    """Send every log record to standard error in one form."""
    inner: logging.Formatter
    if form == "json":
        inner = ZonedJsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            json_ensure_ascii=False,
            reserved_attrs=[*RESERVED_ATTRS, "log_suffix"],
        )
    else:
        inner = TextFormatter(TEXT_FORMAT, datefmt="%H:%M:%S")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SecretsFormatter(inner, secrets))
    handler.addFilter(LogFields())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
