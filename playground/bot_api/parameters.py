"""The parameters of one Bot API call, however they came: query string, form, multipart or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.errors import bad_request
from playground.media.upload import Upload

Json = dict[str, Any]


@dataclass(slots=True)
class Parameters:
    """Typed access to a call's parameters. In forms every value is text, and nested values are JSON inside it."""

    values: Mapping[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a text, empty where it is missing."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str) -> int:
        """Return a whole number, 0 where it is missing or makes no sense (as the Bot API server does)."""
        value = self.values.get(name)
        if isinstance(value, bool | int):
            return int(value)
        try:
            return int(str(value).strip()) if value else 0
        except ValueError:
            return 0

    def flag(self, name: str) -> bool:
        """Return whether a parameter is true; Telegram takes `true`, `yes` and `1`."""
        value = self.values.get(name)
        return value is True or str(value).strip().lower() in {"true", "yes", "1"}

    def nested(self, name: str) -> Any:  # noqa: ANN401  # any JSON value
        """Return an object or a list, decoded; None where it is missing. Raises 400 for broken JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def object(self, name: str) -> Json | None:
        """Return an object. Raises 400 where something else was given."""
        value = self.nested(name)
        if value is None or isinstance(value, dict):
            return value
        raise bad_request("object expected as " + name.replace("_", " "))

    def objects(self, name: str) -> list[Json]:
        """Return a list of objects, empty where it is missing. Raises 400 where something else was given."""
        value = self.nested(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
        raise bad_request("can't parse " + name.replace("_", " ") + ": expected an array of objects")
