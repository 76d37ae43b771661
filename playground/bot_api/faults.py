"""Faults that tests ask for: errors, broken and silent connections, delays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from playground.errors import Impossible, Refusal

Json = dict[str, Any]

KINDS: Final = frozenset({"error", "drop_before", "drop_after", "delay", "stall", "answer"})
_TEXTS: Final = {
    400: "Bad Request: unknown error", 401: "Unauthorized", 403: "Forbidden: bot was blocked by the user",
    404: "Not Found", 409: "Conflict", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
}  # fmt: skip


@dataclass(slots=True)
class Fault:
    """A fault of the next `count` calls of a method (None: any but getUpdates) in a chat (None: any).

    error    an answer that is not ok: `error_code` and `description`, or a 429 with a `retry_after` of any JSON value
    answer   an answer of the scene's own: `result`, `body` (whole) or `raw` (text); the call acts first if `acts`
    """

    kind: str
    method: str | None = None
    chat_id: int | None = None
    count: int = 1
    error_code: int = 500
    description: str = ""
    parameters: Json | None = None
    seconds: float = 0.0
    answer: bytes = b""
    acts: bool = True

    def refusal(self) -> Refusal:
        """Return the answer that an `error` gives."""
        if self.parameters is not None:
            retry_after = self.parameters["retry_after"]
            text = self.description or f"Too Many Requests: retry after {retry_after}"
            return Refusal(429, text, self.parameters)
        return Refusal(self.error_code, self.description or _TEXTS.get(self.error_code, "Unknown error"))


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, wanted: Json) -> None:
        """Plan a fault. Raises Impossible for an unknown kind."""
        kind = str(wanted.get("kind", "error"))
        if kind not in KINDS:
            raise Impossible(f"kind: one of {', '.join(sorted(KINDS))}, hold")
        method = wanted.get("method")
        self._faults.append(
            Fault(
                kind,
                str(method).lower() if method else None,
                int(wanted["chat_id"]) if wanted.get("chat_id") is not None else None,
                int(wanted.get("count", 1)),
                int(wanted.get("error_code", 200 if kind == "answer" else 500)),
                str(wanted.get("description", "")),
                {"retry_after": wanted["retry_after"]} if "retry_after" in wanted else None,
                float(wanted.get("seconds", 0)),
                _answer(wanted),
                bool(wanted.get("acts", True)),
            )
        )

    def clear(self) -> None:
        """Plan no more."""
        self._faults.clear()

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """Return the fault that hits a call, if any."""
        for fault in self._faults:
            if fault.method is None and method == "getupdates":
                continue
            if fault.method in (None, method) and fault.chat_id in (None, chat_id):
                fault.count -= 1
                if fault.count <= 0:
                    self._faults.remove(fault)
                return fault
        return None


def _answer(wanted: Json) -> bytes:
    """Return the body that an `answer` gives."""
    if "raw" in wanted:
        return str(wanted["raw"]).encode(errors="replace")
    body = wanted["body"] if "body" in wanted else {"ok": True, "result": wanted.get("result")}
    return json.dumps(body).encode()
