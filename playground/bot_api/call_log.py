"""The log of Bot API calls, for tests and benches."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

MAX_CALLS: Final = 10_000


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call; `time` in seconds on the server's clock, `error_code` None where none was sent."""

    seq: int
    time: float
    method: str
    values: Mapping[str, Any]
    error_code: int | None
    ok: bool


class CallLog:
    """The newest calls; parameters are decoded only when somebody looks."""

    def __init__(self) -> None:
        self._ring: deque[LoggedCall] = deque(maxlen=MAX_CALLS)
        self._next = 1

    def add(self, time: float, method: str, values: Mapping[str, Any], error_code: int | None, *, ok: bool) -> None:
        """Note a call."""
        self._ring.append(LoggedCall(self._next, time, method, values, error_code, ok))
        self._next += 1

    def since(self, seq: int) -> list[Json]:
        """Return the calls after `seq`, oldest first."""
        return [_shown(call) for call in self._ring if call.seq > seq]


def _shown(call: LoggedCall) -> Json:
    return {
        "seq": call.seq,
        "time": call.time,
        "method": call.method,
        "parameters": {name: _decoded(name, value) for name, value in call.values.items()},
        "ok": call.ok,
        "error_code": call.error_code,
    }


def _decoded(name: str, value: Any) -> Any:  # noqa: ANN401  # any JSON value
    if not isinstance(value, str) or name in ("text", "caption"):
        return value
    if not value.startswith(("{", "[")) and not value.lstrip("-").isdigit() and value not in ("true", "false"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
