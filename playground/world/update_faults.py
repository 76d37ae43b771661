"""Planned faults of updates on their way to the bot: lost, or with fields of another type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from playground.errors import Impossible

Json = dict[str, Any]

UPDATE_FAULT_KINDS: Final = frozenset({"lose_update", "stringify_update"})


@dataclass(slots=True)
class UpdateFault:
    """A fault of the next `count` updates of a kind (None: any); `fields` become strings."""

    kind: str
    update: str | None
    count: int
    fields: tuple[str, ...]


class UpdateFaults:
    """The faults of updates that are still to come."""

    def __init__(self) -> None:
        self._faults: list[UpdateFault] = []

    def add(self, wanted: Json) -> None:
        """Plan a fault. Raises Impossible for an unknown kind."""
        kind = str(wanted.get("kind"))
        if kind not in UPDATE_FAULT_KINDS:
            raise Impossible(f"kind: one of {', '.join(sorted(UPDATE_FAULT_KINDS))}")
        update = wanted.get("update")
        fields = tuple(str(name) for name in wanted.get("fields") or ("draft_id",))
        self._faults.append(UpdateFault(kind, str(update) if update else None, int(wanted.get("count", 1)), fields))

    def clear(self) -> None:
        """Plan no more."""
        self._faults.clear()

    def apply(self, update: str, payload: Json) -> Json | None:
        """Return an update as it gets through, None where it is lost."""
        for fault in self._faults:
            if fault.update not in (None, update):
                continue
            fault.count -= 1
            if fault.count <= 0:
                self._faults.remove(fault)
            if fault.kind == "lose_update":
                return None
            return {name: str(value) if name in fault.fields else value for name, value in payload.items()}
        return payload
