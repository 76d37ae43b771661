"""A failing server's words, and what they mean.

openchat-ui and its relatives answer every failure of their upstream with 500 and put the upstream's message into the
HTTP reason phrase; OpenAI-compatible servers put it into a JSON body, each in its own shape, some of them with 200.
"""

from __future__ import annotations

import re
from typing import Any

from bot import logs
from bot.errors import GeneratorBusy, GeneratorProblem, GeneratorRefused, QuestionTooLong

MAX_WORDS_LENGTH = 300
"""Characters of a server's words that are kept."""

_TOO_LONG = re.compile(
    r"context[_ -]?(length|window|size|limit)|maximum (context|input|prompt)|too many (input )?tokens|reduce the length"
    r"|(prompt|input|request|message|question)s? (is|are|was|were)? ?too (long|large)|exceeds? .{0,40}(context|tokens)"
)
_REFUSED = re.compile(
    r"(invalid|incorrect|wrong|missing|expired|no|bad|provide an?|revoked|disabled)[\W_]+(\w+\W+){0,2}"
    r"(api[ _-]?key|token\b|credentials)"
    r"|api[ _-]?key\W+(\w+\W+){0,3}(invalid|incorrect|wrong|missing|expired|required|not)"
    r"|unauthori[sz]ed|unauthenticated|authentication|permission|forbidden|access denied|not allowed"
    r"|insufficient_quota|exceeded your current quota|billing|payment required|insufficient (balance|credits)"
    r"|model\b.{0,120}(not found|not exist|unavailable|not supported|deprecated)"
    r"|(unknown|invalid|no such|unsupported) model|model_not_found"
)
_BUSY = re.compile(
    r"rate[ _-]?limit|too many requests|overloaded|over capacity|at capacity|no (free )?(slots?|capacity)|\bbusy\b"
    r"|server is full|full house|queue is full|try again|temporarily unavailable|service unavailable|currently loading"
    r"|loading model"
)
_WAIT = re.compile(r"(?:try again|retry)(?: after| in)\s+(\d+(?:\.\d+)?)\s*(ms|milliseconds?|m\b|min|s\b|sec)?")
_UNITS = {"ms": 0.001, "mi": 60.0, "m": 60.0}
_MAX_RETRY_AFTER = 86_400.0


def classify(words: str) -> GeneratorProblem | None:
    """Tell from a server's words what has gone wrong; None where they say nothing that is known."""
    lowered = words.lower()
    said = one_line(words)
    if _TOO_LONG.search(lowered):
        return QuestionTooLong(said)
    if _REFUSED.search(lowered):
        return GeneratorRefused(said)
    if _BUSY.search(lowered):
        return GeneratorBusy(said, retry_after=_wait(lowered))
    return None


def error_text(body: Any) -> str | None:  # noqa: ANN401  # whatever JSON a server sends
    """Find the message in an error body; None where the body is not an error.

    Known shapes: `{"error": {"message"}}`, `{"error": "…"}`, `{"object": "error", "message"}`, `{"detail": …}` (text,
    list or object), `{"message", "code"}` without an answer in it, and a list of any of these.
    """
    if isinstance(body, list):
        return next((text for text in map(error_text, body) if text), None)
    if not isinstance(body, dict):
        return None
    for key in ("error", "detail", "errors"):
        if body.get(key):
            return _words_of(body[key]) or key
    if body.get("object") == "error" or ("message" in body and "choices" not in body):
        return _words_of(body) or "error"
    return None


def one_line(words: str) -> str:
    """Make a server's words fit for a log line: printable, on one line, of a bounded length, without keys."""
    words = logs.blotted(_decoded(words), ())
    words = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return words if len(words) <= MAX_WORDS_LENGTH else words[: MAX_WORDS_LENGTH - 1] + "…"


def _decoded(words: str) -> str:
    """Read a reason phrase that is no UTF-8 as Latin-1, as Node writes it; aiohttp leaves its bytes as surrogates."""
    try:
        raw = words.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return words
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _words_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return next((words for words in map(_words_of, value) if words), "")
    if not isinstance(value, dict):
        return ""
    found = [_words_of(value[key]) for key in ("message", "msg", "error", "detail") if value.get(key)]
    marks = [str(value[key]) for key in ("code", "type") if isinstance(value.get(key), str)]
    return " ".join([*found[:1], *(f"({mark})" for mark in marks)])


def _wait(words: str) -> float | None:
    found = _WAIT.search(words)
    if found is None:
        return None
    unit = (found[2] or "s")[:2]
    return min(float(found[1]) * _UNITS.get(unit, 1.0), _MAX_RETRY_AFTER)
