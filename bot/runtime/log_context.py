"""Fields that every log line written within some work carries: which turn, which chat, which attempt."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import Any

_fields: ContextVar[Mapping[str, Any] | None] = ContextVar("log_fields", default=None)


@contextmanager
def log_fields(**fields: Any) -> Iterator[None]:  # noqa: ANN401  # whatever a log line can hold
    """Let the lines written in this block, and in tasks started there, carry these fields."""
    token = _fields.set({**(_fields.get() or {}), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def fresh_context() -> Context:
    """A context in which nothing is set but these fields: for a task of its own."""
    context = Context()
    if (fields := _fields.get()) is not None:
        context.run(_fields.set, fields)
    return context


class LogFields(logging.Filter):
    """Puts the fields into each record: as attributes for JSON, and as `log_suffix` for a line of text."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        fields = _fields.get() or {}
        for name, value in fields.items():
            setattr(record, name, value)
        words = " ".join(f"{name}={value}" for name, value in fields.items())
        record.__dict__["log_suffix"] = f" [{words}]" if words else ""
        return True
