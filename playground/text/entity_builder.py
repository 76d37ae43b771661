"""Builder that both parse modes write into: plain text, entities, and refusals in Telegram's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.errors import Refusal, bad_request

Json = dict[str, Any]


@dataclass(slots=True)
class OpenEntity:
    """An entity whose end was not seen yet; `start` in UTF-16 units of the result, `at` a position in the source."""

    kind: str
    start: int
    at: int
    tag: str = ""
    fields: Json | None = None


class EntityBuilder:
    """Collects the plain text and its entities while a source is read."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.open: list[OpenEntity] = []
        self._parts: list[str] = []
        self._units = 0
        self._entities: list[Json] = []

    @property
    def units(self) -> int:
        """UTF-16 units written so far."""
        return self._units

    def write(self, text: str) -> None:
        """Add plain text."""
        self._parts.append(text)
        self._units += len(text) + sum(character > "\uffff" for character in text)

    def begin(self, kind: str, at: int, tag: str = "", **fields: Any) -> None:  # noqa: ANN401  # any JSON value
        """Begin an entity here."""
        self.open.append(OpenEntity(kind, self._units, at, tag, fields))

    def end(self, **fields: Any) -> None:  # noqa: ANN401  # any JSON value
        """End the innermost entity here; an empty one is dropped."""
        last = self.open.pop()
        if last.kind and self._units > last.start:
            entity: Json = {"type": last.kind, "offset": last.start, "length": self._units - last.start}
            self._entities.append({**entity, **(last.fields or {}), **fields})

    def wrong(self, what: str, at: int | None = None) -> Refusal:
        """Return the refusal of a wrong mark; `at` is its position in the source."""
        where = "" if at is None else f" at byte offset {len(self.source[:at].encode('utf-8', 'surrogatepass'))}"
        return bad_request(f"can't parse entities: {what}{where}")

    def result(self) -> tuple[str, list[Json]]:
        """Return the text and its entities."""
        return "".join(self._parts), sorted(self._entities, key=lambda one: (one["offset"], -one["length"]))
