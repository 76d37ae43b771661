"""The log: one line an event, as text or JSON, with every secret blotted out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
SHORTEST_SECRET = 6
"""Characters; what is shorter would blot out ordinary words."""
TOKEN = re.compile(r"(?<!\d)\d{6,20}:[A-Za-z0-9_-]{30,}")
"""A bot's token wherever it turns up, even one that no setting holds."""
KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|hf|xai|nvapi|r8|pplx|csk|fw|ghp|github_pat|glpat)[-_](?=[\w*-]*[\dA-Z*])[\w*-]{6,}"
    r"|\bAIza[\w-]{20,}|\beyJ[\w-]{10,}\.[\w.-]{10,}|(?<=[Bb]earer )(?=[\w.~+/-]*\d)[\w.~+/-]{12,}=*"
    r"|(?i:(?<=key provided: )|(?<=api key: )|(?<=api_key=)|(?<=apikey=))(?=\S*\d)[^\s,;\"'<>]{6,}"
)
"""A key of somebody's API, by the beginnings that providers give theirs, or by the words before it: servers echo keys
that no setting holds."""
PASSWORD = re.compile(r"(?<=://)([^\s/@:]*):[^\s/@]+@")
"""User and password inside an address."""

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


class Blotted(logging.Formatter):
    """Wraps a formatter and blots secrets out of whatever it gives, tracebacks included."""

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = frozenset(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """One line (and its traceback) without secrets."""
        return blotted(self._inner.format(record), self._secrets)


def blotted(text: str, secrets: Iterable[str]) -> str:
    """The same text without secrets: the given ones, tokens, API keys, and passwords inside addresses."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return PASSWORD.sub(r"\1:***@", KEY.sub("***", TOKEN.sub("***", text)))


def set_up_logging(*, level: str, form: Literal["text", "json"], secrets: Iterable[str]) -> None:
    """Send every log record to standard error in one form."""
    inner: logging.Formatter
    if form == "json":
        inner = JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", json_ensure_ascii=False)
    else:
        inner = logging.Formatter(LINE, datefmt="%H:%M:%S")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Blotted(inner, secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
