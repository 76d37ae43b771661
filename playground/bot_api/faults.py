"""Faults that tests ask for: errors, broken and silent connections, delays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from playground.errors import Impossible, Refusal

Json = dict[str, Any]

KINDS: Final = frozenset({"error", "drop_before", "drop_after", "delay", "stall"})
_TEXTS: Final = {
    400: "Bad Request: unknown error", 401: "Unauthorized", 403: "Forbidden: bot was blocked by the user",
    404: "Not Found", 409: "Conflict", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
}  # fmt: skip


@dataclass(slots=True)
class Fault:
    """A fault of the next `count` calls of a method (None: any but getUpdates) in a chat (None: any)."""

    kind: str
    method: str | None = None
    chat_id: int | None = None
    count: int = 1
    error_code: int = 500
    description: str = ""
    retry_after: int | None = None
    seconds: float = 0.0

    def refusal(self) -> Refusal:
        """Return the answer that an `error` gives."""
        if self.retry_after is not None:
            text = self.description or f"Too Many Requests: retry after {self.retry_after}"
            return Refusal(429, text, {"retry_after": self.retry_after})
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
                int(wanted.get("error_code", 500)),
                str(wanted.get("description", "")),
                int(wanted["retry_after"]) if wanted.get("retry_after") is not None else None,
                float(wanted.get("seconds", 0)),
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
